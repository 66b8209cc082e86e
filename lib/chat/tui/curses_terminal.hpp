#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "chat/tui/terminal.hpp"

namespace chat::tui {

/// The terminal of this process, by ncursesw. SIGWINCH must be blocked in all threads. One at a
/// time; destroying it gives the terminal back as it was.
/// `colors`: false = none. The error is for people (TERM is unknown, say).
tl::expected<std::unique_ptr<Terminal>, std::string> open_curses_terminal(bool colors);

}  // namespace chat::tui
