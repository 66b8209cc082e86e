#include <memory>
#include <string>
#include <vector>

#include "checks.hpp"
#include "help.hpp"
#include "output.hpp"
#include "verb.hpp"

namespace chat::tools {
namespace {

struct Word {
  std::string text;
  std::string about;
  bool has_value = false;
};

/// One verb, or `chat` itself: what may stand behind it.
struct Place {
  std::vector<std::string> path;  ///< "chat", "vhost", "create"
  std::vector<Word> verbs;
  std::vector<Word> options;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Place place_of(const CLI::App& app, const std::vector<std::string>& path) {
  Place place;
  place.path = path;
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    place.verbs.push_back({verb->get_name(), first_line(verb->get_description()), false});
  }
  for (const auto* option : app.get_options()) {
    const bool has_value = option->get_type_size() != 0;
    for (const auto& name : option->get_lnames()) {
      place.options.push_back({"--" + name, first_line(option->get_description()), has_value});
    }
    for (const auto& name : option->get_snames()) {
      place.options.push_back({"-" + name, first_line(option->get_description()), has_value});
    }
  }
  return place;
}

void collect(const CLI::App& app, std::vector<std::string> path, std::vector<Place>& places) {
  path.push_back(app.get_name());
  places.push_back(place_of(app, path));
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    collect(*verb, path, places);
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string texts_of(const std::vector<Word>& words, bool with_value_only = false) {
  std::vector<std::string> texts;
  for (const auto& word : words) {
    if (word.has_value || !with_value_only) texts.push_back(word.text);
  }
  return joined(texts);
}

/// For a shell, between single quotes.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The pattern of a `case` with all verbs: which words go on along the path.
std::string paths_of(const std::vector<Place>& places) {
  std::string text;
  for (const auto& place : places) {
    if (place.path.size() > 1) text += (text.empty() ? "" : "|") + in_quotes(joined(place.path));
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
      "    case \"$place $word\" in\n"
      "      " +
      paths_of(places) +
      ") place=\"$place $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  local verbs= options= valued=\n"
      "  case $place in\n";
  for (const auto& place : places) {
    out += "    " + in_quotes(joined(place.path)) + ") verbs=" + in_quotes(texts_of(place.verbs)) +
           " options=" + in_quotes(texts_of(place.options)) +
           " valued=" + in_quotes(texts_of(place.options, true)) + " ;;\n";
  }
  return out +
         "  esac\n"
         "  COMPREPLY=()\n"
         "  case \" $valued \" in *\" $before \"*) return ;; esac\n"
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
    text += " " + in_quotes(word.text + ":" + about);
  }
  return text;
}

std::string zsh(const std::vector<Place>& places) {
  std::string out =
      "#compdef chat\n"
      "# zsh completion for chat: chat completion zsh > \"${fpath[1]}/_chat\"\n"
      "_chat() {\n"
      "  local place=chat word\n"
      "  local -a verbs options\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$place $word\" in\n"
      "      (" +
      paths_of(places) +
      ") place=\"$place $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case $place in\n";
  for (const auto& place : places) {
    out += "    (" + in_quotes(joined(place.path)) + ") verbs=(" + described(place.verbs) +
           " ) options=(" + described(place.options) + " ) ;;\n";
  }
  return out +
         "  esac\n"
         "  if [[ ${words[CURRENT]} == -* ]]; then\n"
         "    _describe -o option options\n"
         "  elif (( ${#verbs} )); then\n"
         "    _describe verb verbs\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _chat ]; then _chat \"$@\"; else compdef _chat chat; fi\n";
}

std::string fish(const std::vector<Place>& places) {
  std::string out =
      "# fish completion for chat: chat completion fish > ~/.config/fish/completions/chat.fish\n";
  for (const auto& place : places) {
    std::string condition;
    for (std::size_t i = 1; i < place.path.size(); ++i) {
      condition += (i > 1 ? "; and " : "") + ("__fish_seen_subcommand_from " + place.path[i]);
    }
    if (!place.verbs.empty()) {
      std::string none_yet = "not __fish_seen_subcommand_from " + texts_of(place.verbs);
      if (!condition.empty()) none_yet = condition + "; and " + none_yet;
      for (const auto& verb : place.verbs) {
        out += "complete -c chat -f -n " + in_quotes(none_yet) + " -a " + in_quotes(verb.text) +
               " -d " + in_quotes(verb.about) + "\n";
      }
    }
    for (const auto& option : place.options) {
      const bool is_long = option.text.rfind("--", 0) == 0;
      out += "complete -c chat";
      if (!condition.empty()) out += " -n " + in_quotes(condition);
      out += is_long ? " -l " + option.text.substr(2) : " -s " + option.text.substr(1);
      out += (option.has_value ? " -r -d " : " -d ") + in_quotes(option.about) + "\n";
    }
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
