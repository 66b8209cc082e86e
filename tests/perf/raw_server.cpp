// The limit that a chat server can be held against: epoll, one thread, and per delivery either one
// plain send() (the default) or a share of one sendmsg() per member and turn of the loop
// (--coalesced). It knows rooms and frames, and nothing of JSON, names, history or protection; what
// a member does not read waits without bound. What chat bench has to find out is made on purpose:
// harm to known shares of the deliveries (--fault-…), a rate that is not exceeded (--knee). For
// scripts/bench and tests only.

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/bench/ws_frame.hpp"
#include "system.hpp"

namespace perf {
namespace {

using chat::bench::apply_mask;
using chat::bench::FrameHeader;
using chat::bench::kMaskBytes;
using chat::bench::kMaxHeaderBytes;
using chat::bench::Opcode;
using chat::bench::read_header;
using chat::bench::write_header;

constexpr std::size_t kMaxMessageBytes = 1U << 20;
constexpr std::size_t kMaxHeadBytes = 8192;

struct Options {
  std::uint16_t port = 0;
  bool coalesced = false;
  double drop = 0;  ///< shares of all deliveries, to test the verifier
  double dup = 0;
  double swap = 0;
  double delayed = 0;
  std::uint64_t delay_ns = 0;
  double knee = 0;  ///< messages a second that are handled, at most; 0: as many as come

  bool faulty() const noexcept { return drop > 0 || dup > 0 || swap > 0; }
};

struct Room;

struct Connection {
  int fd = -1;
  bool open = false;    ///< the handshake is done
  bool closed = false;  ///< to be destroyed at the end of the turn
  bool dirty = false;   ///< has a `queue`
  std::size_t place = 0;
  Room* room = nullptr;
  std::string in;                        ///< an incomplete frame or request
  std::unique_ptr<std::string> message;  ///< fragments of a message so far
  std::string out;                       ///< what the socket has refused
  std::vector<iovec> queue;              ///< this turn's frames
};

struct Room {
  std::vector<Connection*> members;
};

/// Bytes that stay where they are until `clear`.
class Arena {
 public:
  std::string_view keep(std::string_view bytes) {
    while (chunk_ < chunks_.size() && chunks_[chunk_].size - used_ < bytes.size()) {
      ++chunk_;
      used_ = 0;
    }
    if (chunk_ == chunks_.size()) {
      const std::size_t size = std::max(kChunkBytes, bytes.size());
      chunks_.push_back({std::make_unique<char[]>(size), size});
    }
    char* place = chunks_[chunk_].bytes.get() + used_;
    std::memcpy(place, bytes.data(), bytes.size());
    used_ += bytes.size();
    return {place, bytes.size()};
  }

  void clear() noexcept { chunk_ = used_ = 0; }

 private:
  static constexpr std::size_t kChunkBytes = 256U << 10;
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;
  std::size_t used_ = 0;
};

/// Says what to do with each delivery, and counts what it did.
class Faults {
 public:
  explicit Faults(const Options& options) : options_(options) {}

  /// Calls `emit` with the frames that shall leave for `member` now.
  template <class Emit>
  void pass(const Connection* member, std::string_view frame, Emit emit) {
    if (const auto held = held_.find(member); held != held_.end()) {
      emit(frame);
      emit(held->second);
      held_.erase(held);
      ++swapped_;
      return;
    }
    const double dice = std::uniform_real_distribution<>(0, 1)(random_);
    if (dice < options_.drop) {
      ++dropped_;
    } else if (dice < options_.drop + options_.dup) {
      emit(frame);
      emit(frame);
      ++duplicated_;
    } else if (dice < options_.drop + options_.dup + options_.swap) {
      held_.emplace(member, frame);
    } else {
      emit(frame);
    }
  }

  void forget(const Connection* member) {
    if (held_.erase(member) > 0) ++dropped_;
  }

  void print(unsigned long long delayed) const {
    std::printf("{\"dropped\":%llu,\"duplicated\":%llu,\"swapped\":%llu,\"delayed\":%llu}\n",
                dropped_ + held_.size(), duplicated_, swapped_, delayed);
  }

