#include "usage_error.hpp"

#include <cstdlib>

#include "chat/base/text.hpp"
#include "help.hpp"
#include "suggest.hpp"

namespace chat::tools {
namespace {

std::string quoted(const std::string& word) { return "\"" + base::escape_unprintable(word) + "\""; }

/// The library begins with the option's name, or has it before the value.
const CLI::Option* option_of(const CLI::App& verb, const std::string& text) {
  for (const auto* option : verb.get_options()) {
    const auto& name = option->get_name();
    const bool is_first = text.rfind(name + ": ", 0) == 0;
    if (is_first || text.rfind("Could not convert: " + name + " = ", 0) == 0) return option;
  }
  return nullptr;
}

std::string what_it_takes(const CLI::Option& option, const CLI::ParseError& error) {
  if (error.get_name() == "ValidationError") {
    return std::string(error.what()).substr(option.get_name().size() + 2);
  }
  const auto name = value_name(option);
  return name.empty() ? "true or false, or no value" : "a " + name;
}

/// Behind "chat rooms: ".
std::string unknown_option(const CLI::App& verb, const UnknownWord& unknown) {
  const auto* option = verb.get_option_no_throw(unknown.word);
  if (option == nullptr) {
    return "unknown option " + quoted(unknown.word) +
           (unknown.nearest.empty() ? "" : "; did you mean " + quoted(unknown.nearest) + "?");
  }
  const auto value = value_name(*option);
  return quoted(unknown.word) + " belongs behind the verb: " + command_of(verb) + " " +
         unknown.word + (value.empty() ? "" : " " + value);
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string unexpected_words(const CLI::App& verb) {
  std::string words;
  for (const auto& word : verb.remaining()) words += (words.empty() ? "" : " ") + quoted(word);
  return words.empty() ? "there is a word too many" : "not expected: " + words;
}

std::string variable_of(const ValueError& wrong) {
  const auto& name = wrong.option->get_envname();
  const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value != nullptr && !wrong.given.empty() && std::string(value) == wrong.given
             ? "$" + name + ": "
             : std::string();
}

}  // namespace

const CLI::App& chosen_verb(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_verb(*chosen.front());
}

std::string command_of(const CLI::App& verb) {
  const auto* above = verb.get_parent();
  return above == nullptr ? verb.get_name() : command_of(*above) + " " + verb.get_name();
}

std::optional<ValueError> value_error(const CLI::App& verb, const CLI::ParseError& error) {
  const std::string kind = error.get_name();
  const bool is_of_value =
      kind == "ValidationError" || kind == "ConversionError" || kind == "ArgumentMismatch";
  const auto* option = is_of_value ? option_of(verb, error.what()) : nullptr;
  if (option == nullptr) return std::nullopt;
  const auto& words = option->results();
  if (kind == "ArgumentMismatch") {
    const bool is_missing = words.empty() || words.size() < 2;
    if (const auto most = option->get_expected_max(); most > 1 && !is_missing) {
      return ValueError{option,
                        {},
                        " is given " + std::to_string(words.size()) + " times; it takes at most " +
                            std::to_string(most)};
    }
    return ValueError{option,
                      {},
                      is_missing ? " has no " + value_name(*option) + " behind it"
                                 : " is given " + std::to_string(words.size()) +
                                       " times; it takes one " + value_name(*option)};
  }
  const auto given = words.empty() ? std::string() : words.back();
  return ValueError{option, given,
                    " takes " + what_it_takes(*option, error) + ", not " + quoted(given)};
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error, int argc,
                        const char* const* argv) {
  const auto& verb = chosen_verb(app);
  if (const auto unknown = unknown_word(app, argc, argv)) {
    if (unknown->is_option) return unknown_option(verb, *unknown);
    return "unknown " + unknown->title + " " + quoted(unknown->word) +
           (unknown->nearest.empty() ? "" : "; did you mean " + quoted(unknown->nearest) + "?");
  }
  const auto verbs = listed(verb_names(verb));
  if (!verbs.empty() && error.get_name() == "RequiredError") {
    const auto [title, words] = own_words(verb);
    const auto first =
        words.empty() ? std::string() : "a " + title + " is missing: " + listed(words);
    return first.empty() ? "a verb is missing: " + verbs : first + "; or a verb: " + verbs;
  }
  if (const auto wrong = value_error(verb, error)) {
    return variable_of(*wrong) + wrong->option->get_name() + wrong->what;
  }
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
    return unexpected_words(verb);
  return error.what();
}

}  // namespace chat::tools
