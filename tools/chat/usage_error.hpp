#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace chat::tools {

/// An option's value that is none.
struct ValueError {
  const CLI::Option* option;
  std::string given;  ///< empty: nothing was
  std::string what;   ///< " takes a whole number from 0, not "abc"": goes behind the option's name
};
/// What `error`, of the library, says of a value of one of `verb`'s options; nullopt when it is
/// about something else.
std::optional<ValueError> value_error(const CLI::App& verb, const CLI::ParseError& error);

/// What is wrong with a command line, in one sentence.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error, int argc,
                        const char* const* argv);

/// The verb, and the verb below it, that the command line has chosen; `app` when it has none.
const CLI::App& chosen_verb(const CLI::App& app);

/// "chat", "chat serve", "chat vhost create".
std::string command_of(const CLI::App& verb);

}  // namespace chat::tools
