#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace chat::tools {

/// Adds --color: auto, always or never.
void add_color(CLI::App& verb, std::string& color);

/// Whether `color` (a value of --color) wants colours, as far as the environment goes: "auto" does
/// unless NO_COLOR or CHAT_NO_COLOR is set and not empty.
bool wants_colors(const std::string& color);

/// The same for lines on stdout: "auto" does only where stdout is a terminal, and not a dumb one.
bool wants_line_colors(const std::string& color);

}  // namespace chat::tools
