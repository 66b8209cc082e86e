#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace chat::tools {

/// What may have been meant by `word`; empty when nothing is near (an edit distance over a third of
/// its length), or it is one of them.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// "; did you mean "tail"?", or nothing when nothing is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

/// The names of the verbs below `app`.
std::vector<std::string> verb_names(const CLI::App& app);

/// A word on the command line that is neither verb nor option.
struct UnknownWord {
  std::string word;
  std::string nearest;  ///< of those that would be right
  bool is_option = false;
};
/// The first one; nullopt when there is none.
std::optional<UnknownWord> unknown_word(const CLI::App& app, int argc, const char* const* argv);

}  // namespace chat::tools
