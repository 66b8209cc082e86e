#pragma once

#include <functional>
#include <memory>
#include <string>

#include "chat/transport/asio_executor.hpp"
#include "chat/transport/stream.hpp"
#include "chat/wire/error.hpp"

namespace chat::transport {

/// Where to listen: "127.0.0.1:8000", "[::1]:8000", "8000" (loopback), ":8000" (every address),
/// "localhost:8000", "unix:/path". Port 0: the system picks one.
struct ListenAddress {
  std::string host;  ///< empty with unix
  std::uint16_t port = 0;
  std::string path;  ///< unix only

  bool is_unix() const noexcept { return !path.empty(); }
  /// As a URL's authority or "unix:…"; IPv6 in brackets.
  std::string text() const;
};
/// Fails with bad_request and what an address looks like.
wire::Result<ListenAddress> parse_listen_address(const std::string& text);

/// One listening socket of one worker. Workers share a TCP port by SO_REUSEPORT: the kernel spreads
/// the connections. When descriptors run out it closes newcomers politely with the one it keeps
/// spare and rests, instead of spinning. Thread: its executor's loop; made and destroyed while that
/// loop is not running, or on it.
class Listener {
 public:
  /// Takes over a connected stream, never an empty one.
  using OnStream = std::function<void(std::unique_ptr<Stream> stream)>;

  /// Opens the socket. `share_port`: other workers will bind the same address. Fails with
  /// `internal` and what to do (port in use, no such address, no right, path taken).
  static wire::Result<std::unique_ptr<Listener>> open(AsioExecutor& executor,
                                                      const ListenAddress& address,
                                                      bool share_port);
  /// Fails as `open` does when the TCP address cannot be had alone. To be asked before the first of
  /// several workers opens it: a port that is shared would be shared with another server as well.
  static wire::Result<void> check_free(const ListenAddress& address);
  virtual ~Listener() = default;

  /// Begins to accept.
  virtual void start(OnStream on_stream) = 0;
  /// Stops accepting and closes the socket (removes a unix path it made).
  virtual void close() = 0;
  /// The address with the port it got.
  virtual const ListenAddress& address() const = 0;
  /// How often it had no descriptor left.
  virtual std::uint64_t exhausted() const = 0;
};

}  // namespace chat::transport
