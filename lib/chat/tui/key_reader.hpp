#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chat/tui/key.hpp"

namespace chat::tui {

/// Makes Keys of what a terminal sends: characters, Alt as an Esc before them, control characters,
/// bracketed paste. Pure.
class KeyReader {
 public:
  /// Bytes of one paste.
  static constexpr std::size_t kMostPasted = 1U << 20;

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
  bool is_too_long_ = false;  // what is pasted
  bool has_escape_ = false;
};

}  // namespace chat::tui
