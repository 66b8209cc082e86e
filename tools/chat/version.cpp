#include <memory>
#include <string>

#include "help.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "verb.hpp"

namespace chat::tools {
namespace {

std::string version_object() {
  return "{\"version\":" + json_text(CHAT_VERSION) + ",\"commit\":" + json_text(CHAT_COMMIT) +
         ",\"protocol\":\"chat.v1\"}";
}

}  // namespace

std::string version_line() {
  return std::string("chat ") + CHAT_VERSION + " (" + CHAT_COMMIT + "), protocol chat.v1";
}

void add_version(CLI::App& app, Run& run) {
  auto json = std::make_shared<bool>(false);
  auto* verb = app.add_subcommand("version", "Print version, commit and protocol");
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat version\n"
                                      "  chat version --json\n"));
  verb->add_flag("--json", *json, "As one JSON object");
  verb->parse_complete_callback([json, &run] {
    run = [json] {
      return print("chat version", (*json ? version_object() : version_line()) + "\n");
    };
  });
}

}  // namespace chat::tools
