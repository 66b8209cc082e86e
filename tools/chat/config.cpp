#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>

#include "chat/base/text.hpp"
#include "help.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "settings.hpp"
#include "suggest.hpp"
#include "text_table.hpp"
#include "verb.hpp"

namespace chat::tools {
namespace {

struct ShowOptions {
  std::vector<std::string> words;  ///< "vhost", "create"
  bool all = false;
  bool json = false;
};

/// An option with its value, and who gave it.
struct Shown {
  std::string verb;
  std::string option;  ///< without dashes, as a file has it
  std::vector<std::string> values;
  std::string from;  ///< "FILE:LINE", "$VARIABLE", "default"
};

void add_verbs(CLI::App& app, std::vector<CLI::App*>& verbs) {
  if (takes_settings(app)) verbs.push_back(&app);
  for (auto* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    add_verbs(*below, verbs);
  }
}

/// The verbs that `words` name; nullopt after it was said that there is none.
std::optional<std::vector<CLI::App*>> verbs_of(CLI::App& root,
                                               const std::vector<std::string>& words) {
  CLI::App* named = &root;
  for (const auto& word : words) {
    CLI::App* found = nullptr;
    for (auto* below : named->get_subcommands([](const CLI::App*) { return true; })) {
      if (below->get_name() == word) found = below;
    }
    if (found == nullptr) {
      std::fprintf(stderr, "chat config show: unknown verb \"%s\"%s\n",
                   base::escape_for_log(word).c_str(),
                   did_you_mean(word, verb_names(*named)).c_str());
      return std::nullopt;
    }
    named = found;
  }
  std::vector<CLI::App*> verbs;
  add_verbs(*named, verbs);
  return verbs;
}

std::string key_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_snames().front() : option.get_lnames().front();
}

std::string variable_of(const CLI::Option& option) {
  const char* value =
      option.get_envname().empty() ? nullptr : std::getenv(option.get_envname().c_str());
  return value == nullptr ? std::string() : value;
}

/// `delimiter` 0: one value.
std::vector<std::string> split(const std::string& text, char delimiter) {
  std::vector<std::string> values;
  std::istringstream rest(text);
  for (std::string value; std::getline(rest, value, delimiter);) values.push_back(value);
  return values;
}

/// An address with a password in it is refused by each verb, and not shown before.
std::string without_password(const std::string& value) {
  const auto scheme = value.find("://");
  if (scheme == std::string::npos) return value;
  const auto begin = scheme + 3;
  const auto at = value.substr(0, value.find('/', begin)).rfind('@');
  const auto colon = value.find(':', begin);
  if (at == std::string::npos || at < begin || colon > at) return value;
  return value.substr(0, colon + 1) + "***" + value.substr(at);
}

/// As a file would have it; none where nothing is the default.
std::vector<std::string> defaults_of(const CLI::Option& option) {
  const auto& text = option.get_default_str();
  const bool is_switch = option.get_items_expected_max() == 0;
  if (is_switch) return {text == "yes" ? "true" : "false"};
  if (option.get_items_expected_min() == 0) return {};  // that is for the option without a value
  return text.empty() ? std::vector<std::string>() : std::vector<std::string>{text};
}

/// What a verb would take for its options, were it called without any.
void add_shown(std::vector<Shown>& all, const CLI::App& verb,
               const std::map<const CLI::Option*, Setting>& nearest_of, bool defaults) {
  for (const auto* option : verb.get_options()) {
    if (option == verb.get_help_ptr() || option->get_positional()) continue;
    const auto set = nearest_of.find(option);
    Shown shown{path_of(verb), key_of(*option), {}, {}};
    if (const auto variable = variable_of(*option); !variable.empty()) {
      shown.values = split(variable, option->get_delimiter());
      shown.from = "$" + option->get_envname();
    } else if (set != nearest_of.end()) {
      shown.option = set->second.key;
      shown.values = set->second.values;
      shown.from = set->second.place;
    } else if (defaults) {
      shown.values = defaults_of(*option);
      shown.from = "default";
    } else {
      continue;
    }
    for (auto& value : shown.values) value = without_password(value);
    all.push_back(std::move(shown));
  }
}

std::string json_line(const Shown& shown) {
  std::string values;
  for (const auto& value : shown.values) values += (values.empty() ? "" : ",") + json_text(value);
  return "{\"verb\":" + json_text(shown.verb) + ",\"option\":" + json_text(shown.option) +
         ",\"values\":[" + values + "],\"from\":" + json_text(shown.from) + "}\n";
}

std::vector<std::string> row(const Shown& shown) {
  std::string values;
  for (const auto& value : shown.values) {
    values += (values.empty() ? "" : ", ") + base::escape_for_log(value);
  }
  return {shown.verb, shown.option, values, shown.from};
}

int fail(const std::string& problem) {
  std::fprintf(stderr, "chat config show: %s\n", problem.c_str());
  return kExitUsage;
}

int show(CLI::App& root, const CLI::App& verb, const ShowOptions& options) {
  const auto verbs = verbs_of(root, options.words);
  if (!verbs) return kExitUsage;
  const auto settings = Settings::open(verb);
  if (!settings) return fail(settings.error());
  std::vector<Shown> all;
  for (const auto* named : *verbs) {
    const auto nearest_of = settings->of(*named);
    if (!nearest_of) return fail(nearest_of.error());
    add_shown(all, *named, *nearest_of, options.all);
  }
  for (const auto& file : settings->files()) {
    std::fprintf(stderr, "chat config show: read %s\n", base::escape_for_log(file.path).c_str());
  }
  if (settings->files().empty()) {
    const auto paths = config_paths();
    std::fprintf(stderr, "chat config show: there is no file%s\n",
                 paths.empty() ? "" : (" " + base::escape_for_log(paths.front())).c_str());
  }
  std::string lines;
  std::vector<std::vector<std::string>> rows{{"VERB", "OPTION", "VALUE", "FROM"}};
  for (const auto& shown : all) {
    lines += json_line(shown);
    rows.push_back(row(shown));
  }
  const auto text = options.json ? lines : all.empty() ? std::string() : table_of(rows);
  return print("chat config show", text);
}

void add_show(CLI::App& config, CLI::App& app, Run& run) {
  auto options = std::make_shared<ShowOptions>();
  auto* verb = config.add_subcommand("show", "Print what files and environment set, and where");
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat config show\n"
                                      "  chat config show tail --profile work\n"
                                      "  chat config show serve --all\n"));
  verb->add_option("VERB", options->words, "Only what concerns this verb")->type_name("");
  verb->add_flag("--all", options->all, "All options, with their defaults");
  verb->add_flag("--json", options->json, "Print JSON, one object a line");
  add_config_options(*verb);
  verb->footer(
      "Files: $XDG_CONFIG_HOME/chat/config.toml, the same in $XDG_CONFIG_DIRS; the first one "
      "wins.\n"
      "Environment: CHAT_PROFILE, CHAT_CONFIG.\n"
      "Exit codes: 0 done, 1 failed, 2 a file is wrong, or the usage.\n"
      "More: docs/cli.md#configuration");
  verb->parse_complete_callback([options, verb, &app, &run] {
    run = [options, verb, &app] { return show(app, *verb, *options); };
  });
}

}  // namespace

void add_config(CLI::App& app, Run& run) {
  auto* verb = app.add_subcommand("config", "Show what the configuration files say");
  verb->require_subcommand(1);
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat config show\n"
                                      "  chat config show tail --profile work\n"));
  verb->footer("More: docs/cli.md#configuration");
  add_show(*verb, app, run);
  for (auto* below : verb->get_subcommands([](const CLI::App*) { return true; })) {
    below->group("Verbs");
  }
}

}  // namespace chat::tools
