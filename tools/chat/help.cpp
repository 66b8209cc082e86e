#include "help.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <sstream>

#include "chat/base/text.hpp"
#include "checks.hpp"
#include "output.hpp"
#include "suggest.hpp"
#include "verb.hpp"

namespace chat::tools {
namespace {

constexpr std::size_t kColumn = 36;  // where descriptions begin
constexpr std::size_t kWidth = 100;

/// `text` in lines of at most `width` characters (more only for a single long word).
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.push_back(word);
    } else {
      lines.back() += ' ' + word;
    }
  }
  return lines;
}

}  // namespace

std::string value_name(const CLI::Option& option) {
  if (option.get_type_size() == 0) return {};
  auto name = option.get_type_name();
  name.resize(std::min(name.find(':'), name.size()));
  return option.get_expected_min() > 0 || name.empty() ? name : "[" + name + "]";
}

HelpFormatter::HelpFormatter(std::string examples) : examples_(std::move(examples)) {
  column_width(kColumn);
  label("SUBCOMMAND", "VERB");
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  std::string out = app->get_description() + "\n\n" + make_usage(app, std::move(name));
  if (!examples_.empty()) out += "\nExamples:\n" + examples_;
  out += make_subcommands(app, mode);
  std::istringstream groups(make_positionals(app) + make_groups(app, mode));
  bool blank = false;  // the library puts two empty lines between groups
  for (std::string line; std::getline(groups, line); blank = line.empty()) {
    if (!line.empty() || !blank) out += line + "\n";
  }
  const auto rest = make_footer(app);
  if (!rest.empty()) out += "\n" + rest;
  return out;
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  const bool has_verbs = !verb_names(*app).empty();
  std::string words;
  for (const auto* option : app->get_options()) {
    if (option->get_positional()) words += " " + make_option_usage(option);
  }
  std::string usage = "Usage: " + name + " [OPTIONS]" + words;
  if (!words.empty() && has_verbs) usage += "\n       " + name;
  return usage + (has_verbs ? " VERB\n" : "\n");
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string name = make_option_name(option, is_positional);
  // The library's mark of a switch that turns something off.
  if (const auto mark = name.find("{false}"); mark != std::string::npos) name.erase(mark, 7);
  std::string out = "  " + name + make_option_opts(option);
  bool fits = out.size() + 2 <= kColumn;
  for (const auto& line : wrapped(make_option_desc(option), kWidth - kColumn)) {
    if (fits) {
      out.resize(out.size() + kColumn - (out.size() - (out.rfind('\n') + 1)), ' ');
    } else {
      out += '\n' + std::string(kColumn, ' ');
    }
    out += line;
    fits = false;
  }
  return out + '\n';
}

/// Of a word that is no option. Where verbs may stand in its place, one of both is needed.
std::string HelpFormatter::make_option_usage(const CLI::Option* option) const {
  std::string name = make_option_name(option, true);
  if (option->get_expected_max() > 1) name += "...";
  const bool is_needed = option->get_required() || !words_of(*option).empty();
  return is_needed ? name : "[" + name + "]";
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  const auto name = value_name(*option);
  return name.empty() ? name : " " + name;
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (!option->get_default_str().empty()) text += " [" + option->get_default_str() + "]";
  return text;
}

void add_help(CLI::App& app, Run& run) {
  auto about = std::make_shared<std::vector<std::string>>();
  auto* verb = app.add_subcommand("help", "Tell about a verb, or about all of them");
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat help\n"
                                      "  chat help serve\n"
                                      "  chat help vhost create\n"));
  verb->add_option("verb", *about, "The verb; all of them when it is left out")->type_name("");
  verb->parse_complete_callback([about, &app, &run] {
    run = [about, &app] {
      const CLI::App* shown = &app;
      auto name = app.get_name();
      for (const auto& word : *about) {
        const auto verbs = shown->get_subcommands(
            [&word](const CLI::App* sub) { return sub->get_name() == word; });
        if (verbs.empty()) {
          std::fprintf(stderr, "chat help: unknown verb \"%s\"%s\nchat help: see \"%s --help\"\n",
                       base::escape_for_log(word).c_str(),
                       did_you_mean(word, verb_names(*shown)).c_str(), name.c_str());
          return kExitUsage;
        }
        shown = verbs.front();
        name += " " + word;
      }
      return print("chat help",
                   shown->get_formatter()->make_help(shown, name, CLI::AppFormatMode::Normal));
    };
  });
}

}  // namespace chat::tools
