#include <cstdio>
#include <memory>
#include <string>

#include "bench.hpp"
#include "chat/bench/run/agent.hpp"
#include "chat/bench/run/worker.hpp"
#include "checks.hpp"
#include "help.hpp"
#include "password_file.hpp"
#include "settings.hpp"

namespace chat::tools {
namespace {

constexpr const char* kCommand = "chat bench agent";

struct AgentOptions {
  std::string listen = "127.0.0.1:7070";
  std::string token_file;
  std::size_t most_workers = 64;
};

int complain(const std::string& text, int exit_code) {
  std::fprintf(stderr, "%s: %s\n", kCommand, text.c_str());
  return exit_code;
}

int serve(const AgentOptions& options) {
  std::string token;
  if (!options.token_file.empty()) {
    auto read = read_password(options.token_file, "token");
    if (!read) return complain("--token-file: " + read.error(), kExitGeneral);
    token = std::move(*read);
  }
  auto listener = bench::AgentListener::open(options.listen, token);
  if (!listener) return complain(listener.error(), kExitUsage);
  bench::Agent agent(std::move(*listener), bench::work, {options.most_workers, {}});
  const auto done = agent.run();
  if (!done) return complain(done.error(), kExitGeneral);
  return kExitInterrupted;
}

}  // namespace

void add_bench_agent(CLI::App& bench, Run& run) {
  auto options = std::make_shared<AgentOptions>();
  auto* verb = bench.add_subcommand("agent", "Generate load for a chat bench on another machine");
  verb->add_option("--listen", options->listen,
                   "Where it is asked: HOST:PORT; port 0: any that is free")
      ->type_name("ADDRESS")
      ->capture_default_str();
  verb->add_option("--token-file", options->token_file,
                   "Whoever asks must have the same token: the first line of this file, or of "
                   "stdin (-). Needed on an address that others reach")
      ->type_name("FILE")
      ->envname("CHAT_BENCH_TOKEN_FILE");
  verb->add_option("--max-workers", options->most_workers, "Processes at a time")
      ->type_name("COUNT")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  add_config_options(*verb);
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat bench agent\n"
      "  chat bench agent --listen 0.0.0.0:7070 --token-file ~/.chat-bench-token\n"
      "  chat bench fanout --url ws://chat.example --agents one:7070,two:7070 \\\n"
      "    --token-file ~/.chat-bench-token\n"));
  verb->footer(
      "It plays members of any server that who has the token names, so it is not for networks "
      "that\n"
      "are open. It says on stderr who started and ended work, and goes on until SIGINT or "
      "SIGTERM.\n"
      "Environment: CHAT_BENCH_TOKEN_FILE; the command line wins.\n"
      "Exit codes: 1 failed, 2 wrong usage or it cannot listen there, 130 interrupted.\n"
      "More: docs/bench.md");
  verb->parse_complete_callback([options, &run] { run = [options] { return serve(*options); }; });
}

}  // namespace chat::tools
