// Load for any server that speaks the tutorial's dialect or chat.v1: connects members, sends, and
// holds every single delivery against what must arrive. One thread, made to cost little per frame,
// so that it shows the server's limit and not its own.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "chat/bench/mark.hpp"
#include "chat/bench/run/process_meter.hpp"
#include "chat/bench/verifier.hpp"
#include "chat/bench/ws_frame.hpp"
#include "load_options.hpp"
#include "load_report.hpp"
#include "system.hpp"

namespace perf {
namespace {

using chat::bench::apply_mask;
using chat::bench::FrameHeader;
using chat::bench::kMaskBytes;
using chat::bench::kMaxHeaderBytes;
using chat::bench::Opcode;
using chat::bench::ProcessUse;
using chat::bench::read_header;
using chat::bench::write_header;

using std::string_view_literals::operator""sv;

constexpr std::size_t kReadBytes = 512U << 10;
constexpr std::size_t kConnectionsPerAddress = 20'000;
constexpr std::uint32_t kNoSender = UINT32_MAX;
constexpr std::string_view kMessageKey = "\"message\":\"";
constexpr std::string_view kMessageKeySpaced = "\"message\": \"";
constexpr std::string_view kMessageEnd = "\"}";
constexpr std::array<char, kMaskBytes> kMask{'\x5a', '\x13', '\x6c', '\x21'};
/// The example of RFC 6455: what the server does with a key needs no check with many.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kStartDelay = 50 * kMillisecond;
constexpr std::uint64_t kConnectPatience = 20 * kNanosPerSecond;  ///< without any progress
constexpr std::uint64_t kDrainPatience = 3 * kNanosPerSecond;     ///< without any progress
constexpr std::uint64_t kMaxDrain = 60 * kNanosPerSecond;
constexpr std::uint64_t kRepeatsWait = 100 * kMillisecond;  ///< when all is there: what else comes
constexpr double kSpeakRate = 5000;

std::uint64_t nanos(double seconds) {
  return static_cast<std::uint64_t>(seconds * static_cast<double>(kNanosPerSecond));
}

double seconds(std::uint64_t nanos) {
  return static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond);
}

template <typename Value>
Value value_of(const tl::expected<Value, std::string>& result) {
  if (!result) throw std::runtime_error(result.error());
  return *result;
}

std::uint64_t own_cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

enum class Phase : std::uint8_t { unused, connecting, handshake, greeting, open, closed };

struct Connection {
  Descriptor socket;
  Phase phase = Phase::unused;
  std::uint32_t sender = kNoSender;
  std::uint32_t returned = 0;  ///< own messages in the bytes read just now
  std::string kept;            ///< an incomplete frame or answer
  std::string out;             ///< what the socket has refused
};

/// What the server and this process had used at one moment.
struct Usage {
  std::uint64_t at = 0;
  std::uint64_t own_cpu = 0;
  std::optional<ProcessUse> server;
};

class Load {
 public:
  explicit Load(const Options& options);
  Report run();

 private:
  // Connecting.
  void connect_all();
  void start_connection(std::size_t index);
  void request_upgrade(std::size_t index);
  void on_upgraded(std::size_t index);
  void on_open(Connection& connection);
  std::size_t read_answer(std::size_t index, std::string_view bytes);

  // Events.
  void wait(std::uint64_t until);
  void on_readable(std::size_t index);
  std::size_t consume(std::size_t index, const char* bytes, std::size_t size);
  void on_text(std::size_t index, const char* text, std::size_t size);
  void on_other(std::size_t index, std::string_view text);
  void on_control(Connection& connection, Opcode opcode, std::string_view payload);
  void on_end(Connection& connection);
  const char* find_mark(const char* text, std::size_t size) const noexcept;

  // Sending.
  void append_frame(std::string& to, Opcode opcode, std::string_view payload);
  void append_message(std::string& to, std::uint32_t sender, std::uint64_t planned);
  void write(Connection& connection, std::string_view bytes);
  void flush(Connection& connection);
  void send_due();
  void send_returned(Connection& connection);
  void fill_pipeline();

