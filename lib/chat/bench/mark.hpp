#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// What a load test writes at the start of each message and finds again in each delivery.
namespace chat::bench {

struct Mark {
  std::uint32_t sender = 0;   ///< over all rooms
  std::uint32_t counter = 0;  ///< of that sender, from 0
  std::uint64_t planned = 0;  ///< when it should leave, CLOCK_MONOTONIC in ns
};

/// As text: 4 bits a letter, 'a' to 'p', low ones first. Needs no escape in JSON and can be read
/// eight letters at a time.
constexpr std::size_t kMarkBytes = 32;

namespace detail {

inline void write_letters(char* out, std::uint32_t value) noexcept {
  for (std::size_t i = 0; i < 8; ++i) {
    out[i] = static_cast<char>('a' + (value >> (4 * i) & 0xFU));
  }
}

/// Sets `bad` to non-zero when a letter is none.
inline std::uint32_t read_letters(const char* in, std::uint64_t& bad) noexcept {
  std::uint64_t x = 0;
  std::memcpy(&x, in, sizeof x);
  x -= 0x6161616161616161U;
  bad |= x & 0xF0F0F0F0F0F0F0F0U;
  x = (x | x >> 4U) & 0x00FF00FF00FF00FFU;
  x = (x | x >> 8U) & 0x0000FFFF0000FFFFU;
  return static_cast<std::uint32_t>(x | x >> 16U);
}

}  // namespace detail

inline void write_mark(char* out, const Mark& mark) noexcept {
  detail::write_letters(out, mark.sender);
  detail::write_letters(out + 8, mark.counter);
  detail::write_letters(out + 16, static_cast<std::uint32_t>(mark.planned));
  detail::write_letters(out + 24, static_cast<std::uint32_t>(mark.planned >> 32U));
}

inline bool read_mark(const char* in, Mark& mark) noexcept {
  std::uint64_t bad = 0;
  mark.sender = detail::read_letters(in, bad);
  mark.counter = detail::read_letters(in + 8, bad);
  mark.planned = detail::read_letters(in + 16, bad);
  mark.planned |= std::uint64_t{detail::read_letters(in + 24, bad)} << 32U;
  return bad == 0;
}

}  // namespace chat::bench
