#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace chat::tools {

/// A word on the command line that is neither verb nor option.
struct UnknownWord {
  std::string word;
  std::string nearest;  ///< what may have been meant; empty when nothing is near (an edit distance
                        ///< over a third of its length)
  bool is_option = false;
};
/// The first one; nullopt when there is none.
std::optional<UnknownWord> unknown_word(const CLI::App& app, int argc, const char* const* argv);

}  // namespace chat::tools
