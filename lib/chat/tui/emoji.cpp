#include "chat/tui/emoji.hpp"

#include <algorithm>

#include "chat/tui/character.hpp"
#include "chat/tui/words.hpp"

namespace chat::tui {
namespace {

constexpr std::string_view kTable =
#include "emoji_table.inc"
    ;
constexpr std::string_view kBlanks = " \n";
constexpr std::string_view kOfNames = "abcdefghijklmnopqrstuvwxyz0123456789_+-";
constexpr std::size_t kLeastBegun = 2;

std::vector<Emoji> read_table() {
  std::vector<std::string_view> words;
  for (std::size_t at = kTable.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const auto end = std::min(kTable.find_first_of(kBlanks, at), kTable.size());
    words.push_back(kTable.substr(at, end - at));
    at = kTable.find_first_not_of(kBlanks, end);
  }
  std::vector<Emoji> all;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) all.push_back({words[i], words[i + 1]});
  return all;
}

bool is_letter_or_digit(std::string_view character) noexcept {
  return character != "_" && is_word_character(character);
}

bool stands_in_word(std::string_view text, std::size_t at) noexcept {
  return at > 0 && is_letter_or_digit(character_before(text, at));
}

/// What is between the colons of the short name at `at`, known or not; empty: there is none.
std::string_view short_name_at(std::string_view text, std::size_t at) noexcept {
  if (text[at] != ':' || stands_in_word(text, at)) return {};
  const auto end = std::min(text.find_first_not_of(kOfNames, at + 1), text.size());
  if (end == text.size() || text[end] != ':') return {};
  const bool goes_on = end + 1 < text.size() && is_letter_or_digit(character_at(text, end + 1));
  return goes_on ? std::string_view() : text.substr(at + 1, end - at - 1);
}

const Emoji* find_emoji(std::string_view name) noexcept {
  const auto& all = all_emoji();
  const auto known = std::find_if(all.begin(), all.end(),
                                  [name](const Emoji& emoji) { return emoji.name == name; });
  return known == all.end() ? nullptr : &*known;
}

}  // namespace

const std::vector<Emoji>& all_emoji() {
  static const auto all = read_table();
  return all;
}

std::string with_emoji(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = code_length(text.substr(at));
    const auto name = code > 0 ? std::string_view() : short_name_at(text, at);
    const auto size = name.empty() ? std::max<std::size_t>(code, 1) : name.size() + 2;
    const auto* known = name.empty() ? nullptr : find_emoji(name);
    out += known == nullptr ? text.substr(at, size) : known->text;
    at += size;
  }
  return out;
}

std::optional<BegunEmoji> begun_emoji(std::string_view before_cursor) {
  const auto colon = before_cursor.find_last_not_of(kOfNames);
  if (colon == std::string_view::npos || before_cursor[colon] != ':') return std::nullopt;
  const auto begun = before_cursor.substr(colon + 1);
  const bool is_second = colon > 0 && before_cursor[colon - 1] == ':';
  if (begun.size() < kLeastBegun || is_second || stands_in_word(before_cursor, colon))
    return std::nullopt;
  BegunEmoji found;
  found.begin = colon;
  for (const auto& emoji : all_emoji()) {
    if (emoji.name.substr(0, begun.size()) == begun) found.texts.emplace_back(emoji.text);
  }
  if (found.texts.empty()) return std::nullopt;
  return found;
}

}  // namespace chat::tui
