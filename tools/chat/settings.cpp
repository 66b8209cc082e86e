#include "settings.hpp"

#include <unistd.h>

#include <algorithm>

#include "chat/base/text.hpp"
#include "help.hpp"
#include "suggest.hpp"
#include "usage_error.hpp"

namespace chat::tools {
namespace {

constexpr const char* kGroup = "Configuration";

std::string quoted(const std::string& word) { return "\"" + base::escape_for_log(word) + "\""; }

std::vector<CLI::App*> verbs_below(const CLI::App& app) {
  std::vector<CLI::App*> verbs;
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    verbs.push_back(const_cast<CLI::App*>(verb));
  }
  return verbs;
}

const CLI::App& root_of(const CLI::App& verb) {
  return verb.get_parent() == nullptr ? verb : root_of(*verb.get_parent());
}

/// Keys outside of a verb's table are for those that speak to a chat server.
bool shares_settings(const CLI::App& verb) {
  return takes_settings(verb) && verb.get_option_no_throw("--url") != nullptr;
}

std::vector<std::string> keys_of(const CLI::Option& option) {
  auto keys = option.get_lnames();
  keys.insert(keys.end(), option.get_snames().begin(), option.get_snames().end());
  return keys;
}

bool may_be_set(const CLI::App& verb, const CLI::Option& option) {
  return &option != verb.get_help_ptr() && option.get_group() != kGroup && !option.get_positional();
}

/// nullptr: the verb has no such option. Words in place of options are none.
const CLI::Option* option_of(const CLI::App& verb, const std::string& key) {
  for (const auto* option : verb.get_options()) {
    const auto keys = keys_of(*option);
    if (may_be_set(verb, *option) && std::find(keys.begin(), keys.end(), key) != keys.end()) {
      return option;
    }
  }
  return nullptr;
}

std::vector<std::string> all_keys(const CLI::App& verb) {
  std::vector<std::string> all;
  for (const auto* option : verb.get_options()) {
    if (!may_be_set(verb, *option)) continue;
    const auto keys = keys_of(*option);
    all.insert(all.end(), keys.begin(), keys.end());
  }
  return all;
}

bool is_switch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }
bool may_repeat(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

/// Empty, or why the value is none for the option.
std::string problem_of_kind(const Setting& setting, const CLI::Option& option) {
  if (is_switch(option) && setting.kind != Setting::Kind::boolean) return " is true or false";
  if (!is_switch(option) && setting.kind == Setting::Kind::boolean) {
    return " is a " + value_name(option) + ", not true or false";
  }
  if (!may_repeat(option) && setting.kind == Setting::Kind::list) return " is one value, no list";
  if (setting.values.empty()) return " is a list of nothing; leave it out";
  return {};
}

/// Where a verb looks for its options, the nearest first.
std::vector<std::vector<std::string>> tables_of(const CLI::App& verb, const std::string& profile) {
  std::vector<std::vector<std::string>> names;
  for (const CLI::App* part = &verb; part->get_parent() != nullptr; part = part->get_parent()) {
    for (auto& longer : names) longer.insert(longer.begin(), part->get_name());
    // The table of a verb that has options of its own is for these.
    if (part == &verb || !takes_settings(*part)) names.push_back({part->get_name()});
  }
  // {create}, {vhost} became {vhost, create}, {vhost}.
  if (shares_settings(verb)) names.emplace_back();
  std::vector<std::vector<std::string>> tables;
  if (!profile.empty()) {
    for (auto table : names) {
      table.insert(table.begin(), {"profile", profile});
      tables.push_back(std::move(table));
    }
  }
  tables.insert(tables.end(), names.begin(), names.end());
  return tables;
}

/// Empty, or which part of a heading is no verb.
std::string problem_of_table(const Setting& setting, const CLI::App& root) {
  const bool in_profile = !setting.table.empty() && setting.table.front() == "profile";
  if (in_profile && setting.table.size() == 1) {
    return setting.place + ": " + quoted(setting.key) +
           " stands outside of a profile: [profile.NAME] comes before it";
  }
  const CLI::App* verb = &root;
  for (std::size_t i = in_profile ? 2 : 0; i < setting.table.size(); ++i) {
    std::vector<std::string> names;
    const CLI::App* found = nullptr;
    for (const auto* below : verbs_below(*verb)) {
      names.push_back(below->get_name());
      if (below->get_name() == setting.table[i]) found = below;
    }
    if (found == nullptr) {
      return setting.place + ": there is no verb " + quoted(setting.table[i]) + " for " +
             quoted(setting.key) + did_you_mean(setting.table[i], names);
    }
    verb = found;
  }
  return {};
}

/// `whose`: " of chat tail".
std::string unknown_key(const Setting& setting, const std::string& whose,
                        const std::vector<std::string>& keys) {
  return setting.place + ": there is no option " + quoted(setting.key) + whose +
         did_you_mean(setting.key, keys);
}

/// Empty when another verb that shares the key has the option.
std::string problem_of_shared_key(const Setting& setting, const CLI::App& root) {
  std::vector<std::string> all;
  for (const auto* verb : verbs_below(root)) {
    if (!shares_settings(*verb)) continue;
    if (option_of(*verb, setting.key) != nullptr) return {};
    const auto keys = all_keys(*verb);
    all.insert(all.end(), keys.begin(), keys.end());
  }
  return unknown_key(setting, {}, all);
}

std::string problem_of_key(const Setting& setting, const CLI::App& verb,
                           const std::vector<std::string>& table) {
  const bool is_shared = table.empty() || (table.size() == 2 && table.front() == "profile");
  if (is_shared) return problem_of_shared_key(setting, root_of(verb));
  // [vhost] is for all the verbs below it, which differ.
  const bool is_above = table.back() != verb.get_name();
  std::vector<std::string> all = all_keys(verb);
  if (is_above) {
    for (const auto* beside : verbs_below(*verb.get_parent())) {
      if (option_of(*beside, setting.key) != nullptr) return {};
    }
  }
  return unknown_key(setting, " of chat " + path_of(is_above ? *verb.get_parent() : verb), all);
}

std::string given(const CLI::App& verb, const std::string& option) {
  const auto& words = verb.get_option(option)->results();
  return words.empty() ? std::string() : words.back();
}

void fill(CLI::Option& option, const Setting& setting) {
  for (const auto& value : setting.values) {
    option.add_result(is_switch(option) ? option.get_flag_value(setting.key, value) : value);
  }
  option.run_callback();
}

}  // namespace