  // Scenarios.
  void run_fanout(Report& report);
  void run_idle(Report& report);
  void speak();
  void drain();
  Usage usage() const;
  void measured(Report& report, const Usage& from, const Usage& to) const;
  std::optional<ProcessMemory> server_memory() const;
  std::uint32_t sender_at(std::uint64_t turn) const noexcept;
  std::string room_name(std::size_t room) const;
  const Address& server_of(std::size_t index) const noexcept;

  const Options& options_;
  const std::string filler_;  ///< of a message after its mark, and its end
  Descriptor epoll_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> room_order_;  ///< in which the rooms are spoken in
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
  std::string batch_;
  std::string body_;
  std::mt19937_64 random_;
  std::random_device secrets_;

  std::size_t in_handshake_ = 0;
  std::size_t open_ = 0;
  std::uint64_t disconnects_ = 0;
  std::uint64_t errors_ = 0;

  chat::bench::Verifier verifier_;
  std::vector<std::uint32_t> sent_;  ///< by sender
  std::uint64_t total_sent_ = 0;
  std::uint64_t returned_ = 0;
  std::uint64_t acks_ = 0;

  std::uint64_t now_ = 0;  ///< as of the last read
  bool sending_ = false;
  double interval_ = 0;  ///< ns between planned messages
  std::uint64_t plan_start_ = 0;
  std::uint64_t plan_end_ = 0;
  std::uint64_t planned_turns_ = 0;
  std::uint64_t next_planned_ = UINT64_MAX;
  std::uint64_t window_begin_ = UINT64_MAX;
  std::uint64_t window_length_ = 0;
  chat::base::Histogram latency_;
  chat::base::Histogram lag_;
};

Load::Load(const Options& options)
    : options_(options),
      filler_(std::string(options.payload - chat::bench::kMarkBytes, 'x').append(kMessageEnd)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      connections_(options.connections()),
      room_order_(options.rooms),
      random_(options.seed),
      verifier_(
          std::vector<chat::bench::RoomSize>(options.rooms, {options.members, options.senders})),
      sent_(options.rooms * options.senders) {
  std::iota(room_order_.begin(), room_order_.end(), 0U);
  std::shuffle(room_order_.begin(), room_order_.end(), random_);
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    const std::size_t place = i % options.members;
    if (place >= options.senders) continue;
    connections_[i].sender =
        static_cast<std::uint32_t>(i / options.members * options.senders + place);
  }
}

Report Load::run() {
  Report report;
  report.connections = connections_.size();
  report.memory_before = server_memory();
  const Usage before = usage();
  connect_all();
  const Usage connected = usage();
  report.connect_s = seconds(connected.at - before.at);
  switch (options_.scenario) {
    case Scenario::fanout: run_fanout(report); break;
    case Scenario::storm:
      measured(report, before, connected);
      report.memory_after = server_memory();
      break;
    case Scenario::idle:
      run_idle(report);
      measured(report, before, connected);
      break;
  }
  report.total_sent = total_sent_;
  report.total_deliveries = verifier_.delivered();
  report.unacked = options_.dialect == Dialect::v1 ? total_sent_ - acks_ : 0;
  report.disconnects = disconnects_;
  report.errors = errors_;
  report.verdict = verifier_.verdict(sent_);
  return report;
}

// ---- connecting

void Load::connect_all() {
  std::size_t started = 0;
  std::size_t seen = 0;
  std::uint64_t progress_at = now_ns();
  while (open_ < connections_.size()) {
    while (started < connections_.size() && in_handshake_ < options_.handshakes) {
      start_connection(started++);
    }
    wait(now_ns() + 100 * kMillisecond);
    if (disconnects_ > 0) throw std::runtime_error("the server has closed a new connection");
    if (open_ > seen) progress_at = now_ns();
    seen = open_;
    if (now_ns() - progress_at > kConnectPatience) {
      throw std::runtime_error("only " + std::to_string(open_) + " of " +
                               std::to_string(connections_.size()) + " connections were taken");
    }
  }
}

void Load::start_connection(std::size_t index) {
  Connection& connection = connections_[index];
  connection.socket = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = connection.socket.get();
  if (fd < 0) throw system_failure("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (connections_.size() > kConnectionsPerAddress) {
    // One address has 28,000 ports to call from by default.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const auto offset = static_cast<std::uint32_t>(index / kConnectionsPerAddress);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + offset);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw system_failure("bind");
    }
  }
  const Address& server = server_of(index);
  address.sin_port = htons(server.port);
  if (inet_pton(AF_INET, server.host.c_str(), &address.sin_addr) != 1) {
    throw std::runtime_error("not an IPv4 address: " + server.host);
  }
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    throw system_failure("connect");
  }
  connection.phase = Phase::connecting;
  ++in_handshake_;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = index;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw system_failure("epoll_ctl");
}

