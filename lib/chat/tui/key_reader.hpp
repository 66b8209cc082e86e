#pragma once

#include <string>
#include <vector>

#include "chat/tui/key.hpp"

namespace chat::tui {

/// Makes Keys of what a terminal sends: characters, Alt as an Esc before them, control characters,
/// bracketed paste. Pure.
class KeyReader {
 public:
  /// A Unicode character, or a control character (0 to 31, 127).
  void character(char32_t c);
  /// A key that has a name.
  void special(Key::Kind kind);
  void paste_begin();
  void paste_end();
  /// Nothing more is there for now: an Esc stands alone.
  void idle();
  std::vector<Key> take();

 private:
  void control(char32_t c);

  std::vector<Key> keys_;
  std::string pasted_;
  bool is_pasting_ = false;
  bool has_escape_ = false;
};

}  // namespace chat::tui
