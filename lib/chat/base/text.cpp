#include "chat/base/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace chat::base {
namespace {

constexpr std::int32_t kInvalid = -1;
constexpr std::int32_t kZeroWidthNonJoiner = 0x200C;
constexpr std::int32_t kZeroWidthJoiner = 0x200D;

/// The code point at the front of a text and the bytes it takes; kInvalid takes one byte.
struct CodePoint {
  std::int32_t value;
  std::size_t bytes;
};

CodePoint front(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1};
  utf8proc_int32_t value = kInvalid;
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  const auto taken =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), size, &value);
  if (taken <= 0) return {kInvalid, 1};
  return {value, static_cast<std::size_t>(taken)};
}

CodePoint take_front(std::string_view& text) noexcept {
  const CodePoint point = front(text);
  text.remove_prefix(point.bytes);
  return point;
}

bool is_letter_or_digit(utf8proc_category_t category) noexcept {
  switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
  }
}

bool is_mark(utf8proc_category_t category) noexcept {
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
         category == UTF8PROC_CATEGORY_ME;
}

bool is_ascii(std::int32_t value) noexcept { return value >= 0 && value < 0x80; }

bool is_ascii_word(std::int32_t value) noexcept {
  return (value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z') ||
         (value >= '0' && value <= '9') || value == '_';
}

/// Cc, Cf, Cs, Co, Cn, Zl, Zp: nothing that a line of text should hold.
bool is_unprintable(std::int32_t value) noexcept {
  if (is_ascii(value)) return value < 0x20 || value == 0x7F;
  switch (utf8proc_category(value)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    default: return false;
  }
}

struct Free {
  void operator()(utf8proc_uint8_t* memory) const noexcept { std::free(memory); }
};

std::optional<std::string> mapped(std::string_view text, int options) {
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &raw,
                                 static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, Free> owned(raw);
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
}

bool is_ascii(std::string_view text) noexcept {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_byte_escape(std::string& out, char byte) {
  char escape[5];
  std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(byte));
  out += escape;
}

void append_point_escape(std::string& out, std::int32_t value) {
  char escape[16];
  std::snprintf(escape, sizeof escape, "\\u{%04x}", static_cast<unsigned>(value));
  out += escape;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    if (take_front(text).value == kInvalid) return false;
  }
  return true;
}

std::optional<std::string> to_nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::optional<std::string> fold_case(std::string_view text) {
  // First NFC: folding turns U+0345, a mark, into a letter, so marks must be in their order before.
  const auto composed = to_nfc(text);
  if (!composed) return std::nullopt;
  return mapped(*composed, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                               UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

std::size_t grapheme_count(std::string_view text) {
  if (text.empty()) return 0;
  std::size_t count = 1;
  utf8proc_int32_t state = 0;
  std::int32_t before = take_front(text).value;
  while (!text.empty()) {
    const std::int32_t after = take_front(text).value;
    if (utf8proc_grapheme_break_stateful(before, after, &state)) ++count;
    before = after;
  }
  return count;
}

std::size_t grapheme_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  std::string_view rest = text.substr(at);
  utf8proc_int32_t state = 0;
  std::int32_t before = take_front(rest).value;
  while (!rest.empty()) {
    const CodePoint after = front(rest);
    if (utf8proc_grapheme_break_stateful(before, after.value, &state)) break;
    before = after.value;
    rest.remove_prefix(after.bytes);
  }
  return text.size() - rest.size();
}

std::size_t grapheme_begin(std::string_view text, std::size_t at) {
  std::size_t begin = 0;
  for (std::size_t end = 0; end < std::min(at, text.size());) {
    begin = end;
    end = grapheme_end(text, begin);
  }
  return begin;
}

namespace {

std::vector<std::string_view> graphemes_of(std::string_view text) {
  std::vector<std::string_view> graphemes;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = grapheme_end(text, at);
    graphemes.push_back(text.substr(at, end - at));
    at = end;
  }
  return graphemes;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto from = graphemes_of(a);
  const auto to = graphemes_of(b);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::size_t grapheme_columns(std::string_view grapheme) noexcept {
  constexpr std::int32_t kEmojiStyle = 0xFE0F;
  constexpr std::int32_t kFirstFlag = 0x1F1E6;
  constexpr std::int32_t kLastFlag = 0x1F1FF;
  int most = 0;
  int flags = 0;
  while (!grapheme.empty()) {
    const std::int32_t value = take_front(grapheme).value;
    if (value == kInvalid) return 1;
    flags += static_cast<int>(value >= kFirstFlag && value <= kLastFlag);
    if ((value == kEmojiStyle && most > 0) || flags == 2) most = 2;
    most = std::max(most, utf8proc_charwidth(value));
  }
  return static_cast<std::size_t>(std::min(most, 2));
}

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = grapheme_end(text, at);
    sum += grapheme_columns(text.substr(at, end - at));
    at = end;
  }
  return sum;
}