void Load::request_upgrade(std::size_t index) {
  Connection& connection = connections_[index];
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connection.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) throw std::runtime_error(std::string("connect: ") + std::strerror(error));
  connection.phase = Phase::handshake;
  const Address& server = server_of(index);
  batch_ = "GET /ws/" + room_name(index / options_.members) + "/ HTTP/1.1\r\nHost: " + server.host +
           ":" + std::to_string(server.port) +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: ";
  batch_.append(kKey);
  if (options_.dialect == Dialect::v1) batch_ += "\r\nSec-WebSocket-Protocol: chat.v1";
  batch_ += "\r\n\r\n";
  write(connection, batch_);
}

/// Places and rooms take turns, so that senders, and rooms of one member, are on all of them too.
const Address& Load::server_of(std::size_t index) const noexcept {
  const std::size_t turn = index / options_.members + index % options_.members;
  return options_.servers[turn % options_.servers.size()];
}

std::string Load::room_name(std::size_t room) const {
  return "bench_" + std::to_string(options_.seed) + "_" + std::to_string(room);
}

/// Returns how many bytes belonged to the answer, 0 while it is not complete.
std::size_t Load::read_answer(std::size_t index, std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const auto head = bytes.substr(0, end);
  if (head.substr(0, 12) != "HTTP/1.1 101" || head.find(kAccept) == std::string_view::npos) {
    throw std::runtime_error("no WebSocket: " + std::string(bytes.substr(0, 200)));
  }
  on_upgraded(index);
  return end + 4;
}

void Load::on_upgraded(std::size_t index) {
  Connection& connection = connections_[index];
  if (options_.dialect == Dialect::plain) return on_open(connection);
  connection.phase = Phase::greeting;
  constexpr std::string_view kLetters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string hello = "{\"type\":\"hello\",\"client\":\"";
  for (int i = 0; i < 22; ++i) hello += kLetters[secrets_() % kLetters.size()];
  hello += "\",\"name\":\"b" + std::to_string(index) + "\"}";
  batch_.clear();
  append_frame(batch_, Opcode::text, hello);
  write(connection, batch_);
}

void Load::on_open(Connection& connection) {
  connection.phase = Phase::open;
  ++open_;
  --in_handshake_;
}

// ---- events

/// Sleeps until something happens, or until a time; handles what has happened.
void Load::wait(std::uint64_t until) {
  std::array<epoll_event, 1024> events;
  now_ = now_ns();
  const std::uint64_t left = until > now_ ? until - now_ : 0;
  const timespec timeout{static_cast<time_t>(left / kNanosPerSecond),
                         static_cast<long>(left % kNanosPerSecond)};
  const int count =
      epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw system_failure("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto index = static_cast<std::size_t>(event.data.u64);
    Connection& connection = connections_[index];
    if ((event.events & EPOLLOUT) != 0) {
      if (connection.phase == Phase::connecting) request_upgrade(index);
      if (!connection.out.empty()) flush(connection);
    }
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) on_readable(index);
    if (now_ >= next_planned_) send_due();
  }
}

void Load::on_readable(std::size_t index) {
  Connection& connection = connections_[index];
  while (connection.phase != Phase::closed) {
    const std::size_t kept = connection.kept.size();
    std::memcpy(buffer_.data(), connection.kept.data(), kept);
    const std::size_t space = buffer_.size() - kept;
    if (space == 0) throw std::runtime_error("a frame is larger than " + std::to_string(kept));
    const ssize_t got = recv(connection.socket.get(), buffer_.data() + kept, space, 0);
    now_ = now_ns();
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return on_end(connection);
    const std::size_t size = kept + static_cast<std::size_t>(got);
    const std::size_t used = consume(index, buffer_.data(), size);
    connection.kept.assign(buffer_.data() + used, size - used);
    if (connection.returned > 0) send_returned(connection);
    if (static_cast<std::size_t>(got) < space) return;
  }
}

