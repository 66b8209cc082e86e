#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/stream.hpp>
#include <memory>
#include <string>

#include "chat/transport/stream.hpp"

namespace chat::transport {

using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using TlsSocket = asio::ssl::stream<TcpSocket>;

/// A Stream over a socket whose TLS handshake is done. Its writes are copied: at most 64 KiB are
/// under way at once.
std::unique_ptr<Stream> make_asio_tls_stream(std::unique_ptr<TlsSocket> socket,
                                             std::shared_ptr<asio::ssl::context> context,
                                             std::string peer);

}  // namespace chat::transport
