#include "chat/tui/key_reader.hpp"

#include <utility>

namespace chat::tui {
namespace {

constexpr char32_t kEscape = 0x1B;
constexpr char32_t kDelete = 0x7F;
/// Of one paste; the rest is dropped.
constexpr std::size_t kMostPasted = 1U << 20;

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

}  // namespace

void KeyReader::character(char32_t c) {
  if (is_pasting_) {
    if (pasted_.size() < kMostPasted) append_utf8(pasted_, c == '\r' ? U'\n' : c);
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
  pasted_.clear();
}

void KeyReader::paste_end() {
  if (!std::exchange(is_pasting_, false)) return;
  Key pasted;
  pasted.kind = Key::Kind::paste;
  pasted.text = std::exchange(pasted_, {});
  keys_.push_back(std::move(pasted));
}

void KeyReader::idle() {
  if (std::exchange(has_escape_, false)) keys_.push_back(key(Key::Kind::escape));
}

std::vector<Key> KeyReader::take() { return std::exchange(keys_, {}); }

}  // namespace chat::tui
