#include "suggest.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/text.hpp"
#include "checks.hpp"

namespace chat::tools {
namespace {

/// No name is longer.
constexpr std::size_t kLongest = 64;

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

/// As the library has it: "-1" is a value.
bool is_option_word(const std::string& word) {
  return word.rfind("--", 0) == 0 || (word.size() > 1 && word[0] == '-' &&
                                      std::isalpha(static_cast<unsigned char>(word[1])) != 0);
}

/// Goes along a command line, from verb to verb.
class Walk {
 public:
  explicit Walk(const CLI::App& app) : verb_(&app) {}

  /// The next word; what is wrong with it.
  std::optional<UnknownWord> take(const std::string& word) {
    if (is_option_word(word)) return take_option(word);
    if (std::exchange(is_value_, false) || is_at_end_) return std::nullopt;
    for (const auto* below : verb_->get_subcommands([](const CLI::App*) { return true; })) {
      if (below->get_name() != word) continue;
      verb_ = below;
      is_at_end_ = verb_names(*below).empty();
      return std::nullopt;
    }
    const auto [title, words] = own_words(*verb_);
    is_at_end_ = std::find(words.begin(), words.end(), word) != words.end();
    if (is_at_end_) return std::nullopt;
    auto candidates = words;
    for (auto& name : verb_names(*verb_)) candidates.push_back(std::move(name));
    return UnknownWord{word, nearest(word, candidates), words.empty() ? "verb" : title + " or verb",
                       false};
  }

 private:
  std::optional<UnknownWord> take_option(std::string word) {
    const bool is_short = word[1] != '-';
    const bool has_value = is_short ? word.size() > 2 : word.find('=') != std::string::npos;
    word.resize(is_short ? 2 : std::min(word.find('='), word.size()));
    const auto candidates = option_names(*verb_);
    if (std::find(candidates.begin(), candidates.end(), word) == candidates.end()) {
      // Of single letters each is near each.
      return UnknownWord{word, is_short ? std::string() : nearest(word, candidates), "option",
                         true};
    }
    is_value_ = !has_value && verb_->get_option(word)->get_items_expected_max() > 0;
    return std::nullopt;
  }

  const CLI::App* verb_;
  bool is_value_ = false;   // the next word is an option's
  bool is_at_end_ = false;  // no verbs are below
};

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.size() > kLongest) return {};
  std::string best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const auto& candidate : candidates) {
    const bool is_begun = word.size() > 3 && candidate.rfind(word, 0) == 0;
    const auto away = is_begun ? 1 : base::edit_distance(word, candidate);
    if (away == 0) return {};
    if (away > best_distance || (away == best_distance && !best.empty())) continue;
    best = candidate;
    best_distance = away;
  }
  return best;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const auto near = nearest(word, candidates);
  return near.empty() ? std::string() : "; did you mean \"" + base::escape_for_log(near) + "\"?";
}

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

OwnWords own_words(const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    if (!option->get_positional()) continue;
    auto words = words_of(*option);
    if (words.empty()) continue;
    std::string title = option->get_name();
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return {std::move(title), std::move(words)};
  }
  return {};
}

std::optional<UnknownWord> unknown_word(const CLI::App& app, int argc, const char* const* argv) {
  Walk walk(app);
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    if (auto unknown = walk.take(argv[i])) return unknown;
  }
  return std::nullopt;
}

}  // namespace chat::tools
