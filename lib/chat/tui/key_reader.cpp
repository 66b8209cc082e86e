#include "chat/tui/key_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace chat::tui {
namespace {

constexpr char32_t kEscape = 0x1B;
constexpr char32_t kDelete = 0x7F;

void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&out](char32_t bits) { out += static_cast<char>(0x80U | (bits & 0x3FU)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | (c >> 6U));
    tail(c);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | (c >> 12U));
    tail(c >> 6U);
    tail(c);
  } else {
    out += static_cast<char>(0xF0U | (c >> 18U));
    tail(c >> 12U);
    tail(c >> 6U);
    tail(c);
  }
}

Key key(Key::Kind kind, char letter = 0) {
  Key key;
  key.kind = kind;
  key.letter = letter;
  return key;
}

/// Whether a text that has no '\n' has each of its '\r' twice, and ends so.
bool has_doubled_breaks(std::string_view text) {
  std::size_t begin = text.find('\r');
  if (begin == std::string_view::npos || text.back() != '\r') return false;
  while (begin != std::string_view::npos) {
    const auto end = std::min(text.find_first_not_of('\r', begin), text.size());
    if ((end - begin) % 2 != 0) return false;
    begin = text.find('\r', end);
  }
  return text.find('\n') == std::string_view::npos;
}

/// What terminals make of a line break: "\r", "\n" or "\r\n"; and "\r\r" of "\r\n" where they make
/// "\r" of '\n' (tmux, xterm). That is not told from an empty line, but where all are so, and the
/// text ends with one, it is the likelier.
std::string with_newlines(std::string_view text) {
  const bool is_doubled = has_doubled_breaks(text);
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\r') {
      out += text[at];
      continue;
    }
    out += '\n';
    const bool is_pair = at + 1 < text.size() && text[at + 1] == (is_doubled ? '\r' : '\n');
    if (is_pair) ++at;
  }
  return out;
}

}  // namespace

void KeyReader::character(char32_t c) {
  if (is_pasting_) {
    is_too_long_ = is_too_long_ || pasted_.size() >= kMostPasted;
    if (!is_too_long_) append_utf8(pasted_, c);
    return;
  }
  if (std::exchange(has_escape_, false)) {
    if (c == kEscape) {
      keys_.push_back(key(Key::Kind::escape));
      has_escape_ = true;
      return;
    }
    if (c == '\r' || c == '\n') return keys_.push_back(key(Key::Kind::alt, '\n'));
    if (c < 0x80) return keys_.push_back(key(Key::Kind::alt, static_cast<char>(c)));
  }
  if (c < 0x20 || c == kDelete) return control(c);
  Key typed;
  append_utf8(typed.text, c);
  keys_.push_back(std::move(typed));
}

void KeyReader::control(char32_t c) {
  switch (c) {
    case kEscape: has_escape_ = true; return;
    case '\r':
    case '\n': return keys_.push_back(key(Key::Kind::enter));
    case '\t': return keys_.push_back(key(Key::Kind::tab));
    case kDelete:
    case '\b': return keys_.push_back(key(Key::Kind::backspace));
    case 0: return;
    default:
      if (c <= 26) keys_.push_back(key(Key::Kind::control, static_cast<char>('a' + c - 1)));
  }
}

void KeyReader::special(Key::Kind kind) {
  if (is_pasting_ && kind != Key::Kind::resize) return;
  has_escape_ = false;
  keys_.push_back(key(kind));
}

void KeyReader::paste_begin() {
  is_pasting_ = true;
  is_too_long_ = false;
  pasted_.clear();
}

void KeyReader::paste_end() {
  if (!std::exchange(is_pasting_, false)) return;
  Key pasted;
  pasted.kind = Key::Kind::paste;
  pasted.is_too_long = is_too_long_;
  if (!is_too_long_) pasted.text = with_newlines(pasted_);
  pasted_ = {};
  keys_.push_back(std::move(pasted));
}

void KeyReader::idle() {
  if (std::exchange(has_escape_, false)) keys_.push_back(key(Key::Kind::escape));
}

std::vector<Key> KeyReader::take() { return std::exchange(keys_, {}); }

}  // namespace chat::tui
