#pragma once

#include <cstddef>
#include <string>

#include "chat/tui/frame.hpp"

namespace chat::tui {

// Visible text (base::visible) made to fit into columns of the screen. Pure.

/// As much of `text` as fits.
std::string cut(const std::string& text, std::size_t columns);
/// The end of `text`, as much as fits.
std::string tail(const std::string& text, std::size_t columns);
/// The same as `cut`, with "…" at the end of what was cut.
std::string shortened(const std::string& text, std::size_t columns);
/// A rule over all columns with a label in it.
Line ruled(const std::string& label, std::size_t columns, Style style);

}  // namespace chat::tui
