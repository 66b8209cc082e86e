#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace chat::tools {

/// A key of a configuration file (TOML 1.0, toml.io) and its value.
struct Setting {
  enum class Kind { word, boolean, list };

  std::vector<std::string> table;  ///< {"profile", "work", "tail"}; empty before the first heading
  std::string key;
  Kind kind = Kind::word;
  std::vector<std::string> values;  ///< as the command line would have them; one but for a list
  std::string place;                ///< "FILE:LINE"
};

struct ConfigFile {
  std::string path;
  std::vector<Setting> settings;      ///< every key
  std::vector<std::string> profiles;  ///< "work" for [profile.work], even an empty one

  /// The error is for people: which file, which line, what is wrong. At most 1 MiB is read.
  static tl::expected<ConfigFile, std::string> read(const std::string& path);
};

/// Where configuration files may be, the nearest first: $XDG_CONFIG_HOME/chat/config.toml, then the
/// same in each of $XDG_CONFIG_DIRS, with the defaults of the XDG Base Directory Specification 0.8.
std::vector<std::string> config_paths();

}  // namespace chat::tools
