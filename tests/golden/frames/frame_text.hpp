#pragma once

#include <cstddef>
#include <string>

#include "chat/tui/frame.hpp"

namespace chat::tests {

/// A screen for people to read: its text in a box, in a second box of the same size one letter for
/// how each column looks, where the cursor stands, and what the letters mean.
/// Throws std::runtime_error when a line is too wide or has something that a terminal would obey.
std::string text_of(const tui::Frame& frame, std::size_t columns);

}  // namespace chat::tests
