#include "config_file.hpp"

#include <toml++/toml.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "chat/base/text.hpp"

namespace chat::tools {
namespace {

/// A configuration is written by hand.
constexpr std::size_t kMostBytes = 1U << 20;
/// [profile.NAME.vhost.create] has four. Each is a table in the one before, and they are walked,
/// and taken down by the library, as deep as they stand.
constexpr std::size_t kMostParts = 32;

std::string place_of(const std::string& path, const toml::source_region& source) {
  return base::escape_for_log(path) + ":" + std::to_string(source.begin.line);
}

/// A string without its quotes; numbers and dates as TOML writes them.
std::string word_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  std::ostringstream out;
  node.visit([&out](const auto& value) { out << value; });
  return out.str();
}

/// Walks the tables of one file; stops at the first thing that no option can be.
class Reader {
 public:
  explicit Reader(ConfigFile& file) : file_(file) {}

  std::string problem;

  void read(const toml::table& table, const std::vector<std::string>& names) {
    for (const auto& [key, node] : table) {
      if (!problem.empty()) return;
      const std::string name(key.str());
      if (const auto* below = node.as_table()) {
        auto path = names;
        path.push_back(name);
        if (path.size() == 2 && path.front() == "profile") file_.profiles.push_back(name);
        read(*below, path);
      } else {
        add(names, name, node);
      }
    }
  }

 private:
  void add(const std::vector<std::string>& names, const std::string& key, const toml::node& node) {
    Setting setting{names, key, Setting::Kind::word, {}, place_of(file_.path, node.source())};
    if (const auto* list = node.as_array()) {
      setting.kind = Setting::Kind::list;
      for (const auto& value : *list) {
        if (value.is_table() || value.is_array() || value.is_boolean()) {
          problem = setting.place + ": \"" + base::escape_for_log(key) +
                    "\" is a list of words or numbers";
          return;
        }
        setting.values.push_back(word_of(value));
      }
    } else {
      if (node.is_boolean()) setting.kind = Setting::Kind::boolean;
      setting.values.push_back(word_of(node));
    }
    file_.settings.push_back(std::move(setting));
  }

  ConfigFile& file_;
};

tl::expected<std::string, std::string> text_of(const std::string& path) {
  const auto cannot = [&path](int why) {
    return tl::unexpected(base::escape_for_log(path) +
                          ": it cannot be read: " + std::strerror(why == 0 ? EIO : why));
  };
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open()) return cannot(errno);
  std::string text(kMostBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return cannot(errno);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMostBytes) {
    return tl::unexpected(base::escape_for_log(path) + ": it is larger than 1 MiB");
  }
  return text;
}

/// The first line with a key of too many parts; 0: there is none. Of a line, quotes are understood,
/// not what stands on several.
std::size_t line_with_deep_key(const std::string& text) {
  std::size_t line = 1;
  std::size_t dots = 0;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      dots = 0;
      quote = '\0';
    } else if (quote != '\0') {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (std::strchr("=,[]{}#", c) != nullptr) {
      dots = 0;
    } else if (c == '.' && ++dots >= kMostParts) {
      return line;
    }
  }
  return 0;
}

void add_path(std::vector<std::string>& paths, const std::string& directory) {
  if (!directory.empty() && directory.front() == '/')
    paths.push_back(directory + "/chat/config.toml");
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

tl::expected<ConfigFile, std::string> ConfigFile::read(const std::string& path) {
  const auto text = text_of(path);
  if (!text) return tl::unexpected(text.error());
  if (const auto line = line_with_deep_key(*text); line > 0) {
    return tl::unexpected(base::escape_for_log(path) + ":" + std::to_string(line) +
                          ": a key has more than " + std::to_string(kMostParts) + " parts");
  }
  ConfigFile file{path, {}, {}};
  Reader reader(file);
  try {
    reader.read(toml::parse(*text, path), {});
  } catch (const toml::parse_error& error) {
    return tl::unexpected(place_of(path, error.source()) +
                          ": it is not TOML: " + base::visible(error.description()));
  }
  if (!reader.problem.empty()) return tl::unexpected(reader.problem);
  return file;
}

std::vector<std::string> config_paths() {
  std::vector<std::string> paths;
  const auto home = variable("HOME");
  const auto own = variable("XDG_CONFIG_HOME");
  add_path(paths, !own.empty() && own.front() == '/' ? own
                  : home.empty()                     ? std::string()
                                                     : home + "/.config");
  const auto dirs = variable("XDG_CONFIG_DIRS");
  std::istringstream rest(dirs.empty() ? "/etc/xdg" : dirs);
  for (std::string directory; std::getline(rest, directory, ':');) add_path(paths, directory);
  return paths;
}

}  // namespace chat::tools
