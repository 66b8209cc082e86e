#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat::tests {

// RFC 6455 as a client speaks it, written for the simulation alone: a mistake of the server's own
// code must not be undone by the same code here.

enum class WsOpcode : std::uint8_t { text = 1, close = 8, ping = 9, pong = 10 };

struct WsFrame {
  WsOpcode opcode = WsOpcode::text;
  std::string payload;
};

/// The request that asks for a WebSocket; `subprotocol` may be empty.
std::string upgrade_request(std::string_view path, std::string_view subprotocol);
/// A client's frame.
std::string masked_frame(WsOpcode opcode, std::string_view payload, std::uint32_t mask);
/// The code in a close frame's payload; 1005 when there is none.
std::uint16_t close_code(std::string_view payload);

/// Takes a server's bytes apart: the answer to the upgrade, then frames.
class WsReader {
 public:
  void feed(std::string_view bytes) { bytes_.append(bytes); }
  /// The status of the HTTP answer, once it is there whole. To be asked for first.
  std::optional<int> take_status();
  /// The next frame, once it is there whole. Throws when the server broke the protocol.
  std::optional<WsFrame> take_frame();

 private:
  std::string bytes_;
};

}  // namespace chat::tests
