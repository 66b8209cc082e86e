#include "chat/tui/texts.hpp"

namespace chat::tui {

const Texts& texts_in(Language language) {
  return language == Language::traditional_chinese ? traditional_chinese() : english();
}

std::string listed(const Texts::Names& names, std::string_view between, std::size_t most) {
  std::string text;
  if (names.size() > most) return text;
  for (const auto& name : names) {
    if (!text.empty()) text += between;
    text += name;
  }
  return text;
}

}  // namespace chat::tui
