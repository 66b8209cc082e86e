#include "frame_text.hpp"

#include <map>
#include <stdexcept>

#include "chat/base/text.hpp"

namespace chat::tests {
namespace {

using tui::Style;

/// A name's colour is a letter from a on, in capitals when it is bold.
char letter_of_name(const Style& style) {
  return static_cast<char>((style.bold ? 'A' : 'a') + style.color - 1);
}

char letter_of(const Style& style) {
  const bool is_name = style.color >= 1 && style.color <= tui::kColors;
  const bool is_alert = style.color == tui::kAlertColor;
  if (style.underline)
    throw std::runtime_error("nothing is underlined until now: give it a letter");
  if (style.reverse) return is_alert ? '@' : style.dim ? '~' : style.bold ? '#' : '=';
  if (is_name) return letter_of_name(style);
  if (is_alert) return style.bold ? '!' : '?';
  return style.dim ? '-' : style.bold ? '+' : '.';
}

std::string meaning_of(char letter) {
  static const std::map<char, std::string> known{
      {'.', "plain"},       {'-', "dim"},           {'+', "bold"},
      {'=', "reverse"},     {'#', "reverse, bold"}, {'~', "reverse, dim"},
      {'!', "alert, bold"}, {'?', "alert"},         {'@', "alert, reverse"},
  };
  const auto found = known.find(letter);
  if (found != known.end()) return found->second;
  const bool is_bold = letter >= 'A' && letter <= 'Z';
  return "name's colour " + std::to_string(letter - (is_bold ? 'A' : 'a') + 1) +
         (is_bold ? ", bold" : "");
}

std::string rule(std::size_t columns) { return "+" + std::string(columns, '-') + "+\n"; }

/// One line, as text and as letters, both filled up with blanks.
struct Drawn {
  std::string text;
  std::string letters;
};
Drawn drawn(const tui::Line& line, std::size_t columns) {
  Drawn made;
  for (const auto& span : line) {
    made.text += span.text;
    made.letters.append(base::columns(span.text), letter_of(span.style));
  }
  if (base::visible(made.text) != made.text) throw std::runtime_error("obeyed: " + made.text);
  if (made.letters.size() > columns) throw std::runtime_error("too wide: " + made.text);
  made.text.append(columns - made.letters.size(), ' ');
  made.letters.resize(columns, ' ');
  return made;
}

}  // namespace

std::string text_of(const tui::Frame& frame, std::size_t columns) {
  std::string text;
  std::string letters;
  std::map<char, std::string> used;
  for (const auto& line : frame.lines) {
    const auto made = drawn(line, columns);
    text += "|" + made.text + "|\n";
    letters += "|" + made.letters + "|\n";
    for (const char letter : made.letters) {
      if (letter != ' ') used[letter] = meaning_of(letter);
    }
  }
  std::string all = rule(columns) + text + rule(columns) + letters + rule(columns);
  all += "cursor: line " + std::to_string(frame.cursor_line + 1) + ", column " +
         std::to_string(frame.cursor_column + 1) + "\n";
  for (const auto& [letter, meaning] : used) all += std::string(1, letter) + "  " + meaning + "\n";
  return all;
}

}  // namespace chat::tests
