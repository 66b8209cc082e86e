#include "server_options.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/wire/names.hpp"
#include "regular_file.hpp"
#include "settings.hpp"

namespace chat::tools {

void add_server_options(CLI::App& verb, ServerOptions& options) {
  verb.add_option(
          "--url", options.urls,
          "The server: ws://HOST:PORT or wss://HOST; may be repeated, they are tried in turn")
      ->type_name("URL")
      ->delimiter(',')
      ->allow_extra_args(false)  // the next word may be ROOM
      ->default_str(options.urls.front())
      ->envname("CHAT_URL")
      ->group("Connection");
  verb.add_option("--ca-file", options.ca_file,
                  "With wss: whose certificates are good (PEM); the system's without it")
      ->type_name("FILE")
      ->envname("CHAT_CA_FILE")
      ->group("Connection");
  add_config_options(verb);
}

void add_member_name(CLI::App& verb, ServerOptions& options) {
  verb.add_option("--name", options.name, "As whom; without it the server's choice (guest-…)")
      ->type_name("NAME")
      ->envname("CHAT_NAME")
      ->group("Connection");
}

void complain(const ServerOptions& options, const std::string& text) {
  std::fprintf(stderr, "%s: %s\n", options.command.c_str(), text.c_str());
}

void remark(const ServerOptions& options, const std::string& text) {
  if (::isatty(STDERR_FILENO) == 1) complain(options, text);
}

std::string with_server(const client::Client& client, const std::string& why) {
  const auto& server = client.server();
  const bool is_named = why.find(server.authority()) != std::string::npos;
  return is_named ? why : server.text() + ": " + why;
}

std::optional<std::vector<client::ServerUrl>> servers_of(const ServerOptions& options) {
  std::vector<client::ServerUrl> servers;
  for (const auto& text : options.urls) {
    auto url = client::parse_server_url(text);
    if (!url) {
      complain(options, url.error().text());
      return std::nullopt;
    }
    servers.push_back(std::move(*url));
  }
  if (const auto problem = problem_of_ca_file(options.ca_file); !problem.empty()) {
    complain(options, problem);
    return std::nullopt;
  }
  return servers;
}

std::optional<client::Client::Options> client_options(const ServerOptions& options,
                                                      const std::string& room) {
  client::Client::Options made;
  auto servers = servers_of(options);
  if (!servers) return std::nullopt;
  made.servers = std::move(*servers);
  auto name = wire::parse_room_name(room);
  if (!name) {
    complain(options, "room \"" + base::escape_for_log(room) + "\": " + name.error().text());
    return std::nullopt;
  }
  made.room = std::move(*name);
  if (!options.name.empty()) {
    auto member = wire::parse_member_name(options.name);
    if (!member) {
      complain(options, "--name: " + member.error().text());
      return std::nullopt;
    }
    made.name = std::move(*member);
  }
  return made;
}

// ---- the loop

/// Waits for signals on a thread of its own: the loop may be busy.
struct CommandLoop::Signals {
  Signals(CommandLoop& loop) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGUSR2);
    sigset_t blocked = wanted;
    sigaddset(&blocked, SIGWINCH);  // for whoever reads it from a signalfd
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    waiter = std::thread([this, &loop, wanted] {
      for (bool is_second = false;;) {
        int number = 0;
        if (sigwait(&wanted, &number) != 0 || is_over) return;
        if (number == SIGUSR2) continue;  // a stranger's
        if (std::exchange(is_second, true)) _exit(kExitInterrupted);
        loop.executor_.post([&loop] {
          if (loop.interrupted_) loop.interrupted_();
          loop.finish(kExitInterrupted);
        });
      }
    });
  }
  ~Signals() {
    is_over = true;
    pthread_kill(waiter.native_handle(), SIGUSR2);
    waiter.join();
    // A stranger's that still waits would end the process as soon as it is let through.
    sigset_t wake;
    sigemptyset(&wake);
    sigaddset(&wake, SIGUSR2);
    const timespec at_once{};
    while (sigtimedwait(&wake, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  sigset_t before{};
  std::atomic<bool> is_over{false};
  std::thread waiter;  // last: it uses the others
};

CommandLoop::CommandLoop() : signals_(std::make_unique<Signals>(*this)) {}
CommandLoop::~CommandLoop() {
  signals_.reset();
  executor_.abandon();
}

int CommandLoop::run() {
  if (!exit_) executor_.run();
  return exit_.value_or(kExitGeneral);
}

void CommandLoop::finish(int exit) {
  if (exit_) return;
  exit_ = exit;
  // What is to be said goodbye with leaves in the turn's end.
  executor_.post([this] { executor_.post([this] { executor_.stop(); }); });
}

}  // namespace chat::tools
