#include "chat/wire/json_slice.hpp"

#include <cstdint>
#include <string>

#include "chat/base/text.hpp"

namespace chat::wire {
namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [&out](std::uint32_t bits) {
    out += static_cast<char>(0x80U | (bits & 0x3FU));
  };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | (point >> 6));
    tail(point);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | (point >> 12));
    tail(point >> 6);
    tail(point);
  } else {
    out += static_cast<char>(0xF0U | (point >> 18));
    tail(point >> 12);
    tail(point >> 6);
    tail(point);
  }
}

/// Takes the four digits of a \u escape off the front.
std::uint32_t take_unit(std::string_view& text) noexcept {
  std::uint32_t unit = 0;
  for (int i = 0; i < 4 && !text.empty(); ++i) {
    unit = unit * 16 + static_cast<std::uint32_t>(base::hex_value(text.front()));
    text.remove_prefix(1);
  }
  return unit;
}

/// Takes the rest of a \u escape off the front: one code unit, or two of a surrogate pair.
std::uint32_t take_point(std::string_view& text) noexcept {
  const std::uint32_t unit = take_unit(text);
  if (unit < 0xD800 || unit > 0xDBFF || text.substr(0, 2) != "\\u") return unit;
  text.remove_prefix(2);
  return 0x10000 + ((unit - 0xD800) << 10) + (take_unit(text) - 0xDC00);
}

/// What the inside of a valid JSON string means.
std::string unescaped(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    const char c = raw.front();
    raw.remove_prefix(1);
    if (c != '\\' || raw.empty()) {
      out += c;
      continue;
    }
    const char kind = raw.front();
    raw.remove_prefix(1);
    switch (kind) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': append_utf8(out, take_point(raw)); break;
      default: out += kind;
    }
  }
  return out;
}

/// Walks over the tokens of valid JSON; on anything else it stops early, always inside its text.
class Walker {
 public:
  explicit Walker(std::string_view text) noexcept : text_(text) {}

  /// Skips white space, then `c` when it is there.
  bool take(char c) noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// The inside of the string that begins here; nullopt when none does.
  std::optional<std::string_view> take_string() noexcept {
    if (!take('"')) return std::nullopt;
    const std::size_t begin = at_;
    skip_string();
    return at_ > begin ? text_.substr(begin, at_ - begin - 1) : std::string_view();
  }

  /// The value that begins here, without the space around it.
  std::string_view take_value() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    const std::size_t begin = at_;
    skip_value();
    return text_.substr(begin, at_ - begin);
  }

 private:
  /// From behind the opening quote to behind the closing one.
  void skip_string() noexcept {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return;
      if (c == '\\' && at_ < text_.size()) ++at_;
    }
  }

  void skip_value() noexcept {
    if (at_ >= text_.size()) return;
    switch (text_[at_]) {
      case '"': ++at_; return skip_string();
      case '{':
      case '[': return skip_nested();
      default: return skip_word();
    }
  }

  void skip_nested() noexcept {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') skip_string();
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return;
    }
  }

  /// A number, true, false or null.
  void skip_word() noexcept {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ',' || c == '}' || c == ']' || is_space(c)) return;
      ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool means(std::string_view raw, std::string_view key) {
  if (raw.find('\\') == std::string_view::npos) return raw == key;
  return unescaped(raw) == key;
}

}  // namespace

std::optional<std::string_view> slice_member(std::string_view object, std::string_view key) {
  std::optional<std::string_view> found;
  Walker walker(object);
  if (!walker.take('{')) return found;
  while (const auto name = walker.take_string()) {
    if (!walker.take(':')) break;
    const std::string_view value = walker.take_value();
    if (means(*name, key)) found = value;
    if (!walker.take(',')) break;
  }
  return found;
}

std::vector<std::string_view> slice_items(std::string_view array) {
  std::vector<std::string_view> items;
  Walker walker(array);
  if (!walker.take('[') || walker.take(']')) return items;
  do {
    items.push_back(walker.take_value());
  } while (walker.take(','));
  return items;
}

}  // namespace chat::wire
