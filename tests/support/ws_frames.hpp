#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace chat::tests {

/// What can be odd about a client's frame.
struct FrameShape {
  bool fin = true;
  unsigned rsv = 0;
  bool masked = true;
  std::uint32_t mask = 0x37FA213DU;
  int width = 0;  ///< bytes of the extended length: 0, 2 or 8; shortest that does when `shortest`
  bool shortest = true;
};

namespace detail {

inline void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  while (bytes-- > 0) {
    out += static_cast<char>((value >> (8U * static_cast<unsigned>(bytes))) & 0xFFU);
  }
}

inline std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

}  // namespace detail

/// The head of a client's frame that says it has `length` bytes.
inline std::string client_frame_head(unsigned opcode, std::uint64_t length, FrameShape shape = {}) {
  if (shape.shortest) shape.width = length < 126 ? 0 : length < 65536 ? 2 : 8;
  std::string out;
  out += static_cast<char>((shape.fin ? 0x80U : 0U) | shape.rsv << 4U | opcode);
  const auto marker = shape.width == 0 ? length : shape.width == 2 ? 126U : 127U;
  out += static_cast<char>((shape.masked ? 0x80U : 0U) | marker);
  detail::append_big_endian(out, length, shape.width);
  if (shape.masked) detail::append_big_endian(out, shape.mask, 4);
  return out;
}

/// A client's frame, by RFC 6455 section 5.2 and by nobody else's code.
inline std::string client_frame(unsigned opcode, std::string_view payload, FrameShape shape = {}) {
  std::string out = client_frame_head(opcode, payload.size(), shape);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const auto key = shape.masked ? shape.mask >> (8U * (3U - i % 4U)) & 0xFFU : 0U;
    out += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key);
  }
  return out;
}

/// The payload of a close frame.
inline std::string close_payload(std::uint16_t code, std::string_view reason = {}) {
  std::string out;
  detail::append_big_endian(out, code, 2);
  return out.append(reason);
}

struct ServerFrame {
  unsigned opcode = 0;
  std::string payload;

  bool operator==(const ServerFrame& other) const {
    return opcode == other.opcode && payload == other.payload;
  }
  /// Of a close frame; 0 when it has none.
  unsigned close_code() const {
    return payload.size() < 2 ? 0 : static_cast<unsigned>(detail::big_endian(payload.substr(0, 2)));
  }
};

/// Takes one frame off the front of `bytes`; false when it is not whole yet. Throws when it is not
/// what a server of ours may send: a final, unmasked frame with the shortest length.
inline bool take_server_frame(std::string_view& bytes, ServerFrame& frame) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  if ((first & 0xF0U) != 0x80U) throw std::runtime_error("a server's frame is final, without RSV");
  if ((second & 0x80U) != 0) throw std::runtime_error("a server's frame has no mask");
  const std::size_t width = second == 126 ? 2 : second == 127 ? 8 : 0;
  if (bytes.size() < 2 + width) return false;
  const std::uint64_t size = width == 0 ? second : detail::big_endian(bytes.substr(2, width));
  if (width != 0 && size < (width == 2 ? 126U : 65536U)) {
    throw std::runtime_error("a length is not the shortest");
  }
  frame.opcode = first & 0x0FU;
  const bool known =
      frame.opcode == 1 || frame.opcode == 2 || (frame.opcode >= 8 && frame.opcode <= 10);
  if (!known) throw std::runtime_error("an opcode that no server sends");
  if (frame.opcode >= 8 && size > 125) throw std::runtime_error("a control frame is too long");
  if (bytes.size() - 2 - width < size) return false;
  frame.payload = std::string(bytes.substr(2 + width, static_cast<std::size_t>(size)));
  bytes.remove_prefix(2 + width + static_cast<std::size_t>(size));
  return true;
}

/// All frames of a server's bytes; throws when they are not well-formed or not whole.
inline std::vector<ServerFrame> server_frames(std::string_view bytes) {
  std::vector<ServerFrame> frames;
  ServerFrame frame;
  while (take_server_frame(bytes, frame)) frames.push_back(frame);
  if (!bytes.empty()) throw std::runtime_error("the last frame is not whole");
  return frames;
}

}  // namespace chat::tests