 private:
  const Options& options_;
  std::mt19937_64 random_{1};
  std::unordered_map<const Connection*, std::string> held_;
  unsigned long long dropped_ = 0;
  unsigned long long duplicated_ = 0;
  unsigned long long swapped_ = 0;
};

/// Frames that leave later. What comes for a member meanwhile waits behind its own: TCP keeps
/// order.
class Delays {
 public:
  explicit Delays(const Options& options) : options_(options) {}

  /// False when the frame shall leave now.
  bool take(Connection* member, std::string_view frame) {
    const std::uint64_t now = now_ns();
    const bool is_delayed = std::uniform_real_distribution<>(0, 1)(random_) < options_.delayed;
    if (is_delayed) ++delayed_;
    const auto waiting = waiting_.find(member);
    if (!is_delayed && waiting == waiting_.end()) return false;
    auto& [frames, last] = waiting_[member];
    ++frames;
    last = is_delayed ? now + options_.delay_ns : std::max(last, now);
    frames_.emplace(last, std::pair(member, std::string(frame)));
    return true;
  }

  /// When the next one leaves; UINT64_MAX: there is none.
  std::uint64_t due() const { return frames_.empty() ? UINT64_MAX : frames_.begin()->first; }

  /// Calls `emit` with each member and frame whose time has come.
  template <class Emit>
  void release(Emit emit) {
    while (due() <= now_ns()) {
      const auto [member, frame] = std::move(frames_.begin()->second);
      frames_.erase(frames_.begin());
      if (--waiting_[member].frames == 0) waiting_.erase(member);
      emit(*member, frame);
    }
  }

  void forget(const Connection* member) {
    if (waiting_.erase(member) == 0) return;
    for (auto each = frames_.begin(); each != frames_.end();) {
      each = each->second.first == member ? frames_.erase(each) : std::next(each);
    }
  }

  unsigned long long count() const noexcept { return delayed_; }

 private:
  struct Waiting {
    std::size_t frames = 0;
    std::uint64_t last = 0;  // when the last of them leaves
  };
  const Options& options_;
  std::mt19937_64 random_{2};
  std::multimap<std::uint64_t, std::pair<Connection*, std::string>> frames_;  // by time
  std::unordered_map<const Connection*, Waiting> waiting_;
  unsigned long long delayed_ = 0;
};

/// Messages that wait for a server that handles so many a second, one after the other.
class Knee {
 public:
  explicit Knee(double rate)
      : is_there_(rate > 0), each_ns_(is_there_ ? static_cast<std::uint64_t>(1e9 / rate) : 0) {}

  bool is_there() const noexcept { return is_there_; }

  void take(Room* room, std::string_view frame) {
    free_at_ = std::max(free_at_, now_ns()) + each_ns_;
    messages_.push_back({free_at_, room, std::string(frame)});
  }

  std::uint64_t due() const { return messages_.empty() ? UINT64_MAX : messages_.front().done_at; }

  /// Calls `spread` with the room and the frame of each message that is handled by now.
  template <class Spread>
  void release(Spread spread) {
    while (due() <= now_ns()) {
      const Message message = std::move(messages_.front());
      messages_.pop_front();
      spread(*message.room, message.frame);
    }
  }

 private:
  struct Message {
    std::uint64_t done_at;
    Room* room;
    std::string frame;
  };
  const bool is_there_;
  const std::uint64_t each_ns_;
  std::uint64_t free_at_ = 0;
  std::deque<Message> messages_;
};

std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> base64;
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), SHA_DIGEST_LENGTH);
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size)};
}

std::string_view header_value(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at)) {
    at += 2;
    const auto line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    auto value = line.substr(name.size() + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    return value.substr(0, value.find_last_not_of(" \t") + 1);
  }
  return {};
}

/// "ops" of "GET /ws/ops/?x HTTP/1.1"; empty when it is none.
std::string_view room_of(std::string_view head) {
  constexpr std::string_view kStart = "GET /ws/";
  if (head.substr(0, kStart.size()) != kStart) return {};
  head.remove_prefix(kStart.size());
  auto room = head.substr(0, head.find_first_of(" ?"));
  if (!room.empty() && room.back() == '/') room.remove_suffix(1);
  return room;
}

class Server {
 public:
  explicit Server(const Options& options);
  void run();
  std::uint16_t port() const;
  /// What it did on purpose.
  void print_faults() const { faults_.print(delays_.count()); }

