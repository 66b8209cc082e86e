#include "sim/ws_bytes.hpp"

#include <stdexcept>

namespace chat::tests {
namespace {

constexpr std::size_t kShort = 126;

unsigned byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8U | byte_at(bytes, i);
  return value;
}

void append_big_endian(std::string& bytes, std::uint64_t value, unsigned size) {
  while (size-- > 0) bytes += static_cast<char>(value >> (8U * size) & 0xFFU);
}

}  // namespace

std::string upgrade_request(std::string_view path, std::string_view subprotocol) {
  std::string request = "GET " + std::string(path) + " HTTP/1.1\r\n";
  request += "Host: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  request += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2ltdWxhdGVkLWNsaWVudA==\r\n";
  if (!subprotocol.empty()) {
    request += "Sec-WebSocket-Protocol: " + std::string(subprotocol) + "\r\n";
  }
  return request + "\r\n";
}

std::string masked_frame(WsOpcode opcode, std::string_view payload, std::uint32_t mask) {
  std::string frame;
  frame += static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  if (payload.size() < kShort) {
    frame += static_cast<char>(0x80U | payload.size());
  } else if (payload.size() < 65536) {
    frame += static_cast<char>(0x80U | kShort);
    append_big_endian(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(0xFFU);
    append_big_endian(frame, payload.size(), 8);
  }
  const std::size_t key = frame.size();
  append_big_endian(frame, mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(byte_at(payload, i) ^ byte_at(frame, key + i % 4));
  }
  return frame;
}

std::uint16_t close_code(std::string_view payload) {
  constexpr std::uint16_t kNone = 1005;
  return payload.size() < 2 ? kNone : static_cast<std::uint16_t>(big_endian(payload.substr(0, 2)));
}

std::optional<int> WsReader::take_status() {
  const auto end = bytes_.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  if (bytes_.compare(0, 9, "HTTP/1.1 ") != 0) throw std::runtime_error("no HTTP answer");
  const int status = std::stoi(bytes_.substr(9, 3));
  bytes_.erase(0, end + 4);
  return status;
}

std::optional<WsFrame> WsReader::take_frame() {
  if (bytes_.size() < 2) return std::nullopt;
  const std::string_view bytes = bytes_;
  if ((byte_at(bytes, 0) & 0xF0U) != 0x80U) throw std::runtime_error("no whole frame");
  if ((byte_at(bytes, 1) & 0x80U) != 0) throw std::runtime_error("a masked frame of a server");
  std::size_t head = 2;
  std::uint64_t size = byte_at(bytes, 1);
  if (size >= kShort) {
    const std::size_t digits = size == kShort ? 2 : 8;
    head += digits;
    if (bytes.size() < head) return std::nullopt;
    size = big_endian(bytes.substr(2, digits));
  }
  if (bytes.size() < head + size) return std::nullopt;
  WsFrame frame;
  frame.opcode = static_cast<WsOpcode>(byte_at(bytes, 0) & 0x0FU);
  frame.payload = bytes.substr(head, static_cast<std::size_t>(size));
  bytes_.erase(0, head + static_cast<std::size_t>(size));
  return frame;
}

}  // namespace chat::tests
