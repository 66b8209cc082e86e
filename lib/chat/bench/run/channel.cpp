#include "chat/bench/run/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "chat/bench/run/clock.hpp"

namespace chat::bench {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::size_t kKeptBytes = 1U << 20;  // of memory, once all of it is received

/// False when the time is up before `events` (or the end of the connection) are there.
bool await(int fd, short events, std::uint64_t until_ns) {
  for (;;) {
    pollfd waiting{fd, events, 0};
    const timespec left = time_until(until_ns);
    const int ready = ::ppoll(&waiting, 1, &left, nullptr);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

tl::expected<std::pair<Channel, Channel>, std::string> Channel::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return tl::unexpected(std::string("no pair of sockets: ") + std::strerror(errno));
  }
  return std::make_pair(Channel(Descriptor(ends[0])), Channel(Descriptor(ends[1])));
}

bool Channel::send(std::string_view line, std::chrono::milliseconds bound) {
  if (is_cut_) return false;
  const std::uint64_t until = monotonic_after(bound);
  const bool is_line = line.size() <= kMostLineBytes && line.find('\n') == std::string_view::npos;
  is_cut_ = !is_line || !write(line, until) || !write("\n", until);
  if (is_cut_) ::shutdown(socket_.get(), SHUT_WR);
  return !is_cut_;
}

bool Channel::write(std::string_view bytes, std::uint64_t until_ns) {
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!await(socket_.get(), POLLOUT, until_ns)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

tl::expected<std::optional<std::string>, std::string> Channel::receive(std::uint64_t until_ns) {
  for (;;) {
    if (auto line = take_line()) return line;
    if (!over_.empty()) return tl::unexpected(over_);
    if (read_some()) continue;
    if (!await(socket_.get(), POLLIN, until_ns)) return std::nullopt;
  }
}

/// False when there is nothing to read now; sets over_ when there never will be.
bool Channel::read_some() {
  std::array<char, kReadBytes> bytes;
  const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) return false;
  if (got > 0) {
    received_.append(bytes.data(), static_cast<std::size_t>(got));
  } else if (got == 0) {
    over_ = begin_ == received_.size() ? "the other side has ended the connection"
                                       : "the other side has ended the connection within a line";
  } else {
    over_ = std::string("the connection broke: ") + std::strerror(errno);
  }
  return true;
}

bool Channel::has_line() {
  const auto end = received_.find('\n', scanned_);
  scanned_ = end == std::string::npos ? received_.size() : end;
  if (scanned_ - begin_ <= most_line_bytes_) return end != std::string::npos;
  over_ = "a line is longer than " + std::to_string(most_line_bytes_) + " bytes";
  return false;
}

std::optional<std::string> Channel::take_line() {
  if (!has_line()) return std::nullopt;
  if (begin_ == 0 && scanned_ + 1 == received_.size()) {
    received_.pop_back();
    scanned_ = 0;
    return std::exchange(received_, std::string());
  }
  std::string line = received_.substr(begin_, scanned_ - begin_);
  begin_ = ++scanned_;
  if (begin_ < received_.size() / 2) return line;  // not yet worth moving the rest
  received_.erase(0, begin_);
  begin_ = scanned_ = 0;
  if (received_.size() < kKeptBytes && received_.capacity() > kKeptBytes) received_.shrink_to_fit();
  return line;
}

}  // namespace chat::bench