bool is_word(std::string_view text, std::size_t& length) noexcept {
  length = 0;
  while (!text.empty()) {
    const std::int32_t value = take_front(text).value;
    ++length;
    if (is_ascii_word(value)) continue;
    if (value == kInvalid || is_ascii(value)) return false;
    const utf8proc_category_t category = utf8proc_category(value);
    const bool inside = length > 1 && is_mark(category);
    if (!is_letter_or_digit(category) && !inside) return false;
  }
  return length > 0;
}

bool starts_with_mark(std::string_view text) noexcept {
  if (text.empty()) return false;
  const std::int32_t value = front(text).value;
  return value != kInvalid && is_mark(utf8proc_category(value));
}

std::string single_spaced(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool owed = false;
  while (!text.empty()) {
    const CodePoint point = front(text);
    if (utf8proc_category(point.value) == UTF8PROC_CATEGORY_ZS) {
      owed = !out.empty();
    } else {
      if (std::exchange(owed, false)) out += ' ';
      out.append(text.substr(0, point.bytes));
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

bool has_unprintable(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::int32_t value = take_front(text).value;
    if (value == kZeroWidthNonJoiner || value == kZeroWidthJoiner) continue;
    if (value == kInvalid || is_unprintable(value)) return true;
  }
  return false;
}

std::string visible(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = front(text);
    const bool is_joiner = point.value == kZeroWidthJoiner || point.value == kZeroWidthNonJoiner;
    if (point.value >= 0 && point.value < 0x20) {
      out += "\xE2\x90";
      out += static_cast<char>(0x80 + point.value);
    } else if (point.value == 0x7F) {
      out += "\xE2\x90\xA1";
    } else if (point.value == kInvalid || (is_unprintable(point.value) && !is_joiner)) {
      out += kReplacement;
    } else {
      out.append(text.substr(0, point.bytes));
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

namespace {

std::string escaped(std::string_view text, std::size_t max_bytes, bool backslash_too) {
  std::string out;
  std::size_t shown = 0;
  while (shown < text.size()) {
    const std::string_view rest = text.substr(shown);
    const CodePoint point = front(rest);
    if (shown + point.bytes > max_bytes) return out += "…";
    static_assert(kInvalid < 0x20, "an invalid byte is escaped like a control character");
    if (point.value < 0x20 || point.value == 0x7F || (backslash_too && point.value == '\\')) {
      append_byte_escape(out, rest.front());
    } else if (is_unprintable(point.value)) {
      append_point_escape(out, point.value);
    } else {
      out.append(rest.substr(0, point.bytes));
    }
    shown += point.bytes;
  }
  return out;
}

}  // namespace

std::string escape_for_log(std::string_view text, std::size_t max_bytes) {
  return escaped(text, max_bytes, true);
}

std::string escape_unprintable(std::string_view text) { return escaped(text, text.size(), false); }

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
  return out;
}

}  // namespace chat::base
