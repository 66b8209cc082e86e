// The least that a receiver can do: the connections, joins and messages of `chat bench fanout
// --dialect plain --saturate N`, but what comes is only read and counted, in bytes. What `chat
// bench` uses beyond this is the price of looking at each frame (scripts/bench generator).

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "chat/bench/ws_frame.hpp"
#include "json_object.hpp"
#include "option_text.hpp"
#include "system.hpp"

namespace perf {
namespace {

constexpr std::size_t kReadBytes = 512U << 10;
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kJoinPatience = 20 * kNanosPerSecond;
constexpr std::string_view kUsage =
    "usage: perf_receiver --url 127.0.0.1:PORT [--members M] [--senders S] [--saturate N]\n"
    "                     [--payload BYTES] [--warm-up S] [--duration S]\n"
    "One room. One JSON object on stdout.\n";

struct Options {
  Address server;
  std::size_t members = 100;
  std::size_t senders = 10;
  std::size_t outstanding = 64;
  std::size_t payload = 100;
  double warm_up_s = 1;
  double duration_s = 5;
};

std::uint64_t own_cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

struct Member {
  Descriptor socket;
  bool is_in = false;
  bool is_sender = false;
  std::uint64_t unspent = 0;  // bytes that have come and stand for no message of its own yet
  std::string out;            // what the socket has refused
};

class Receiver {
 public:
  explicit Receiver(const Options& options);
  std::string run();

 private:
  void join_all();
  void connect(std::size_t index);
  void wait(std::uint64_t until);
  void read(Member& member);
  void take(Member& member, std::string_view bytes);
  void say(Member& member, std::size_t messages);
  void send_bytes(Member& member, std::string_view bytes);
  void flush(Member& member);

  const Options& options_;
  std::string request_;
  std::string message_;          ///< as a member sends it
  std::size_t frame_bytes_ = 0;  ///< … and as it comes back
  Descriptor epoll_;
  std::vector<Member> members_;
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
  std::string batch_;
  std::size_t in_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t reads_ = 0;
};

Receiver::Receiver(const Options& options)
    : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)), members_(options.members) {
  request_ = "GET /ws/receiver/ HTTP/1.1\r\nHost: " + options.server.host +
             "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const std::string body = "{\"message\":\"" + std::string(options.payload, 'x') + "\"}";
  std::array<char, chat::bench::kMaxHeaderBytes> header{};
  const std::size_t header_bytes =
      chat::bench::write_header(header.data(), chat::bench::Opcode::text, body.size());
  frame_bytes_ = header_bytes + body.size();
  header[1] = static_cast<char>(static_cast<unsigned char>(header[1]) | 0x80U);
  // A mask of zeros: what is masked is the same.
  message_ =
      std::string(header.data(), header_bytes) + std::string(chat::bench::kMaskBytes, '\0') + body;
  for (std::size_t i = 0; i < options.senders; ++i) members_[i].is_sender = true;
}

std::string Receiver::run() {
  join_all();
  for (std::size_t i = 0; i < options_.outstanding; ++i) say(members_[i % options_.senders], 1);
  const auto nanos = [](double seconds) {
    return static_cast<std::uint64_t>(seconds * static_cast<double>(kNanosPerSecond));
  };
  const auto run_for = [this](std::uint64_t length) {
    const std::uint64_t end = now_ns() + length;
    while (now_ns() < end) wait(end);
  };
  run_for(nanos(options_.warm_up_s));
  const std::uint64_t from = now_ns();
  const std::uint64_t cpu = own_cpu_ns();
  const std::uint64_t bytes = bytes_;
  const std::uint64_t reads = reads_;
  run_for(nanos(options_.duration_s));
  const double window_s = static_cast<double>(now_ns() - from) / 1e9;
  const double cpu_us = static_cast<double>(own_cpu_ns() - cpu) / 1e3;
  const double frames = static_cast<double>(bytes_ - bytes) / static_cast<double>(frame_bytes_);
  return Object()
      .number("window_s", window_s)
      .number("frames_per_s", per(frames, window_s))
      .number("frames_per_read", per(frames, static_cast<double>(reads_ - reads)))
      .number("cpu_us_per_frame", per(cpu_us, frames))
      .number("cpu_share", per(cpu_us / 1e6, window_s))
      .text();
}

// ---- joining

void Receiver::join_all() {
  for (std::size_t i = 0; i < members_.size(); ++i) connect(i);
  const std::uint64_t end = now_ns() + kJoinPatience;
  while (in_ < members_.size()) {
    if (now_ns() > end) throw std::runtime_error("not all members were let in");
    wait(now_ns() + 10 * kMillisecond);
  }
}

void Receiver::connect(std::size_t index) {
  Member& member = members_[index];
  member.socket = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = member.socket.get();
  if (fd < 0) throw system_failure("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.server.port);
  if (inet_pton(AF_INET, options_.server.host.c_str(), &address.sin_addr) != 1) {
    throw UsageError("not an IPv4 address: " + options_.server.host);
  }
  const auto* server = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd, server, sizeof address) != 0 && errno != EINPROGRESS) {
    throw system_failure("connect");
  }
  member.out = request_;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = index;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw system_failure("epoll_ctl");
}

