#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "chat/tui/terminal.hpp"

namespace chat::tui {

/// The terminal of this process, by ncursesw. SIGWINCH must be blocked in all threads. One at a
/// time; destroying it gives the terminal back as it was.
/// `colors`: false = none. The error is for people (TERM is unknown, say).
tl::expected<std::unique_ptr<Terminal>, std::string> open_curses_terminal(bool colors);

/// Colours for lines on a terminal that no screen is opened on.
struct LineColors {
  std::string dim;
  std::vector<std::string> of_colors;  ///< by a Style's color, less one
  std::string off;

  std::string dimmed(const std::string& text) const {
    return dim + text + (dim.empty() ? "" : off);
  }
  /// `color`: 1 to kColors.
  std::string colored(const std::string& text, std::uint8_t color) const;
};
/// Those of the terminal that TERM names; nothing where it has none.
LineColors line_colors();

}  // namespace chat::tui
