#include "chat/http/http_probe.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

namespace chat::http {
namespace {

using std::chrono::milliseconds;

class Socket {
 public:
  explicit Socket(int fd) noexcept : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket& operator=(Socket&&) = delete;

  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// True when `events` come within the bound.
bool await(int fd, short events, milliseconds bound) {
  const auto end = std::chrono::steady_clock::now() + bound;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{fd, events, 0};
    const int ready = ::poll(&waiting, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool connects(int fd, const addrinfo& address, milliseconds bound) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS || !await(fd, POLLOUT, bound)) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

Speaks told_by(std::string_view first) {
  if (first.substr(0, 4) == "AMQP") return Speaks::amqp;
  if (first.substr(0, 5) == "HTTP/") return Speaks::http;
  // A TLS record: alert (21) or handshake (22), then the major version, always 3.
  if (first.size() >= 2 && (first[0] == 21 || first[0] == 22) && first[1] == 3) return Speaks::tls;
  return Speaks::other;
}

Speaks ask(int fd, milliseconds bound) {
  constexpr std::string_view kRequest = "GET / HTTP/1.0\r\n\r\n";
  if (::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return Speaks::closes;
  char first[8];
  std::size_t size = 0;
  while (size < sizeof first) {
    if (!await(fd, POLLIN, bound)) return size == 0 ? Speaks::silence : told_by({first, size});
    const auto got = ::recv(fd, first + size, sizeof first - size, 0);
    if (got <= 0) return size == 0 ? Speaks::closes : told_by({first, size});
    size += static_cast<std::size_t>(got);
  }
  return told_by({first, size});
}

}  // namespace

Speaks probe(const std::string& host, std::uint16_t port, milliseconds bound) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw) != 0) {
    return Speaks::unknown_host;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(raw, ::freeaddrinfo);
  for (const auto* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const Socket socket(
        ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.fd() >= 0 && connects(socket.fd(), *address, bound)) return ask(socket.fd(), bound);
  }
  return Speaks::refused;
}

}  // namespace chat::http