// ---- events

void Receiver::wait(std::uint64_t until) {
  std::array<epoll_event, 1024> events;
  const std::uint64_t now = now_ns();
  const std::uint64_t left = until > now ? until - now : 0;
  const timespec timeout{static_cast<time_t>(left / kNanosPerSecond),
                         static_cast<long>(left % kNanosPerSecond)};
  const int count =
      epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw system_failure("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Member& member = members_[static_cast<std::size_t>(event.data.u64)];
    if ((event.events & EPOLLOUT) != 0) flush(member);
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(member);
  }
}

void Receiver::read(Member& member) {
  for (;;) {
    const ssize_t got = recv(member.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) throw std::runtime_error("the server has ended a connection");
    ++reads_;
    take(member, {buffer_.data(), static_cast<std::size_t>(got)});
    if (static_cast<std::size_t>(got) < buffer_.size()) return;
  }
}

/// Of all messages that come to a sender, one in `senders` is its own.
void Receiver::take(Member& member, std::string_view bytes) {
  if (!member.is_in) {
    const auto end = bytes.find("\r\n\r\n");
    if (bytes.substr(0, 12) != "HTTP/1.1 101" || end == std::string_view::npos) {
      throw std::runtime_error("no WebSocket: " + std::string(bytes.substr(0, 200)));
    }
    member.is_in = true;
    ++in_;
    bytes.remove_prefix(end + 4);
  }
  bytes_ += bytes.size();
  if (!member.is_sender) return;
  member.unspent += bytes.size();
  const std::uint64_t turn = std::uint64_t{frame_bytes_} * options_.senders;
  const std::uint64_t messages = member.unspent / turn;
  member.unspent -= messages * turn;
  if (messages > 0) say(member, static_cast<std::size_t>(messages));
}

// ---- sending

void Receiver::say(Member& member, std::size_t messages) {
  batch_.clear();
  for (std::size_t i = 0; i < messages; ++i) batch_ += message_;
  send_bytes(member, batch_);
}

void Receiver::send_bytes(Member& member, std::string_view bytes) {
  if (member.out.empty()) {
    const ssize_t sent = send(member.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) throw system_failure("send");
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  member.out.append(bytes);
}

void Receiver::flush(Member& member) {
  if (member.out.empty()) return;
  const ssize_t sent =
      send(member.socket.get(), member.out.data(), member.out.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) throw system_failure("send");
  if (sent > 0) member.out.erase(0, static_cast<std::size_t>(sent));
}

// ---- the command line

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (i + 1 == argc) throw UsageError(option + " needs a value");
    const std::string text = argv[++i];
    if (option == "--url") {
      options.server = address_of(option, text);
    } else if (option == "--members") {
      options.members = count_of(option, text);
    } else if (option == "--senders") {
      options.senders = count_of(option, text);
    } else if (option == "--saturate") {
      options.outstanding = count_of(option, text);
    } else if (option == "--payload") {
      options.payload = count_of(option, text);
    } else if (option == "--warm-up") {
      options.warm_up_s = number_of(option, text);
    } else if (option == "--duration") {
      options.duration_s = number_of(option, text);
    } else {
      throw UsageError("unknown option " + option);
    }
  }
  if (options.server.port == 0) throw UsageError("--url is missing");
  if (options.senders == 0 || options.senders > options.members) {
    throw UsageError("--senders must be between 1 and --members");
  }
  return options;
}

}  // namespace
}  // namespace perf

int main(int argc, char** argv) {
  try {
    const perf::Options options = perf::parse_options(argc, argv);
    perf::raise_file_limit();
    std::puts(perf::Receiver(options).run().c_str());
    return 0;
  } catch (const perf::UsageError& mistake) {
    std::fprintf(stderr, "perf_receiver: %s\n%s", mistake.what(), perf::kUsage.data());
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "perf_receiver: %s\n", failure.what());
    return 1;
  }
}
