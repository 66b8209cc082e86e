#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

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

inline bool is_letter(char c) noexcept { return c >= 'a' && c <= 'p'; }

inline bool are_letters(const char* eight) noexcept {
  std::uint64_t bad = 0;
  read_letters(eight, bad);
  return bad == 0;
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

/// The position behind the first mark in `text`, which is then in `mark`; npos: there is none. A
/// mark is found where a run of its letters begins, so what is directly before it must be none of
/// them (a quote, say, or another mark), nor may what follows it go on as a mark does. Pure.
inline std::size_t find_mark(std::string_view text, Mark& mark) noexcept {
  // Each mark has one of these windows in it, whole.
  constexpr std::size_t kWindow = 8;
  constexpr std::size_t kStride = kMarkBytes - kWindow;
  for (std::size_t at = 0; at + kWindow <= text.size(); at += kStride) {
    if (!detail::are_letters(text.data() + at)) continue;
    std::size_t begin = at;
    while (begin > 0 && detail::is_letter(text[begin - 1])) --begin;
    if (begin + kMarkBytes > text.size()) return std::string_view::npos;
    if (read_mark(text.data() + begin, mark)) return begin + kMarkBytes;
  }
  return std::string_view::npos;
}

/// Finds marks in frames of one server, which has them mostly at the same place. Thread: one.
class MarkFinder {
 public:
  /// Whether there is one in `text`: as find_mark, but a frame that has one where the last one had
  /// it is not looked through for an earlier one.
  bool find(std::string_view text, Mark& mark) noexcept {
    const bool fits = last_ + kMarkBytes <= text.size();
    const bool begins = last_ == 0 || (fits && !detail::is_letter(text[last_ - 1]));
    if (fits && begins && read_mark(text.data() + last_, mark)) return true;
    const std::size_t end = find_mark(text, mark);
    if (end == std::string_view::npos) return false;
    last_ = end - kMarkBytes;
    return true;
  }

 private:
  std::size_t last_ = 0;
};

/// Calls `take(const Mark&)` for each mark in `text`, in their order; tells whether there was one.
template <class Take>
bool for_each_mark(std::string_view text, Take take) {
  bool found = false;
  Mark mark;
  for (std::size_t end = find_mark(text, mark); end != std::string_view::npos;
       end = find_mark(text, mark)) {
    found = true;
    take(static_cast<const Mark&>(mark));
    text.remove_prefix(end);
  }
  return found;
}

}  // namespace chat::bench