 private:
  void watch(int fd, std::uint32_t events, void* data);
  void accept_all();
  void on_readable(Connection& connection);
  std::size_t consume(Connection& connection, char* bytes, std::size_t size);
  std::size_t shake_hands(Connection& connection, std::string_view bytes);
  void on_frame(Connection& connection, const FrameHeader& header, char* payload);
  void on_message(const Connection& sender, char* payload, std::size_t size);
  void release();
  int milliseconds_left() const;
  void spread(Room& room, std::string_view frame);
  void deliver(Connection& member, std::string_view frame);
  void delay_or_emit(Connection& member, std::string_view frame);
  void emit(Connection& member, std::string_view frame);
  void answer(Connection& connection, Opcode opcode, std::string_view payload);
  void send_now(Connection& connection, std::string_view bytes);
  void flush_queue(Connection& connection);
  void flush_out(Connection& connection);
  void drop(Connection& connection);
  void end_turn();

  const Options& options_;
  Faults faults_{options_};
  Delays delays_{options_};
  Knee knee_{options_.knee};
  Descriptor epoll_;
  Descriptor listener_;
  Descriptor signals_;
  std::unordered_map<std::string, Room> rooms_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> closed_;
  Arena arena_;
  std::vector<char> scratch_ = std::vector<char>(kMaxMessageBytes + (64U << 10));
};

Server::Server(const Options& options) : options_(options) {
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  listener_ = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), SOMAXCONN) != 0) {
    throw system_failure("cannot listen on 127.0.0.1:" + std::to_string(options.port));
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  signals_ = Descriptor(signalfd(-1, &ends, SFD_CLOEXEC));
  watch(listener_.get(), EPOLLIN, &listener_);
  watch(signals_.get(), EPOLLIN, &signals_);
}

std::uint16_t Server::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void Server::watch(int fd, std::uint32_t events, void* data) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = data;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw system_failure("epoll_ctl");
}

void Server::run() {
  std::array<epoll_event, 1024> events;
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 milliseconds_left());
    if (count < 0 && errno != EINTR) throw system_failure("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == &signals_) return;
      if (event.data.ptr == &listener_) {
        accept_all();
        continue;
      }
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      if (connection.closed) continue;
      if ((event.events & EPOLLOUT) != 0 && !connection.out.empty()) flush_out(connection);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) on_readable(connection);
    }
    release();
    end_turn();
  }
}

/// Until something is to leave; -1: nothing is.
int Server::milliseconds_left() const {
  const std::uint64_t due = std::min(delays_.due(), knee_.due());
  if (due == UINT64_MAX) return -1;
  const std::uint64_t now = now_ns();
  return due <= now ? 0 : static_cast<int>((due - now) / 1'000'000 + 1);
}

void Server::release() {
  knee_.release([this](Room& room, std::string_view frame) { spread(room, frame); });
  delays_.release([this](Connection& member, std::string_view frame) {
    emit(member, options_.coalesced ? arena_.keep(frame) : frame);
  });
}

void Server::accept_all() {
  for (;;) {
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && errno == EAGAIN) return;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) throw system_failure("accept");
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    // Edge-triggered both ways: never another epoll_ctl in the connection's life.
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection.get());
    connections_[fd] = std::move(connection);
  }
}

