#include <cstdio>
#include <memory>
#include <string>

#include "help.hpp"
#include "verb.hpp"

namespace chat::tools {

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
      if (*json) {
        std::printf("{\"version\":\"%s\",\"commit\":\"%s\",\"protocol\":\"chat.v1\"}\n",
                    CHAT_VERSION, CHAT_COMMIT);
      } else {
        std::printf("%s\n", version_line().c_str());
      }
      return kExitOk;
    };
  });
}

}  // namespace chat::tools