void add_config_options(CLI::App& verb) {
  verb.add_option("--profile", "The configuration's [profile.NAME], before what is outside of it")
      ->type_name("NAME")
      ->group(kGroup)
      ->envname("CHAT_PROFILE");
  verb.add_option("--config",
                  "This file only, instead of ~/.config/chat/config.toml and the system's")
      ->type_name("FILE")
      ->group(kGroup)
      ->envname("CHAT_CONFIG");
}

bool takes_settings(const CLI::App& verb) {
  return verb.get_option_no_throw("--profile") != nullptr;
}

std::string path_of(const CLI::App& verb) {
  const auto* above = verb.get_parent();
  const bool is_top = above == nullptr || above->get_parent() == nullptr;
  return is_top ? verb.get_name() : path_of(*above) + " " + verb.get_name();
}

tl::expected<Settings, std::string> Settings::open(const CLI::App& verb) {
  Settings made;
  made.profile_ = given(verb, "--profile");
  const auto only = given(verb, "--config");
  const auto paths = only.empty() ? config_paths() : std::vector<std::string>{only};
  std::vector<std::string> profiles;
  for (const auto& path : paths) {
    if (only.empty() && ::access(path.c_str(), F_OK) != 0) continue;
    auto file = ConfigFile::read(path);
    if (!file) return tl::unexpected(file.error());
    for (const auto& setting : file->settings) {
      auto problem = problem_of_table(setting, root_of(verb));
      if (!problem.empty()) return tl::unexpected(std::move(problem));
    }
    profiles.insert(profiles.end(), file->profiles.begin(), file->profiles.end());
    made.files_.push_back(std::move(*file));
  }
  if (!made.profile_.empty() &&
      std::find(profiles.begin(), profiles.end(), made.profile_) == profiles.end()) {
    return tl::unexpected("there is no [profile." + base::escape_for_log(made.profile_) + "] in " +
                          (paths.empty() ? "any file" : base::escape_for_log(paths.front())) +
                          did_you_mean(made.profile_, profiles));
  }
  return made;
}

tl::expected<std::map<const CLI::Option*, Setting>, std::string> Settings::of(
    const CLI::App& verb) const {
  std::map<const CLI::Option*, Setting> nearest_of;
  const auto tables = tables_of(verb, profile_);
  for (const auto& file : files_) {
    for (const auto& table : tables) {
      for (const auto& setting : file.settings) {
        if (setting.table != table) continue;
        const auto* option = option_of(verb, setting.key);
        auto problem = option == nullptr ? problem_of_key(setting, verb, table)
                                         : problem_of_kind(setting, *option);
        if (!problem.empty()) {
          return tl::unexpected(option == nullptr
                                    ? std::move(problem)
                                    : setting.place + ": " + quoted(setting.key) + problem);
        }
        if (option != nullptr) nearest_of.emplace(option, setting);
      }
    }
  }
  return nearest_of;
}

tl::expected<void, std::string> apply_settings(CLI::App& verb) {
  const auto settings = Settings::open(verb);
  if (!settings) return tl::unexpected(settings.error());
  const auto nearest_of = settings->of(verb);
  if (!nearest_of) return tl::unexpected(nearest_of.error());
  for (const auto& [option, setting] : *nearest_of) {
    if (option->count() > 0) continue;
    try {
      fill(*verb.get_option(option->get_name()), setting);
    } catch (const CLI::ParseError& error) {
      const auto wrong = value_error(verb, error);
      return tl::unexpected(setting.place + ": " +
                            (wrong ? quoted(setting.key) + wrong->what : error.what()));
    }
  }
  return {};
}

}  // namespace chat::tools