void Server::on_readable(Connection& connection) {
  while (!connection.closed) {
    const std::size_t kept = connection.in.size();
    std::memcpy(scratch_.data(), connection.in.data(), kept);
    const std::size_t space = scratch_.size() - kept;
    const ssize_t got = recv(connection.fd, scratch_.data() + kept, space, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return drop(connection);
    const std::size_t size = kept + static_cast<std::size_t>(got);
    const std::size_t used = consume(connection, scratch_.data(), size);
    if (connection.closed) return;
    connection.in.assign(scratch_.data() + used, size - used);
    if (connection.in.empty() && connection.in.capacity() > 256) std::string().swap(connection.in);
    // A full read may have left something, and a peer that is gone says so in the next one.
    if (static_cast<std::size_t>(got) < space) return;
  }
}

std::size_t Server::consume(Connection& connection, char* bytes, std::size_t size) {
  std::size_t used = 0;
  if (!connection.open) {
    used = shake_hands(connection, {bytes, size});
    if (used == 0) return 0;
  }
  FrameHeader header;
  while (!connection.closed && read_header(bytes + used, size - used, header)) {
    const bool control = header.opcode >= Opcode::close;
    if (!header.masked || header.payload_bytes > (control ? 125 : kMaxMessageBytes)) {
      drop(connection);
      break;
    }
    if (size - used - header.header_bytes < header.payload_bytes) break;
    char* payload = bytes + used + header.header_bytes;
    apply_mask(payload, header.payload_bytes, payload - kMaskBytes);
    on_frame(connection, header, payload);
    used += header.header_bytes + header.payload_bytes;
  }
  return used;
}

std::size_t Server::shake_hands(Connection& connection, std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() > kMaxHeadBytes) drop(connection);
    return 0;
  }
  const auto head = bytes.substr(0, end + 2);
  const auto room = room_of(head);
  const auto key = header_value(head, "Sec-WebSocket-Key");
  if (room.empty() || key.empty()) {
    send_now(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    drop(connection);
    return 0;
  }
  send_now(connection,
           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
           "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
               accept_of(key) + "\r\n\r\n");
  connection.open = true;
  connection.room = &rooms_[std::string(room)];
  connection.place = connection.room->members.size();
  connection.room->members.push_back(&connection);
  return end + 4;
}

void Server::on_frame(Connection& connection, const FrameHeader& header, char* payload) {
  const auto size = static_cast<std::size_t>(header.payload_bytes);
  switch (header.opcode) {
    case Opcode::ping: return answer(connection, Opcode::pong, {payload, size});
    case Opcode::pong: return;
    case Opcode::close: answer(connection, Opcode::close, {payload, size}); break;
    case Opcode::text:
      if (connection.message) break;
      if (header.last) return on_message(connection, payload, size);
      connection.message = std::make_unique<std::string>(payload, size);
      return;
    case Opcode::continuation: {
      if (!connection.message || connection.message->size() + size > kMaxMessageBytes) break;
      connection.message->append(payload, size);
      if (!header.last) return;
      // With room before it for a header, as there is in front of a client's frame.
      std::string whole = std::string(kMaxHeaderBytes, ' ') + *connection.message;
      connection.message.reset();
      return on_message(connection, whole.data() + kMaxHeaderBytes, whole.size() - kMaxHeaderBytes);
    }
    case Opcode::binary: break;
  }
  drop(connection);
}

/// The frame to the members is made in place: the sender's header, with its mask, was longer.
void Server::on_message(const Connection& sender, char* payload, std::size_t size) {
  std::array<char, kMaxHeaderBytes> header;
  const std::size_t header_bytes = write_header(header.data(), Opcode::text, size);
  char* start = payload - header_bytes;
  std::memcpy(start, header.data(), header_bytes);
  const std::string_view frame(start, header_bytes + size);
  if (knee_.is_there()) return knee_.take(sender.room, frame);
  spread(*sender.room, frame);
}

void Server::spread(Room& room, std::string_view frame) {
  if (options_.coalesced) frame = arena_.keep(frame);
  for (Connection* member : room.members) deliver(*member, frame);
}

void Server::deliver(Connection& member, std::string_view frame) {
  if (!options_.faulty()) return delay_or_emit(member, frame);
  faults_.pass(&member, frame, [&](std::string_view passed) {
    delay_or_emit(member, options_.coalesced ? arena_.keep(passed) : passed);
  });
}

void Server::delay_or_emit(Connection& member, std::string_view frame) {
  if (options_.delayed > 0 && delays_.take(&member, frame)) return;
  emit(member, frame);
}

void Server::emit(Connection& member, std::string_view frame) {
  if (!options_.coalesced) return send_now(member, frame);
  if (!member.dirty) {
    member.dirty = true;
    dirty_.push_back(&member);
  }
  member.queue.push_back({const_cast<char*>(frame.data()), frame.size()});
}

void Server::answer(Connection& connection, Opcode opcode, std::string_view payload) {
  std::array<char, kMaxHeaderBytes> header;
  const std::size_t header_bytes = write_header(header.data(), opcode, payload.size());
  flush_queue(connection);
  send_now(connection, std::string(header.data(), header_bytes).append(payload));
}

