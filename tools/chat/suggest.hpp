#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace chat::tools {

/// The verb or option nearest to the first word on the command line that is none; empty when none
/// is near (an edit distance over a third of its length).
std::string suggestion(const CLI::App& app, int argc, const char* const* argv);

}  // namespace chat::tools
