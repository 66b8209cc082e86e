#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// As much of the framing of RFC 6455 as a load test and a baseline need.
namespace chat::bench {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

struct FrameHeader {
  std::size_t header_bytes = 0;  ///< mask included
  std::uint64_t payload_bytes = 0;
  Opcode opcode = Opcode::text;
  bool last = true;
  bool masked = false;
};

constexpr std::size_t kMaskBytes = 4;
constexpr std::size_t kMaxHeaderBytes = 14;

/// False while the header is not complete.
inline bool read_header(const char* bytes, std::size_t size, FrameHeader& header) noexcept {
  if (size < 2) return false;
  const auto byte = [bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  header.last = (byte(0) & 0x80U) != 0;
  header.opcode = static_cast<Opcode>(byte(0) & 0x0FU);
  header.masked = (byte(1) & 0x80U) != 0;
  header.payload_bytes = byte(1) & 0x7FU;
  std::size_t length_bytes = 0;
  if (header.payload_bytes == 126) length_bytes = 2;
  if (header.payload_bytes == 127) length_bytes = 8;
  header.header_bytes = 2 + length_bytes + (header.masked ? kMaskBytes : 0);
  if (size < header.header_bytes) return false;
  if (length_bytes == 0) return true;
  header.payload_bytes = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    header.payload_bytes = header.payload_bytes << 8U | byte(2 + i);
  }
  return true;
}

/// Writes the header of a whole, unmasked frame; returns its size, at most 10.
inline std::size_t write_header(char* out, Opcode opcode, std::size_t payload_bytes) noexcept {
  out[0] = static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  const auto put = [out, payload_bytes](std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      out[2 + i] = static_cast<char>(payload_bytes >> (8 * (bytes - 1 - i)) & 0xFFU);
    }
    return 2 + bytes;
  };
  if (payload_bytes < 126) {
    out[1] = static_cast<char>(payload_bytes);
    return 2;
  }
  out[1] = static_cast<char>(payload_bytes <= 0xFFFF ? 126 : 127);
  return put(payload_bytes <= 0xFFFF ? 2 : 8);
}

inline void apply_mask(char* bytes, std::size_t size, const char* mask) noexcept {
  std::array<char, 8> twice;
  std::memcpy(twice.data(), mask, kMaskBytes);
  std::memcpy(twice.data() + kMaskBytes, mask, kMaskBytes);
  std::uint64_t key = 0;
  std::memcpy(&key, twice.data(), sizeof key);
  std::size_t i = 0;
  for (; i + sizeof key <= size; i += sizeof key) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof word);
    word ^= key;
    std::memcpy(bytes + i, &word, sizeof word);
  }
  for (; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ twice[i % sizeof key]);
}

}  // namespace chat::bench