std::size_t Load::consume(std::size_t index, const char* bytes, std::size_t size) {
  Connection& connection = connections_[index];
  std::size_t used = 0;
  if (connection.phase == Phase::handshake) {
    used = read_answer(index, {bytes, size});
    if (used == 0) return 0;
  }
  FrameHeader header;
  while (read_header(bytes + used, size - used, header)) {
    const std::size_t left = size - used - header.header_bytes;
    if (left < header.payload_bytes) break;
    const char* payload = bytes + used + header.header_bytes;
    const auto payload_bytes = static_cast<std::size_t>(header.payload_bytes);
    if (header.opcode == Opcode::text && header.last) {
      on_text(index, payload, payload_bytes);
    } else {
      on_control(connection, header.opcode, {payload, payload_bytes});
    }
    used += header.header_bytes + payload_bytes;
  }
  return used;
}

/// Where the mark of one of our messages is in a frame: its text is the last thing in it, and of
/// known length. Null when it is another frame, or when its text is not whole.
const char* Load::find_mark(const char* text, std::size_t size) const noexcept {
  const std::size_t tail = options_.payload + kMessageEnd.size();
  if (size < tail + kMessageKeySpaced.size() - 1) return nullptr;
  const char* mark = text + size - tail;
  if (std::memcmp(mark + chat::bench::kMarkBytes, filler_.data(), filler_.size()) != 0)
    return nullptr;
  if (std::memcmp(mark - kMessageKey.size(), kMessageKey.data(), kMessageKey.size()) == 0) {
    return mark;
  }
  if (size < tail + kMessageKeySpaced.size()) return nullptr;
  const char* key = mark - kMessageKeySpaced.size();
  return std::memcmp(key, kMessageKeySpaced.data(), kMessageKeySpaced.size()) == 0 ? mark : nullptr;
}

void Load::on_text(std::size_t index, const char* text, std::size_t size) {
  chat::bench::Mark mark;
  const char* found = find_mark(text, size);
  if (found == nullptr || !chat::bench::read_mark(found, mark))
    return on_other(index, {text, size});
  verifier_.on_delivery(index, mark.sender, mark.counter);
  if (mark.planned - window_begin_ < window_length_) latency_.record(now_ - mark.planned);
  Connection& connection = connections_[index];
  if (mark.sender == connection.sender) ++connection.returned;
}

void Load::on_other(std::size_t index, std::string_view text) {
  Connection& connection = connections_[index];
  const auto is = [text](std::string_view start) { return text.substr(0, start.size()) == start; };
  if (is("{\"type\":\"ack\""sv)) {
    ++acks_;
  } else if (is("{\"type\":\"welcome\""sv)) {
    if (connection.phase == Phase::greeting) on_open(connection);
  } else if (is("{\"type\":\"presence\""sv) || is("{\"type\":\"typing\""sv) ||
             is("{\"type\":\"renamed\""sv)) {
  } else if (errors_++ == 0) {
    std::fprintf(stderr, "unexpected: %.*s\n",
                 static_cast<int>(std::min<std::size_t>(text.size(), 400)), text.data());
  }
}

