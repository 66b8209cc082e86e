#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <memory>
#include <string>

#include "chat/transport/stream.hpp"

namespace chat::transport {

using AsioSocket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

/// A Stream over a connected, non-blocking TCP or UNIX socket.
std::unique_ptr<Stream> make_asio_stream(AsioSocket socket, std::string peer);

}  // namespace chat::transport
