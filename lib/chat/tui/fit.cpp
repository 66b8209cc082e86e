#include "chat/tui/fit.hpp"

#include <algorithm>

#include "chat/base/text.hpp"

namespace chat::tui {

std::string cut(const std::string& text, std::size_t columns) {
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = base::grapheme_end(text, at);
    used += base::grapheme_columns(text.substr(at, end - at));
    if (used > columns) break;
    at = end;
  }
  return text.substr(0, at);
}

std::string tail(const std::string& text, std::size_t columns) {
  std::size_t at = 0;
  while (base::columns(text.substr(at)) > columns) at = base::grapheme_end(text, at);
  return text.substr(at);
}

std::string shortened(const std::string& text, std::size_t columns) {
  if (base::columns(text) <= columns) return text;
  return columns == 0 ? std::string() : cut(text, columns - 1) + "…";
}

Line ruled(const std::string& label, std::size_t columns, Style style) {
  const auto shown = cut(" " + label + " ", columns);
  const auto width = base::columns(shown);
  const auto left = std::min<std::size_t>(3, columns - width);
  std::string text;
  for (std::size_t i = 0; i < left; ++i) text += "─";
  text += shown;
  for (std::size_t i = left + width; i < columns; ++i) text += "─";
  return {{text, style}};
}

}  // namespace chat::tui
