#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace chat::tools {

/// What `main` does after parsing: a verb's callback only records it here, because CLI11 may call
/// callbacks more than once (docs/adr/0011-command-line.md). Returns the exit code.
using Run = std::function<int()>;

/// Each verb adds its sub-command to `app` and sets `run` when it is chosen.
void add_serve(CLI::App& app, Run& run);
void add_join(CLI::App& app, Run& run);
void add_send(CLI::App& app, Run& run);
void add_tail(CLI::App& app, Run& run);
void add_history(CLI::App& app, Run& run);
void add_who(CLI::App& app, Run& run);
void add_rooms(CLI::App& app, Run& run);
void add_vhost(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_config(CLI::App& app, Run& run);
void add_completion(CLI::App& app, Run& run);
void add_version(CLI::App& app, Run& run);
void add_help(CLI::App& app, Run& run);

/// "chat 0.1.0 (commit), protocol chat.v1".
std::string version_line();

// Exit codes, one table for all verbs (docs/operations.md).
constexpr int kExitOk = 0;
constexpr int kExitGeneral = 1;
constexpr int kExitUsage = 2;
constexpr int kExitUnreachable = 3;
constexpr int kExitCredentials = 4;
constexpr int kExitNotFound = 5;
constexpr int kExitRefused = 6;
constexpr int kExitPartly = 7;
constexpr int kExitCheckFailed = 8;
constexpr int kExitTimedOut = 27;
constexpr int kExitInterrupted = 130;

}  // namespace chat::tools
