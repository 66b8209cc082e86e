#pragma once

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/client/client.hpp"
#include "chat/transport/asio_executor.hpp"
#include "verb.hpp"

// What the verbs that speak to a chat server share.

namespace chat::tools {

/// Which servers, trusted how; the same options for each verb.
struct ServerOptions {
  std::string command;  ///< "chat send", for what is said
  std::vector<std::string> urls{"ws://localhost:8000"};
  std::string ca_file;
  std::string name;
};

/// Adds --url and --ca-file (CHAT_URL, CHAT_CA_FILE).
void add_server_options(CLI::App& verb, ServerOptions& options);
/// Adds --name (CHAT_NAME).
void add_member_name(CLI::App& verb, ServerOptions& options);

/// Says on stderr what is wrong, behind the command.
void complain(const ServerOptions& options, const std::string& text);

/// The same at a terminal only: what a script need not be told.
void remark(const ServerOptions& options, const std::string& text);

/// `why` behind the server that `client` speaks to, or tries, unless it names it already.
std::string with_server(const client::Client& client, const std::string& why);

/// The servers; nullopt after it was said what of --url or --ca-file is wrong.
std::optional<std::vector<client::ServerUrl>> servers_of(const ServerOptions& options);

/// A client for one room; nullopt after it was said what of the options is wrong.
std::optional<client::Client::Options> client_options(const ServerOptions& options,
                                                      const std::string& room);

/// The command's loop: runs on this thread until it has an exit code, or SIGINT or SIGTERM comes.
/// It outlives what uses it.
class CommandLoop {
 public:
  CommandLoop();
  ~CommandLoop();
  CommandLoop(const CommandLoop&) = delete;
  CommandLoop& operator=(const CommandLoop&) = delete;

  transport::AsioExecutor& executor() noexcept { return executor_; }
  /// Called in the loop at the first SIGINT or SIGTERM; a second one ends the process at once.
  void on_interrupt(std::function<void()> then) { interrupted_ = std::move(then); }
  int run();
  /// Ends `run`, soon; the first code counts.
  void finish(int exit);

 private:
  struct Signals;

  transport::AsioExecutor executor_;
  std::unique_ptr<Signals> signals_;
  std::function<void()> interrupted_;
  std::optional<int> exit_;
};

}  // namespace chat::tools