void Load::on_control(Connection& connection, Opcode opcode, std::string_view payload) {
  if (opcode == Opcode::pong) return;
  if (opcode == Opcode::ping) {
    std::string pong;
    append_frame(pong, Opcode::pong, payload);
    return write(connection, pong);
  }
  if (disconnects_ == 0) {
    const std::string text(payload.size() > 2 ? payload.substr(2) : std::string_view{});
    const auto byte = [payload](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
    const int code = payload.size() >= 2 ? byte(0) << 8 | byte(1) : 0;
    std::fprintf(stderr, "unexpected: frame with opcode %d, close code %d %s\n",
                 static_cast<int>(opcode), code, text.c_str());
  }
  on_end(connection);
}

void Load::on_end(Connection& connection) {
  if (connection.phase == Phase::closed) return;
  connection.phase = Phase::closed;
  connection.socket = Descriptor();
  ++disconnects_;
}

// ---- sending

void Load::append_frame(std::string& to, Opcode opcode, std::string_view payload) {
  std::array<char, kMaxHeaderBytes> header;
  const std::size_t header_bytes = write_header(header.data(), opcode, payload.size());
  header[1] = static_cast<char>(static_cast<unsigned char>(header[1]) | 0x80U);
  to.append(header.data(), header_bytes).append(kMask.data(), kMask.size());
  const std::size_t start = to.size();
  to.append(payload);
  apply_mask(to.data() + start, payload.size(), kMask.data());
}

void Load::append_message(std::string& to, std::uint32_t sender, std::uint64_t planned) {
  const std::uint32_t counter = sent_[sender]++;
  ++total_sent_;
  body_ = "{";
  if (options_.dialect == Dialect::v1) {
    body_ += "\"type\":\"send\",\"n\":" + std::to_string(counter + 1) + ",";
  }
  body_.append(kMessageKey);
  const std::size_t mark = body_.size();
  body_.resize(mark + chat::bench::kMarkBytes);
  chat::bench::write_mark(body_.data() + mark, {sender, counter, planned});
  body_.append(filler_);
  append_frame(to, Opcode::text, body_);
}

void Load::write(Connection& connection, std::string_view bytes) {
  if (connection.phase == Phase::closed) return;
  if (connection.out.empty()) {
    const ssize_t sent = send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    // A broken socket reports itself to the reading side as well.
    if (sent < 0 && errno != EAGAIN) return;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  connection.out.append(bytes);
}

void Load::flush(Connection& connection) {
  const ssize_t sent =
      send(connection.socket.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (sent > 0) connection.out.erase(0, static_cast<std::size_t>(sent));
}

/// Turns go through the rooms, and in each room through its senders.
std::uint32_t Load::sender_at(std::uint64_t turn) const noexcept {
  const std::uint64_t room = room_order_[turn % options_.rooms];
  return static_cast<std::uint32_t>(room * options_.senders +
                                    turn / options_.rooms % options_.senders);
}

/// All whose planned time has come, late or not.
void Load::send_due() {
  while (next_planned_ <= now_) {
    const std::uint32_t sender = sender_at(planned_turns_);
    const std::size_t index =
        sender / options_.senders * options_.members + sender % options_.senders;
    batch_.clear();
    append_message(batch_, sender, next_planned_);
    write(connections_[index], batch_);
    now_ = now_ns();
    if (next_planned_ - window_begin_ < window_length_) lag_.record(now_ - next_planned_);
    ++planned_turns_;
    next_planned_ =
        plan_start_ + static_cast<std::uint64_t>(interval_ * static_cast<double>(planned_turns_));
    if (next_planned_ >= plan_end_) next_planned_ = UINT64_MAX;
  }
}

/// Closed loop: for each own message that has come back, the next one.
void Load::send_returned(Connection& connection) {
  const std::uint32_t count = std::exchange(connection.returned, 0U);
  returned_ += count;
  if (!sending_) return;
  batch_.clear();
  for (std::uint32_t i = 0; i < count; ++i) append_message(batch_, connection.sender, now_);
  write(connection, batch_);
}

void Load::fill_pipeline() {
  sending_ = true;
  std::vector<std::uint32_t> shares(sent_.size());
  for (std::size_t i = 0; i < options_.outstanding; ++i) ++shares[sender_at(i)];
  now_ = now_ns();
  for (Connection& connection : connections_) {
    if (connection.sender == kNoSender) continue;
    connection.returned = shares[connection.sender];
    returned_ -= shares[connection.sender];
    if (connection.returned > 0) send_returned(connection);
  }
}

// ---- scenarios

Usage Load::usage() const {
  Usage usage;
  usage.own_cpu = own_cpu_ns();
  if (!options_.pids.empty()) usage.server = value_of(chat::bench::read_use(options_.pids));
  usage.at = now_ns();
  return usage;
}

void Load::measured(Report& report, const Usage& from, const Usage& to) const {
  report.window_s = seconds(to.at - from.at);
  report.generator_cpu = seconds(to.own_cpu - from.own_cpu) / report.window_s;
  if (!from.server || !to.server) return;
  ServerUse use;
  use.cpu_s = seconds(to.server->cpu_ns - from.server->cpu_ns);
  use.user_s = to.server->user_s - from.server->user_s;
  use.system_s = to.server->system_s - from.server->system_s;
  use.voluntary_switches = to.server->voluntary_switches - from.server->voluntary_switches;
  use.involuntary_switches = to.server->involuntary_switches - from.server->involuntary_switches;
  report.server = use;
}

std::optional<ProcessMemory> Load::server_memory() const {
  if (options_.pids.empty()) return std::nullopt;
  const auto memory = value_of(chat::bench::read_memory(options_.pids));
  if (!memory.is_exact) throw std::runtime_error("the server's memory may not be looked at");
  return memory;
}

void Load::run_fanout(Report& report) {
  plan_start_ = now_ns() + kStartDelay;
  window_begin_ = plan_start_ + nanos(options_.warm_up_s);
  window_length_ = nanos(options_.duration_s);
  plan_end_ = window_begin_ + window_length_;
  if (options_.outstanding > 0) {
    fill_pipeline();
  } else {
    interval_ = static_cast<double>(kNanosPerSecond) / options_.rate;
    next_planned_ = plan_start_;
  }
  const auto run_until = [this](std::uint64_t end) {
    while (now_ns() < end) {
      wait(std::min(next_planned_, end));
      if (now_ >= next_planned_) send_due();
      // A wait that timed out has `now_` of its start.
      if (next_planned_ != UINT64_MAX && (now_ = now_ns()) >= next_planned_) send_due();
    }
  };
  run_until(window_begin_);
  const Usage from = usage();
  const std::uint64_t sent = total_sent_;
  const std::uint64_t deliveries = verifier_.delivered();
  const std::uint64_t acked = options_.dialect == Dialect::v1 ? acks_ : returned_;
  run_until(plan_end_);
  const Usage to = usage();
  measured(report, from, to);
  report.sent = total_sent_ - sent;
  report.deliveries = verifier_.delivered() - deliveries;
  report.acked = (options_.dialect == Dialect::v1 ? acks_ : returned_) - acked;
  report.memory_after = server_memory();
  sending_ = false;
  next_planned_ = UINT64_MAX;
  drain();
  report.latency_ns = latency_;
  report.lag_ns = lag_;
}

void Load::run_idle(Report& report) {
  if (options_.speak) speak();
  const std::uint64_t end = now_ns() + nanos(options_.duration_s);
  while (now_ns() < end) wait(end);
  report.memory_after = server_memory();
}

void Load::speak() {
  plan_start_ = now_ns();
  interval_ = static_cast<double>(kNanosPerSecond) / kSpeakRate;
  plan_end_ = plan_start_ + nanos((static_cast<double>(connections_.size()) - 0.5) / kSpeakRate);
  next_planned_ = plan_start_;
  while (next_planned_ != UINT64_MAX) {
    now_ = now_ns();
    if (now_ >= next_planned_) send_due();
    wait(next_planned_ == UINT64_MAX ? 0 : next_planned_);
  }
  drain();
}

/// Waits for all that must still come, but not for ever; then a moment for what must not.
void Load::drain() {
  const std::uint64_t expected = total_sent_ * options_.members;
  const auto all_there = [&] {
    return verifier_.distinct() >= expected &&
           (options_.dialect == Dialect::plain || acks_ >= total_sent_);
  };
  const std::uint64_t started = now_ns();
  std::uint64_t progress_at = started;
  std::uint64_t seen = verifier_.delivered() + acks_;
  while (!all_there()) {
    wait(now_ns() + 10 * kMillisecond);
    const std::uint64_t now = now_ns();
    if (verifier_.delivered() + acks_ > seen) progress_at = now;
    seen = verifier_.delivered() + acks_;
    if (now - progress_at > kDrainPatience || now - started > kMaxDrain) break;
  }
  const std::uint64_t end = now_ns() + kRepeatsWait;
  while (now_ns() < end) wait(end);
}

int run(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  raise_file_limit();
  prctl(PR_SET_TIMERSLACK, 1UL);
  Load load(options);
  const Report report = load.run();
  std::fputs(report.text(options).c_str(), stderr);
  std::puts(report.json(options).c_str());
  return report.clean() ? 0 : 8;
}

}  // namespace
}  // namespace perf

int main(int argc, char** argv) {
  try {
    return perf::run(argc, argv);
  } catch (const perf::UsageError& mistake) {
    std::fprintf(stderr, "perf_load: %s\n%s", mistake.what(), perf::usage());
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "perf_load: %s\n", failure.what());
    return 1;
  }
}
