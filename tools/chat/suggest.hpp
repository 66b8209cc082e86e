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

/// The words that may stand where a verb below `app` would, as scenarios of `chat bench` do, and
/// what they are called ("scenario"); none where a verb takes no words or any.
struct OwnWords {
  std::string title;
  std::vector<std::string> words;
};
OwnWords own_words(const CLI::App& app);

/// A word on the command line that is neither verb nor option.
struct UnknownWord {
  std::string word;
  std::string nearest;  ///< of those that would be right
  std::string title;    ///< what it should be: "verb", "scenario or verb", "option"
  bool is_option = false;
};
/// The first one; nullopt when there is none.
std::optional<UnknownWord> unknown_word(const CLI::App& app, int argc, const char* const* argv);

}  // namespace chat::tools
