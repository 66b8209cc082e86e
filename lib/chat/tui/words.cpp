#include "chat/tui/words.hpp"

#include <algorithm>
#include <cstdint>

#include "chat/base/text.hpp"

namespace chat::tui {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kBlock = "```";

struct Range {
  char32_t first;
  char32_t last;
};
/// Scripts that put no spaces between words (Unicode's blocks of them).
constexpr Range kUnspaced[] = {{0x0E00, 0x0EFF}, {0x1000, 0x109F},  {0x1780, 0x17FF},
                               {0x3040, 0x30FF}, {0x3400, 0x4DBF},  {0x4E00, 0x9FFF},
                               {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};

bool is_tail(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The character that begins at `at`; its bytes.
std::string_view character_at(std::string_view text, std::size_t at) noexcept {
  std::size_t end = at + 1;
  while (end < text.size() && is_tail(text[end])) ++end;
  return text.substr(at, end - at);
}

std::string_view character_before(std::string_view text, std::size_t at) noexcept {
  std::size_t begin = at - 1;
  while (begin > 0 && is_tail(text[begin])) --begin;
  return text.substr(begin, at - begin);
}

bool is_word_character(std::string_view character) noexcept {
  std::size_t length = 0;
  return base::is_word(character, length);
}

/// Of well-formed UTF-8.
char32_t value_of(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first;
  auto value = static_cast<char32_t>(first & (0xFFU >> (character.size() + 1)));
  for (const char c : character.substr(1))
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

bool is_unspaced(std::string_view character) noexcept {
  const char32_t value = value_of(character);
  return std::any_of(std::begin(kUnspaced), std::end(kUnspaced), [value](const Range& range) {
    return value >= range.first && value <= range.last;
  });
}

/// Whether a word can begin at `at`; `name` stands there.
bool begins_word(std::string_view text, std::size_t at, std::string_view name) {
  if (at == 0 || is_unspaced(character_at(name, 0))) return true;
  const auto before = character_before(text, at);
  return before == "@" || !is_word_character(before);
}

bool ends_word(std::string_view text, std::size_t end, std::string_view name) {
  if (end >= text.size() || is_unspaced(character_before(name, name.size()))) return true;
  const auto after = character_at(text, end);
  if (is_word_character(after)) return false;
  const bool goes_on =
      after == "-" && end + 1 < text.size() && text[end + 1] >= '0' && text[end + 1] <= '9';
  return !goes_on;
}

/// In what is neither code nor a link; both are folded.
bool speaks_of(std::string_view text, std::string_view name) {
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (begins_word(text, at, name) && ends_word(text, at + name.size(), name)) return true;
  }
  return false;
}

/// `text` with a line break where code and links were.
std::string without_code_and_links(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    const auto block_end =
        rest.substr(0, 3) == kBlock ? rest.find(kBlock, 4) : std::string_view::npos;
    const auto code_end =
        rest.front() == '`' ? rest.find_first_of("`\n", 1) : std::string_view::npos;
    const bool is_code =
        code_end != std::string_view::npos && code_end > 1 && rest[code_end] == '`';
    const bool is_link = rest.substr(0, 7) == "http://" || rest.substr(0, 8) == "https://";
    if (block_end != std::string_view::npos) {
      at += block_end + kBlock.size();
      out += '\n';
    } else if (is_code) {
      at += code_end + 1;
      out += '\n';
    } else if (is_link) {
      at += std::min(rest.find_first_of(" \t\r\n<>\"`"), rest.size());
      out += '\n';
    } else {
      out += rest.front();
      ++at;
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> action_in(std::string_view text) {
  if (text.substr(0, 3) != "/me") return std::nullopt;
  const auto begin = text.find_first_not_of(kBlanks, 3);
  if (begin == std::string_view::npos || begin == 3) return std::nullopt;
  return std::string(text.substr(begin));
}

bool mentions(std::string_view text, std::string_view name) {
  const auto folded = base::fold_case(text);
  const auto wanted = base::fold_case(name);
  if (!folded || !wanted || wanted->empty()) return false;
  return speaks_of(without_code_and_links(*folded), *wanted);
}

}  // namespace chat::tui
