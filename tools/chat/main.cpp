#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "suggest.hpp"
#include "verb.hpp"

namespace {

using chat::tools::kExitGeneral;
using chat::tools::kExitOk;
using chat::tools::kExitUsage;

int report(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) {
    app.exit(error);  // --help
    return kExitOk;
  }
  std::fprintf(stderr, "chat: %s\n", error.what());
  const auto hint = chat::tools::suggestion(app, argc, argv);
  if (!hint.empty()) std::fprintf(stderr, "chat: did you mean \"%s\"?\n", hint.c_str());
  std::fprintf(stderr, "chat: see \"chat --help\" and \"chat VERB --help\"\n");
  return kExitUsage;
}

int run(int argc, char** argv) {
  CLI::App app{"Chat rooms: a server, its page, and tools around it.", "chat"};
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  chat serve                        rooms on http://127.0.0.1:8000/\n"
      "  chat serve --data ~/chat-history  the same, with a history that survives\n"
      "\nDocumentation: docs/operations.md, docs/protocol.md");
  chat::tools::Run chosen;
  chat::tools::add_serve(app, chosen);
  chat::tools::add_version(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report(app, error, argc, argv);
  }
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chat: %s\n", error.what());
    return kExitGeneral;
  }
}