void Server::send_now(Connection& connection, std::string_view bytes) {
  if (connection.closed) return;
  if (connection.out.empty()) {
    const ssize_t sent = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    // A broken socket reports itself to the reading side as well.
    if (sent < 0 && errno != EAGAIN) return;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  connection.out.append(bytes);
}

/// Takes `bytes` off the front of what stands from `next` on; returns where the rest begins.
std::size_t advance(std::vector<iovec>& queue, std::size_t next, std::size_t bytes) {
  for (; bytes > 0 && bytes >= queue[next].iov_len; ++next) bytes -= queue[next].iov_len;
  if (bytes > 0) {
    queue[next].iov_base = static_cast<char*>(queue[next].iov_base) + bytes;
    queue[next].iov_len -= bytes;
  }
  return next;
}

void Server::flush_queue(Connection& connection) {
  connection.dirty = false;
  auto& queue = connection.queue;
  std::size_t next = 0;
  while (next < queue.size() && connection.out.empty() && !connection.closed) {
    msghdr message{};
    message.msg_iov = queue.data() + next;
    message.msg_iovlen = std::min<std::size_t>(queue.size() - next, IOV_MAX);
    const std::size_t end = next + message.msg_iovlen;
    const ssize_t sent = sendmsg(connection.fd, &message, MSG_NOSIGNAL);
    if (sent < 0) break;
    next = advance(queue, next, static_cast<std::size_t>(sent));
    if (next < end) break;
  }
  // What the socket refused must outlive the arena.
  for (; next < queue.size(); ++next) {
    connection.out.append(static_cast<const char*>(queue[next].iov_base), queue[next].iov_len);
  }
  queue.clear();
}

void Server::flush_out(Connection& connection) {
  const ssize_t sent =
      send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (sent <= 0) return;
  connection.out.erase(0, static_cast<std::size_t>(sent));
  if (connection.out.empty()) std::string().swap(connection.out);
}

void Server::drop(Connection& connection) {
  if (std::exchange(connection.closed, true)) return;
  closed_.push_back(&connection);
  if (connection.room == nullptr) return;
  auto& members = connection.room->members;
  members.back()->place = connection.place;
  std::swap(members[connection.place], members.back());
  members.pop_back();
}

void Server::end_turn() {
  for (Connection* connection : dirty_) {
    if (connection->dirty) flush_queue(*connection);
  }
  dirty_.clear();
  arena_.clear();
  for (Connection* connection : closed_) {
    faults_.forget(connection);
    delays_.forget(connection);
    const int fd = connection->fd;
    close(fd);
    connections_.erase(fd);
  }
  closed_.clear();
}

int usage() {
  std::fputs(
      "usage: perf_raw [--port N] [--coalesced]\n"
      "                [--fault-drop SHARE] [--fault-dup SHARE] [--fault-swap SHARE]\n"
      "                [--fault-delay SHARE:MILLISECONDS] [--knee MESSAGES_A_SECOND]\n",
      stderr);
  return 2;
}

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--coalesced") {
      options.coalesced = true;
      continue;
    }
    if (i + 1 == argc) return usage();
    const char* value = argv[++i];
    if (option == "--port") {
      options.port = static_cast<std::uint16_t>(std::atoi(value));
    } else if (option == "--fault-drop") {
      options.drop = std::atof(value);
    } else if (option == "--fault-dup") {
      options.dup = std::atof(value);
    } else if (option == "--fault-swap") {
      options.swap = std::atof(value);
    } else if (option == "--fault-delay") {
      double milliseconds = 0;
      if (std::sscanf(value, "%lf:%lf", &options.delayed, &milliseconds) != 2) return usage();
      options.delay_ns = static_cast<std::uint64_t>(milliseconds * 1e6);
    } else if (option == "--knee") {
      options.knee = std::atof(value);
    } else {
      return usage();
    }
  }
  raise_file_limit();
  Server server(options);
  std::printf("listening on 127.0.0.1:%d\n", server.port());
  std::fflush(stdout);
  server.run();
  server.print_faults();
  return 0;
}

}  // namespace
}  // namespace perf

int main(int argc, char** argv) {
  try {
    return perf::run(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "perf_raw: %s\n", failure.what());
    return 1;
  }
}
