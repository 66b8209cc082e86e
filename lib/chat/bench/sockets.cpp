#include "chat/bench/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace chat::bench {
namespace {

constexpr std::size_t kReadBytes = 512U << 10;
constexpr std::size_t kMostFrameBytes = 64U << 20;
constexpr std::size_t kMostHeadBytes = 64U << 10;  // of the answer to a handshake
constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
constexpr std::array<char, kMaskBytes> kMask{'\x5a', '\x13', '\x6c', '\x21'};
/// The example of RFC 6455 section 1.3.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string failure(const char* what, int error) {
  return std::string(what) + ": " + std::strerror(error);
}

bool is_loopback(const sockaddr_in& address) noexcept {
  return ntohl(address.sin_addr.s_addr) >> 24U == 127;
}

std::string request_of(const Sockets::Call& call) {
  std::string request = "GET " + call.target + " HTTP/1.1\r\nHost: " + call.host +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
  request.append(kKey);
  if (!call.subprotocol.empty()) request += "\r\nSec-WebSocket-Protocol: " + call.subprotocol;
  return request + "\r\n\r\n";
}

void append(std::string& to, Opcode opcode, std::string_view payload) {
  std::array<char, kMaxHeaderBytes> header{};
  const std::size_t bytes = write_header(header.data(), opcode, payload.size());
  header[1] = static_cast<char>(static_cast<unsigned char>(header[1]) | 0x80U);
  to.append(header.data(), bytes).append(kMask.data(), kMask.size());
  const std::size_t start = to.size();
  to.append(payload);
  apply_mask(to.data() + start, payload.size(), kMask.data());
}

std::string why_closed(std::string_view payload) {
  if (payload.size() < 2) return "the server closed the connection";
  const auto byte = [payload](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
  return "the server closed the connection (" + std::to_string(byte(0) << 8 | byte(1)) + ")";
}

}  // namespace

Sockets::Sockets(std::size_t members, Listener& listener)
    : listener_(listener),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      members_(members),
      buffer_(kReadBytes) {
  look_at_clock();
}

std::uint64_t Sockets::look_at_clock() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  now_ = static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
  return now_;
}

// ---- connecting

void Sockets::connect(std::size_t index, const Call& call) {
  Member& member = members_[index];
  reset(member);
  auto why = start(member, index, call);
  member.phase = Phase::connecting;
  ++connecting_;
  if (!why.empty()) return lose(index, why);
  member.out = request_of(call);
}

/// Empty, or what failed.
std::string Sockets::start(Member& member, std::size_t index, const Call& call) {
  member.socket = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = member.socket.get();
  if (fd < 0) return failure("no socket", errno);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (call.source > 0 && is_loopback(call.server)) {
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + call.source);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) {
      return failure("no address to call from", errno);
    }
  }
  const auto* server = reinterpret_cast<const sockaddr*>(&call.server);
  if (::connect(fd, server, sizeof call.server) != 0 && errno != EINPROGRESS) {
    return failure("cannot connect", errno);
  }
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = index;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return failure("epoll", errno);
  return {};
}

void Sockets::on_connected(std::size_t index) {
  Member& member = members_[index];
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(member.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return lose(index, failure("cannot connect", error));
  member.phase = Phase::handshake;
}

/// How many bytes belong to the server's answer; 0 while it is not whole, or when it is none.
std::size_t Sockets::read_answer(std::size_t index, std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos && bytes.size() > kMostHeadBytes) {
    lose(index, "the answer to the handshake has no end");
  }
  if (end == std::string_view::npos) return 0;
  const auto head = bytes.substr(0, end);
  if (head.substr(0, 12) != "HTTP/1.1 101" || head.find(kAccept) == std::string_view::npos) {
    lose(index, "no WebSocket is there: " + std::string(head.substr(0, head.find('\r'))));
    return 0;
  }
  members_[index].phase = Phase::open;
  --connecting_;
  ++open_;
  listener_.on_open(index);
  return end + 4;
}

void Sockets::reset(Member& member) {
  if (member.phase == Phase::open) --open_;
  if (member.phase == Phase::connecting || member.phase == Phase::handshake) --connecting_;
  member.phase = Phase::idle;
  member.is_paused = member.is_ending = false;
  member.socket = Descriptor();
  for (auto* text : {&member.kept, &member.text, &member.out}) text->clear();
}

void Sockets::lose(std::size_t index, const std::string& why) {
  if (members_[index].phase == Phase::idle) return;
  reset(members_[index]);
  listener_.on_lost(index, why);
}

void Sockets::close(std::size_t index) { reset(members_[index]); }

// ---- what happens

