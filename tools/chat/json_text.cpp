#include "json_text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "chat/base/text.hpp"

namespace chat::tools {
namespace {

/// Length of the well-formed character that `text` begins with; 0 when it begins with none.
std::size_t character_at(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    if (base::is_utf8(text.substr(0, size))) return size;
  }
  return 0;
}

/// `character`: well-formed, not empty.
std::uint32_t code_point_of(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  const auto size = character.size();
  std::uint32_t code = size == 1 ? first : first & (0xFFU >> (size + 1));
  for (const char c : character.substr(1))
    code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

void escape_unit(std::string& out, std::uint32_t unit) {
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", unit & 0xFFFFU);
  out += escape;
}

/// As \uXXXX, above U+FFFF as two of them (RFC 8259 section 7).
void escape(std::string& out, std::uint32_t code) {
  if (code < 0x10000) return escape_unit(out, code);
  escape_unit(out, 0xD800U + ((code - 0x10000U) >> 10U));
  escape_unit(out, 0xDC00U + ((code - 0x10000U) & 0x3FFU));
}

/// Calls `each` with every character of `text`, U+FFFD where there is none.
template <class Each>
void for_each_character(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto size = character_at(text);
    each(size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for_each_character(text, [&out](std::string_view character) {
    const char c = character.front();
    if (base::has_unprintable(character)) return escape(out, code_point_of(character));
    if (c == '"' || c == '\\') out += '\\';
    out += character;
  });
  return out + '"';
}

std::string json_line_of(std::string_view json) {
  std::string out;
  for_each_character(json, [&out](std::string_view character) {
    const char c = character.front();
    const bool is_between_tokens = c == '\n' || c == '\r' || c == '\t';
    if (is_between_tokens) {
      out += c == '\t' ? '\t' : ' ';
    } else if (base::has_unprintable(character)) {
      escape(out, code_point_of(character));
    } else {
      out += character;
    }
  });
  return out;
}

}  // namespace chat::tools
