#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/base/ids.hpp"
#include "chat/wire/error.hpp"

namespace chat::client {

/// Where a chat server is.
struct ServerUrl {
  bool tls = false;
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
  std::string prefix;  ///< of all paths; empty or "/chat", no slash at its end

  /// "example.com:8000", as in a Host header.
  std::string authority() const;
  /// "ws://example.com:8000/chat".
  std::string text() const;
  /// The path of a room's socket.
  std::string socket_path(const base::RoomName& room) const;
};

/// Parses `ws://HOST[:PORT][/PREFIX]` (also wss, http, https, or nothing before the host: ws).
/// Fails with bad_request: what is wrong, without a password that stood in it. Pure.
wire::Result<ServerUrl> parse_server_url(std::string_view text);

}  // namespace chat::client
