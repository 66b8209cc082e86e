#include "suggest.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "chat/base/text.hpp"

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

std::optional<UnknownWord> unknown_word(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* verb = &app;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--") return std::nullopt;
    const bool is_option = is_option_word(word);
    if (is_option && word[1] != '-') word.resize(2);  // -n5
    if (is_option) word = word.substr(0, word.find('='));
    const auto below = verb->get_subcommands([](const CLI::App*) { return true; });
    if (!is_option && below.empty()) continue;
    std::vector<std::string> candidates;
    if (is_option) candidates = option_names(*verb);
    for (const auto* sub : below) {
      if (is_option) break;
      if (sub->get_name() == word) verb = sub;
      candidates.push_back(sub->get_name());
    }
    const auto known = std::find(candidates.begin(), candidates.end(), word);
    const bool may_be_argument = !is_option && verb->get_require_subcommand_min() == 0;
    if (known == candidates.end() && !may_be_argument) {
      // Of single letters each is near each.
      const auto near = is_option && word.size() == 2 ? std::string() : nearest(word, candidates);
      return UnknownWord{word, near, is_option};
    }
  }
  return std::nullopt;
}

}  // namespace chat::tools