void Sockets::wait(std::uint64_t until) {
  std::array<epoll_event, 1024> events;  // set below, and 12 KiB
  look_at_clock();
  const std::uint64_t end = std::min(until, due_);
  const std::uint64_t left = end > now_ ? end - now_ : 0;
  const timespec timeout{static_cast<time_t>(left / kNanosPerSecond),
                         static_cast<long>(left % kNanosPerSecond)};
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   &timeout, nullptr);
  const auto tell_due = [this] {
    if (now_ < due_) return;
    due_ = UINT64_MAX;
    listener_.on_due();
  };
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto index = static_cast<std::size_t>(event.data.u64);
    if ((event.events & EPOLLOUT) != 0) {
      if (members_[index].phase == Phase::connecting) on_connected(index);
      flush(members_[index]);
    }
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) members_[index].is_ending = true;
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) on_readable(index);
    tell_due();
  }
  look_at_clock();
  tell_due();
}

void Sockets::on_readable(std::size_t index) {
  Member& member = members_[index];
  while (reads(member)) {
    const std::size_t kept = member.kept.size();
    if (kept + kReadBytes / 2 > buffer_.size()) buffer_.resize(kept + kReadBytes);
    if (kept > 0) std::memcpy(buffer_.data(), member.kept.data(), kept);
    const std::size_t space = buffer_.size() - kept;
    const ssize_t got = ::recv(member.socket.get(), buffer_.data() + kept, space, 0);
    look_at_clock();
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) return lose(index, failure("the connection broke", errno));
    if (got == 0) return lose(index, "the server ended the connection");
    bytes_received_ += static_cast<std::size_t>(got);
    const std::size_t size = kept + static_cast<std::size_t>(got);
    const std::size_t used = consume(index, buffer_.data(), size);
    if (member.phase != Phase::handshake && member.phase != Phase::open) return;
    if (kept > 0 || used < size) member.kept.assign(buffer_.data() + used, size - used);
    listener_.on_read(index);
    // The end that was told of with what has just been read is not told of again.
    if (static_cast<std::size_t>(got) < space && !member.is_ending) return;
  }
}

std::size_t Sockets::consume(std::size_t index, const char* bytes, std::size_t size) {
  Member& member = members_[index];
  std::size_t used = 0;
  if (member.phase == Phase::handshake) {
    used = read_answer(index, {bytes, size});
    if (used == 0) return 0;
  }
  FrameHeader header;
  while (member.phase == Phase::open && read_header(bytes + used, size - used, header)) {
    if (header.masked) {
      lose(index, "a masked frame; only clients mask");
      return 0;
    }
    if (header.payload_bytes > kMostFrameBytes) {
      lose(index, "a frame of " + std::to_string(header.payload_bytes) + " bytes");
      return 0;
    }
    const auto payload_bytes = static_cast<std::size_t>(header.payload_bytes);
    if (size - used - header.header_bytes < payload_bytes) break;
    const char* payload = bytes + used + header.header_bytes;
    used += header.header_bytes + payload_bytes;
    if (header.opcode == Opcode::text && header.last) {
      listener_.on_text(index, {payload, payload_bytes});
    } else {
      on_frame(index, header, {payload, payload_bytes});
    }
  }
  return used;
}

/// All but a text in one frame.
void Sockets::on_frame(std::size_t index, const FrameHeader& header, std::string_view payload) {
  Member& member = members_[index];
  switch (header.opcode) {
    case Opcode::text:
    case Opcode::continuation:
      member.text.append(payload);
      if (member.text.size() > kMostFrameBytes) return lose(index, "a text without an end");
      if (!header.last) return;
      listener_.on_text(index, member.text);
      member.text.clear();
      return;
    case Opcode::ping: {
      std::string pong;
      append(pong, Opcode::pong, payload);
      return send_frames(index, pong);
    }
    case Opcode::pong: return;
    case Opcode::close: return lose(index, why_closed(payload));
    default: return lose(index, "a frame that is no text");
  }
}

bool Sockets::reads(const Member& member) noexcept {
  return !member.is_paused && (member.phase == Phase::handshake || member.phase == Phase::open);
}

void Sockets::pause(std::size_t index) { members_[index].is_paused = true; }

void Sockets::resume(std::size_t index) {
  members_[index].is_paused = false;
  on_readable(index);  // what came meanwhile is not told again
}

// ---- sending

void Sockets::append_frame(std::string& frames, std::string_view text) {
  append(frames, Opcode::text, text);
}

void Sockets::send(std::size_t index, std::string_view text) {
  std::string frame;
  append(frame, Opcode::text, text);
  send_frames(index, frame);
}

void Sockets::send_frames(std::size_t index, std::string_view frames) {
  Member& member = members_[index];
  if (member.phase != Phase::open) return;
  if (member.out.empty()) {
    const ssize_t sent =
        ::send(member.socket.get(), frames.data(), frames.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(frames.size())) return;
    // A broken socket tells its reading side, too.
    if (sent < 0 && errno != EAGAIN) return;
    if (sent > 0) frames.remove_prefix(static_cast<std::size_t>(sent));
  }
  member.out.append(frames);
}

void Sockets::flush(Member& member) {
  if (member.out.empty() || member.phase == Phase::connecting) return;
  const ssize_t sent = ::send(member.socket.get(), member.out.data(), member.out.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) member.out.erase(0, static_cast<std::size_t>(sent));
  if (member.out.empty()) std::string().swap(member.out);  // a request is of no more use
}

}  // namespace chat::bench
