#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "help.hpp"
#include "output.hpp"
#include "suggest.hpp"
#include "verb.hpp"

namespace chat::tools {
namespace {

struct Word {
  std::string text;
  std::string about;
  bool has_value = false;
  std::vector<std::string> values;  ///< those that it takes; empty: any, or none
};

/// One verb, or `chat` itself, or a verb behind one of its own words: what may stand behind it.
struct Place {
  std::vector<std::string> path;  ///< "chat", "vhost", "create"
  std::vector<Word> words;        ///< its own words, then its verbs
  std::vector<std::string> verbs;
  std::vector<Word> options;
  std::vector<std::string> steps;  ///< words of the command line that lead here from the one before
  bool is_behind_word = false;     ///< own words lead here, not a verb
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Place place_of(const CLI::App& app, const std::vector<std::string>& path) {
  Place place;
  place.path = path;
  place.steps = {path.back()};
  for (auto& word : own_words(app).words) place.words.push_back({std::move(word), {}, false, {}});
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    place.words.push_back({verb->get_name(), first_line(verb->get_description()), false, {}});
  }
  place.verbs = verb_names(app);
  for (const auto* option : app.get_options()) {
    const bool has_value = option->get_items_expected_max() != 0;
    const Word word{{}, first_line(option->get_description()), has_value, words_of(*option)};
    for (const auto& name : option->get_lnames()) {
      place.options.push_back(word);
      place.options.back().text = "--" + name;
    }
    for (const auto& name : option->get_snames()) {
      place.options.push_back(word);
      place.options.back().text = "-" + name;
    }
  }
  return place;
}

void collect(const CLI::App& app, std::vector<std::string> path, std::vector<Place>& places) {
  path.push_back(app.get_name());
  places.push_back(place_of(app, path));
  if (auto own = own_words(app); !own.words.empty()) {
    Place behind = places.back();
    behind.path.push_back(own.title);
    behind.words.clear();
    behind.verbs.clear();
    behind.steps = std::move(own.words);
    behind.is_behind_word = true;
    places.push_back(std::move(behind));
  }
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    collect(*verb, path, places);
  }
}

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string texts_of(const std::vector<Word>& words, bool with_value_only = false) {
  std::vector<std::string> texts;
  for (const auto& word : words) {
    if (word.has_value || !with_value_only) texts.push_back(word.text);
  }
  return joined(texts);
}

/// "--color=auto,always,never" of each option that takes no other words.
std::string values_of(const std::vector<Word>& options) {
  std::vector<std::string> texts;
  for (const auto& option : options) {
    if (!option.values.empty()) texts.push_back(option.text + "=" + joined(option.values, ","));
  }
  return joined(texts);
}

/// For a shell, between single quotes.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The branches of a `case` for bash and zsh: which words lead from a place to the next.
std::string steps_of(const std::vector<Place>& places) {
  std::string text;
  for (const auto& place : places) {
    if (place.path.size() < 2) continue;
    const std::string before = joined({place.path.begin(), place.path.end() - 1}) + " ";
    std::string pattern;
    for (const auto& step : place.steps) {
      pattern += (pattern.empty() ? "" : "|") + in_quotes(before + step);
    }
    text += "      (" + pattern + ") place=" + in_quotes(joined(place.path)) + " ;;\n";
  }
  return text;
}

std::string bash(const std::vector<Place>& places) {
  std::string out =
      "# bash completion for chat: source <(chat completion bash)\n"
      "_chat() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} place=chat "
      "word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$place $word\" in\n" +
      steps_of(places) +
      "    esac\n"
      "  done\n"
      "  local verbs= options= valued= values=\n"
      "  case $place in\n";
  for (const auto& place : places) {
    out += "    " + in_quotes(joined(place.path)) + ") verbs=" + in_quotes(texts_of(place.words)) +
           " options=" + in_quotes(texts_of(place.options)) +
           " valued=" + in_quotes(texts_of(place.options, true)) +
           " values=" + in_quotes(values_of(place.options)) + " ;;\n";
  }
  return out +
         "  esac\n"
         "  COMPREPLY=()\n"
         "  case \" $valued \" in *\" $before \"*)\n"
         "    for word in $values; do\n"
         "      [[ ${word%%=*} == \"$before\" ]] || continue\n"
         "      word=${word#*=}\n"
         "      mapfile -t COMPREPLY < <(compgen -W \"${word//,/ }\" -- \"$current\")\n"
         "    done\n"
         "    return ;;\n"
         "  esac\n"
         "  case $current in\n"
         "    -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\") ;;\n"
         "    *) mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$current\") ;;\n"
         "  esac\n"
         "}\n"
         "complete -o default -F _chat chat\n";
}

/// "word:about", as zsh's _describe has it.
std::string described(const std::vector<Word>& words) {
  std::string text;
  for (const auto& word : words) {
    std::string about;
    for (const char c : word.about)
      about += c == ':' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    text += " " + in_quotes(about.empty() ? word.text : word.text + ":" + about);
  }
  return text;
}

std::string zsh(const std::vector<Place>& places) {
  std::string out =
      "#compdef chat\n"
      "# zsh completion for chat: chat completion zsh > \"${fpath[1]}/_chat\"\n"
      "_chat() {\n"
      "  local place=chat word\n"
      "  local -a verbs options valued values\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$place $word\" in\n" +
      steps_of(places) +
      "    esac\n"
      "  done\n"
      "  case $place in\n";
  for (const auto& place : places) {
    out += "    (" + in_quotes(joined(place.path)) + ") verbs=(" + described(place.words) +
           " ) options=(" + described(place.options) + " ) valued=( " +
           texts_of(place.options, true) + " ) values=( " + values_of(place.options) + " ) ;;\n";
  }
  return out +
         "  esac\n"
         "  if (( ${valued[(Ie)${words[CURRENT-1]}]} )); then\n"
         "    word=${${values[(r)${words[CURRENT-1]}=*]}#*=}\n"
         "    if [[ -n $word ]]; then compadd -- ${(s:,:)word}; else _files; fi\n"
         "  elif [[ ${words[CURRENT]} == -* ]]; then\n"
         "    _describe -o option options\n"
         "  elif (( ${#verbs} )); then\n"
         "    _describe verb verbs\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _chat ]; then _chat \"$@\"; else compdef _chat chat; fi\n";
}

/// The end of a line of fish for an option: what it takes.
std::string fish_value(const Word& option) {
  if (!option.has_value) return {};
  return option.values.empty() ? " -r -F" : " -x -a " + in_quotes(joined(option.values));
}

/// When fish is at a place; empty: always.
std::string fish_condition(const Place& place) {
  std::string condition;
  for (std::size_t i = 1; i < place.path.size(); ++i) {
    condition += (i > 1 ? "; and " : "") + ("__fish_seen_subcommand_from " + place.path[i]);
  }
  return condition;
}

std::string fish_options(const Place& place, const std::string& condition) {
  std::string out;
  for (const auto& option : place.options) {
    const bool is_long = option.text.rfind("--", 0) == 0;
    out += "complete -c chat";
    if (!condition.empty()) out += " -n " + in_quotes(condition);
    out += is_long ? " -l " + option.text.substr(2) : " -s " + option.text.substr(1);
    out += fish_value(option) + " -d " + in_quotes(option.about) + "\n";
  }
  return out;
}

std::string fish(const std::vector<Place>& places) {
  std::string out =
      "# fish completion for chat: chat completion fish > ~/.config/fish/completions/chat.fish\n";
  for (const auto& place : places) {
    if (place.is_behind_word) continue;  // fish sees the verb before it
    std::string condition = fish_condition(place);
    const std::string and_then = condition.empty() ? "" : condition + "; and ";
    const std::string none_yet =
        and_then + "not __fish_seen_subcommand_from " + texts_of(place.words);
    for (const auto& verb : place.words) {
      out += "complete -c chat -f -n " + in_quotes(none_yet) + " -a " + in_quotes(verb.text);
      out += verb.about.empty() ? "\n" : " -d " + in_quotes(verb.about) + "\n";
    }
    if (!condition.empty() && !place.verbs.empty()) {
      condition += "; and not __fish_seen_subcommand_from " + joined(place.verbs);
    }
    out += fish_options(place, condition);
  }
  return out;
}

}  // namespace

void add_completion(CLI::App& app, Run& run) {
  auto shell = std::make_shared<std::string>();
  auto* verb =
      app.add_subcommand("completion", "Print what a shell needs to complete chat's words");
  verb->formatter(std::make_shared<HelpFormatter>(
      "  source <(chat completion bash)      in ~/.bashrc\n"
      "  chat completion zsh > \"${fpath[1]}/_chat\"\n"
      "  chat completion fish > ~/.config/fish/completions/chat.fish\n"));
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->type_name("")
      ->required()
      ->check(one_of({"bash", "zsh", "fish"}));
  verb->parse_complete_callback([shell, &app, &run] {
    run = [shell, &app] {
      std::vector<Place> places;
      collect(app, {}, places);
      const auto text = *shell == "bash"  ? bash(places)
                        : *shell == "zsh" ? zsh(places)
                                          : fish(places);
      return print("chat completion", text);
    };
  });
}

}  // namespace chat::tools
