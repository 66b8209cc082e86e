#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <sstream>
#include <string>

#include "help.hpp"
#include "output.hpp"
#include "settings.hpp"
#include "usage_error.hpp"
#include "verb.hpp"

namespace {

using chat::tools::command_of;
using chat::tools::kExitGeneral;
using chat::tools::kExitUsage;

/// Says what is wrong, where, and what would be right.
int report(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const CLI::App& verb = chat::tools::chosen_verb(app);
  const std::string command = command_of(verb);
  if (error.get_exit_code() == 0) {  // --help, --version
    std::ostringstream text;
    app.exit(error, text, text);
    return chat::tools::print(command, text.str());
  }
  const auto text = chat::tools::usage_error(app, error, argc, argv);
  std::fprintf(stderr, "%s: %s\n", command.c_str(), text.c_str());
  if (const auto wrong = chat::tools::value_error(verb, error)) {
    const auto& option = *wrong->option;
    const auto value = chat::tools::value_name(option);
    std::fprintf(stderr, "%s: %s%s: %s\n", command.c_str(), option.get_name().c_str(),
                 (value.empty() ? value : " " + value).c_str(), option.get_description().c_str());
  }
  std::fprintf(stderr, "%s: see \"%s --help\"\n", command.c_str(), command.c_str());
  return kExitUsage;
}

/// The same for what is wrong in a configuration file.
int report(const CLI::App& verb, const std::string& problem) {
  std::fprintf(stderr, "%s: %s\n", command_of(verb).c_str(), problem.c_str());
  std::fprintf(stderr, "%s: \"chat config show\" tells what files and environment set\n",
               command_of(verb).c_str());
  return kExitUsage;
}

/// Keeps the numbers of stdin, stdout and stderr from being given to sockets where they are closed:
/// reading and writing fail then, as before.
void hold_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

int run(int argc, char** argv) {
  CLI::App app{
      "Chat rooms: a server with its page, a room in the terminal, and verbs for scripts, in one "
      "program.",
      "chat"};
  app.require_subcommand(1);
  app.set_version_flag("--version", chat::tools::version_line, "Print version and exit");
  app.formatter(std::make_shared<chat::tools::HelpFormatter>(
      "  chat serve                        rooms on http://127.0.0.1:8000/\n"
      "  chat serve --data ~/chat-history  the same, with a history that survives\n"
      "  chat join lobby                   a room in this terminal\n"
      "  chat send lobby \"deploy begins\"   a message from a script; 0 when it is safe\n"
      "  chat tail lobby                   the newest messages, then what comes\n"
      "  chat tail --help                  all options of a verb\n"));
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; a verb's help tells its own.\n"
      "Documentation: docs/operations.md (serve, vhost), docs/terminal.md (join), docs/cli.md (the "
      "verbs for\n"
      "scripts, configuration), docs/bench.md (bench), docs/protocol.md");
  chat::tools::Run chosen;
  chat::tools::add_serve(app, chosen);
  chat::tools::add_join(app, chosen);
  chat::tools::add_send(app, chosen);
  chat::tools::add_tail(app, chosen);
  chat::tools::add_history(app, chosen);
  chat::tools::add_who(app, chosen);
  chat::tools::add_rooms(app, chosen);
  chat::tools::add_vhost(app, chosen);
  chat::tools::add_bench(app, chosen);
  chat::tools::add_config(app, chosen);
  chat::tools::add_completion(app, chosen);
  chat::tools::add_version(app, chosen);
  chat::tools::add_help(app, chosen);
  for (auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) verb->group("Verbs");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report(app, error, argc, argv);
  }
  if (auto& verb = const_cast<CLI::App&>(chat::tools::chosen_verb(app));
      chat::tools::takes_settings(verb)) {
    if (const auto applied = chat::tools::apply_settings(verb); !applied) {
      return report(verb, applied.error());
    }
  }
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chat: %s\n", error.what());
    return kExitGeneral;
  }
}
