#include <cstdio>
#include <memory>

#include "verb.hpp"

namespace chat::tools {

void add_version(CLI::App& app, Run& run) {
  auto json = std::make_shared<bool>(false);
  auto* verb = app.add_subcommand("version", "Print the version");
  verb->add_flag("--json", *json, "As one JSON object");
  verb->callback([json, &run] {
    run = [json] {
      if (*json) {
        std::printf("{\"version\":\"%s\",\"commit\":\"%s\",\"protocol\":\"chat.v1\"}\n",
                    CHAT_VERSION, CHAT_COMMIT);
      } else {
        std::printf("chat %s (%s), protocol chat.v1\n", CHAT_VERSION, CHAT_COMMIT);
      }
      return kExitOk;
    };
  });
}

}  // namespace chat::tools
