#include "chat/tui/language.hpp"

#include <algorithm>

namespace chat::tui {
namespace {

/// "zh_TW.UTF-8@cjk" as "zh-tw".
std::string plain(std::string_view name) {
  std::string text(name.substr(0, name.find_first_of(".@")));
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

/// `text` is `tag`, or goes on behind it with a hyphen.
bool is_of(std::string_view text, std::string_view tag) {
  return text.substr(0, tag.size()) == tag &&
         (text.size() == tag.size() || text[tag.size()] == '-');
}

}  // namespace

std::optional<Language> parse_language(std::string_view name) {
  const auto text = plain(name);
  if (is_of(text, "en")) return Language::english;
  for (const char* tag : {"zh-tw", "zh-hk", "zh-hant"}) {
    if (is_of(text, tag)) return Language::traditional_chinese;
  }
  return std::nullopt;
}

Language language_of_environment(const std::function<std::string(const char* name)>& variable) {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const auto value = variable(name);
    if (!value.empty()) return parse_language(value).value_or(Language::english);
  }
  return Language::english;
}

}  // namespace chat::tui
