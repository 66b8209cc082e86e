#pragma once

#include <string_view>

#include "chat/base/text.hpp"

namespace chat::tui {

// Single characters (code points) inside of UTF-8. Pure.

/// Whether a byte goes on with a character that began before it.
inline bool is_tail(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// The one that begins at `at`, which is inside of `text`; its bytes.
inline std::string_view character_at(std::string_view text, std::size_t at) noexcept {
  std::size_t end = at + 1;
  while (end < text.size() && is_tail(text[end])) ++end;
  return text.substr(at, end - at);
}

/// The one that ends before `at`, which is not 0.
inline std::string_view character_before(std::string_view text, std::size_t at) noexcept {
  std::size_t begin = at - 1;
  while (begin > 0 && is_tail(text[begin])) --begin;
  return text.substr(begin, at - begin);
}

/// A letter, a digit or `_`, in any script.
inline bool is_word_character(std::string_view character) noexcept {
  std::size_t length = 0;
  return base::is_word(character, length);
}

}  // namespace chat::tui
