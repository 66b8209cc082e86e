#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config_file.hpp"

// What the configuration files say to a verb's options (docs/cli.md#configuration).

namespace chat::tools {

/// Adds --profile and --config (CHAT_PROFILE, CHAT_CONFIG): the verb's options may stand in a
/// configuration file.
void add_config_options(CLI::App& verb);
/// Whether they were added.
bool takes_settings(const CLI::App& verb);

/// "tail", "vhost create".
std::string path_of(const CLI::App& verb);

/// The files, and the profile in them, that a parsed command line chose. Errors are for people.
class Settings {
 public:
  /// `verb` has --profile and --config. Wrong are: a file that cannot be read or is none, headings
  /// that name no verb, a profile that is in no file.
  static tl::expected<Settings, std::string> open(const CLI::App& verb);

  /// What the files say to each option of `verb`, the nearest only: a profile before what is
  /// outside of profiles, the verb's own table before what all share, the user's file before the
  /// system's. Wrong are keys that no option has, and values of the wrong kind.
  tl::expected<std::map<const CLI::Option*, Setting>, std::string> of(const CLI::App& verb) const;

  /// Those that were read, the nearest first; none is no error.
  const std::vector<ConfigFile>& files() const noexcept { return files_; }

 private:
  std::vector<ConfigFile> files_;
  std::string profile_;
};

/// Fills the options of `verb` that neither the command line nor the environment gave. An error is
/// for people.
tl::expected<void, std::string> apply_settings(CLI::App& verb);

}  // namespace chat::tools
