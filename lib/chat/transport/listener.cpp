#include "chat/transport/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/transport/asio_stream.hpp"

namespace chat::transport {
namespace {

using wire::Code;
using wire::fail;

constexpr int kBacklog = 4096;
/// Accepted in one go before the loop's other work gets its turn.
constexpr int kAcceptsPerTurn = 64;
constexpr auto kRest = std::chrono::milliseconds(100);

std::string system_text(int error) {
  return std::error_code(error, std::system_category()).message();
}

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const auto host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(endpoint.port());
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

class SocketListener final : public Listener {
 public:
  SocketListener(AsioExecutor& executor, Descriptor socket, ListenAddress address, bool owns_path)
      : executor_(executor),
        descriptor_(executor.context(), socket.release()),
        address_(std::move(address)),
        owns_path_(owns_path),
        spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

  ~SocketListener() override {
    executor_.cancel(rest_);
    close();
  }
  SocketListener(const SocketListener&) = delete;
  SocketListener& operator=(const SocketListener&) = delete;

  void start(OnStream on_stream) override {
    on_stream_ = std::move(on_stream);
    wait();
  }

  void close() override {
    std::error_code ignored;
    if (!descriptor_.is_open()) return;
    descriptor_.close(ignored);
    if (owns_path_) ::unlink(address_.path.c_str());
  }

  const ListenAddress& address() const override { return address_; }
  std::uint64_t exhausted() const override { return exhausted_; }

 private:
  void wait() {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this](const std::error_code& error) {
                             if (!error) accept_some();
                           });
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn && descriptor_.is_open(); ++i) {
      sockaddr_storage peer{};
      socklen_t size = sizeof peer;
      const int fd = ::accept4(descriptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer),
                               &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        hand_on(fd, peer);
        continue;
      }
      if (errno == EAGAIN) break;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return rest();
      }
      // EINTR, ECONNABORTED and the pending network errors of accept(2): that one is gone, go on.
    }
    if (descriptor_.is_open()) wait();
  }

  void hand_on(int fd, const sockaddr_storage& peer) {
    std::string name = "unix";
    if (peer.ss_family == AF_INET || peer.ss_family == AF_INET6) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      asio::ip::tcp::endpoint endpoint;
      std::memcpy(endpoint.data(), &peer, std::min(endpoint.capacity(), sizeof peer));
      name = text_of(endpoint);
    }
    AsioSocket socket(executor_.context());
    std::error_code error;
    socket.assign(asio::generic::stream_protocol(address_.is_unix() ? AF_UNIX : peer.ss_family, 0),
                  fd, error);
    if (error) {
      ::close(fd);
      return;
    }
    on_stream_(make_asio_stream(std::move(socket), std::move(name)));
  }

  /// No descriptor left: one newcomer is taken with the spare one and closed, so that it knows;
  /// then nobody is looked at for a while.
  void rest() {
    ++exhausted_;
    if (exhausted_ == 1 || exhausted_ % 100 == 0) {
      base::Log::warn("out of file descriptors: newcomers wait; raise the limit (ulimit -n)");
    }
    spare_.reset();
    const int fd = ::accept4(descriptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    spare_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    rest_ = executor_.after(kRest, [this] {
      rest_ = 0;
      if (descriptor_.is_open()) wait();
    });
  }

  AsioExecutor& executor_;
  asio::posix::stream_descriptor descriptor_;
  ListenAddress address_;
  bool owns_path_;
  Descriptor spare_;
  OnStream on_stream_;
  base::TimerId rest_ = 0;
  std::uint64_t exhausted_ = 0;
};

wire::Result<Descriptor> open_tcp(const ListenAddress& address, bool share_port) {
  std::error_code error;
  const auto ip = asio::ip::make_address(address.host, error);
  if (error) {
    return fail(Code::internal, "cannot listen on " + address.text() + ": \"" + address.host +
                                    "\" is not an IP address; use 127.0.0.1, [::1] or 0.0.0.0");
  }
  const asio::ip::tcp::endpoint at(ip, address.port);
  Descriptor socket(
      ::socket(ip.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (share_port) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (ip.is_v6()) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(socket.get(), at.data(), static_cast<socklen_t>(at.size())) == 0) return socket;
  const int code = errno;
  std::string hint;
  if (code == EADDRINUSE) hint = "; another program has that port, choose another (0 = any)";
  if (code == EACCES) hint = "; ports below 1024 need rights, choose a higher one";
  return fail(Code::internal,
              "cannot listen on " + address.text() + ": " + system_text(code) + hint);
}

wire::Result<Descriptor> bind_tcp(ListenAddress& address, bool share_port) {
  auto socket = open_tcp(address, share_port);
  if (!socket) return socket;
  if (::listen(socket->get(), kBacklog) != 0) {
    return fail(Code::internal, "cannot listen on " + address.text() + ": " + system_text(errno));
  }
  asio::ip::tcp::endpoint bound;
  socklen_t size = static_cast<socklen_t>(bound.capacity());
  if (::getsockname(socket->get(), bound.data(), &size) == 0) address.port = bound.port();
  return socket;
}

wire::Result<Descriptor> bind_unix(const ListenAddress& address) {
  sockaddr_un wanted{};
  wanted.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof wanted.sun_path) {
    return fail(Code::internal, "cannot listen on " + address.text() + ": the path is too long");
  }
  std::memcpy(wanted.sun_path, address.path.c_str(), address.path.size() + 1);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto* name = reinterpret_cast<const sockaddr*>(&wanted);
  struct stat found {};
  if (::lstat(address.path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) {
    // A socket left by a killed server refuses connections; one in use does not.
    Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), name, sizeof wanted) == 0) {
      return fail(Code::internal,
                  "cannot listen on " + address.text() + ": another program listens there");
    }
    ::unlink(address.path.c_str());
  }
  if (::bind(socket.get(), name, sizeof wanted) != 0 || ::listen(socket.get(), kBacklog) != 0) {
    return fail(Code::internal, "cannot listen on " + address.text() + ": " + system_text(errno));
  }
  return socket;
}

}  // namespace

std::string ListenAddress::text() const {
  if (is_unix()) return "unix:" + path;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

wire::Result<ListenAddress> parse_listen_address(const std::string& text) {
  ListenAddress address;
  if (text.rfind("unix:", 0) == 0 && text.size() > 5) {
    address.path = text.substr(5);
    return address;
  }
  const auto colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "localhost" : text.substr(0, colon);
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (colon == 0) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const bool digits =
      !port.empty() && port.size() <= 5 &&
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::stoul(port) > 65535) {
    return fail(Code::bad_request, "\"" + text +
                                       "\" is not an address to listen on; write HOST:PORT, "
                                       "[IPv6]:PORT, PORT or unix:PATH");
  }
  address.host = host;
  address.port = static_cast<std::uint16_t>(std::stoul(port));
  return address;
}

wire::Result<void> Listener::check_free(const ListenAddress& address) {
  const auto alone = open_tcp(address, false);
  if (!alone) return tl::unexpected(alone.error());
  return {};
}

wire::Result<std::unique_ptr<Listener>> Listener::open(AsioExecutor& executor,
                                                       const ListenAddress& address,
                                                       bool share_port) {
  ListenAddress bound = address;
  auto socket = address.is_unix() ? bind_unix(bound) : bind_tcp(bound, share_port);
  if (!socket) return tl::unexpected(socket.error());
  return std::make_unique<SocketListener>(executor, std::move(*socket), std::move(bound),
                                          address.is_unix());
}

}  // namespace chat::transport
