#pragma once

#include <cstdint>
#include <string>

namespace chat::tui {

/// One thing that somebody did at the keyboard.
struct Key {
  enum class Kind : std::uint8_t {
    text,     ///< `text`: one character as typed
    paste,    ///< `text`: all that was pasted, with '\n' between its lines; or `is_too_long`
    control,  ///< `letter` with Ctrl
    alt,      ///< `letter` with Alt (or behind Esc)
    enter,
    tab,
    back_tab,
    backspace,
    remove,  ///< Del
    left,
    right,
    up,
    down,
    home,
    end,
    page_up,
    page_down,
    escape,  ///< alone
    resize,
  };
  Kind kind = Kind::text;
  std::string text;
  char letter = 0;           ///< a–z, 0–9, or for alt any ASCII character
  bool is_too_long = false;  ///< of a paste: there was more than can be kept, and none of it is

  friend bool operator==(const Key& a, const Key& b) {
    return a.kind == b.kind && a.text == b.text && a.letter == b.letter &&
           a.is_too_long == b.is_too_long;
  }
};

}  // namespace chat::tui
