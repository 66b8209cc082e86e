#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace chat::tui {

/// How a piece of text looks.
struct Style {
  std::uint8_t color = 0;  ///< 0: the terminal's own; 1 to kColors: one of the names' colours
  bool bold = false;
  bool dim = false;
  bool reverse = false;
  bool underline = false;

  friend bool operator==(const Style& a, const Style& b) {
    return a.color == b.color && a.bold == b.bold && a.dim == b.dim && a.reverse == b.reverse &&
           a.underline == b.underline;
  }
};
constexpr std::uint8_t kColors = 24;
constexpr std::uint8_t kAlertColor = 25;  ///< failures and mentions

/// What a terminal without colours shows of a style: what alerts is bold there.
inline Style without_colors(Style style) {
  style.bold = style.bold || style.color == kAlertColor;
  style.color = 0;
  return style;
}

struct Span {
  std::string text;  ///< visible characters only (base::visible)
  Style style;
};
using Line = std::vector<Span>;

/// A whole screen.
struct Frame {
  std::vector<Line> lines;  ///< each at most as wide as the screen
  std::size_t cursor_column = 0;
  std::size_t cursor_line = 0;
};

}  // namespace chat::tui
