#include "chat/tui/words.hpp"

#include <algorithm>
#include <cstdint>

#include "chat/base/text.hpp"
#include "chat/tui/character.hpp"

namespace chat::tui {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kBlock = "```";
/// What the name of a block's language is made of.
constexpr std::string_view kOfLanguages =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+#.-";

struct Range {
  char32_t first;
  char32_t last;
};
/// Scripts that put no spaces between words (Unicode's blocks of them).
constexpr Range kUnspaced[] = {{0x0E00, 0x0EFF}, {0x1000, 0x109F},  {0x1780, 0x17FF},
                               {0x3040, 0x30FF}, {0x3400, 0x4DBF},  {0x4E00, 0x9FFF},
                               {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};

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
    const auto code = code_length(rest);
    const bool is_link = rest.substr(0, 7) == "http://" || rest.substr(0, 8) == "https://";
    if (code > 0) {
      at += code;
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

std::size_t code_length(std::string_view text) noexcept {
  if (text.substr(0, kBlock.size()) == kBlock) {
    const auto named = text.find_first_not_of(kOfLanguages, kBlock.size());
    const bool has_language = named != std::string_view::npos && text[named] == '\n';
    for (const auto begin : {has_language ? named + 1 : kBlock.size(), kBlock.size()}) {
      const auto end = text.find(kBlock, begin + 1);
      if (end != std::string_view::npos) return end + kBlock.size();
    }
  }
  if (text.empty() || text.front() != '`') return 0;
  const auto end = text.find_first_of("`\n", 1);
  return end == std::string_view::npos || end == 1 || text[end] != '`' ? 0 : end + 1;
}

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
