#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "chat/config/serve_config.hpp"
#include "chat/server/server.hpp"
#include "checks.hpp"
#include "help.hpp"
#include "options.hpp"
#include "settings.hpp"
#include "verb.hpp"

namespace chat::tools {
namespace {

using config::ServeConfig;

/// Reads a time into `target` when the command line is parsed. What is good for an option says
/// config::problem_of.
template <class Time>
void add_time(CLI::App& verb, const std::string& name, Time& target, const std::string& help) {
  const auto in_ms = std::chrono::duration_cast<std::chrono::milliseconds>(target).count();
  constexpr auto kDay = 24 * 3'600'000;
  const auto shown = in_ms % kDay == 0 && in_ms > 0 ? std::to_string(in_ms / kDay) + "d"
                     : in_ms % 1000 == 0            ? std::to_string(in_ms / 1000) + "s"
                                                    : std::to_string(in_ms) + "ms";
  CLI::callback_t read = [&target](const CLI::results_t& words) {
    const auto value = parse_time(words.front());
    if (!value) return false;
    target = std::chrono::duration_cast<Time>(*value);
    return true;
  };
  verb.add_option(name, read, help)->type_name("TIME")->check(time_value())->default_str(shown);
}

void add_main_options(CLI::App& verb, ServeConfig& config) {
  verb.add_option("--listen", config.listen,
                  "Where to listen: HOST:PORT, [IPv6]:PORT, PORT or unix:PATH; may be repeated. "
                  "0.0.0.0:8000 opens it to other machines; port 0 picks one")
      ->type_name("ADDRESS")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str(config.listen.front());
  verb.add_option("--data", config.data_directory,
                  "Keep the history in this directory (SQLite); without it, in memory")
      ->type_name("DIR");
  verb.add_option("--workers", config.workers,
                  "Loops that share the connections; 0: one less than the cores, 1 to 4")
      ->type_name("N")
      ->check(number_for(config.workers))
      ->capture_default_str();
  verb.add_option("--broker", config.broker,
                  "Where the rooms' order is made: local (this process), or "
                  "amqp[s]://[USER@]HOST[:PORT][,HOST…][/VHOST] (RabbitMQ, shared by all nodes)")
      ->type_name("BROKER")
      ->capture_default_str();
  verb.add_option("--layer", config.layer,
                  "With RabbitMQ: stream (one order, nothing is lost), or channels (rooms shared "
                  "with running Django Channels nodes, at most once)")
      ->type_name("LAYER")
      ->transform(number_of_word({{"stream", static_cast<int>(config::Layer::stream)},
                                  {"channels", static_cast<int>(config::Layer::channels)}}))
      ->default_str("stream");
  verb.add_option("--amqp-password-file", config.amqp_password_file,
                  "The password of the user in --broker, alone in a file; guest needs none")
      ->type_name("FILE");
  add_time(verb, "--presence-lease", config.presence_lease,
           "With RabbitMQ: a node not heard for so long is taken for gone, with its members");
  verb.add_option("--amqp-ca-file", config.amqp_ca_file,
                  "Certificates (PEM) that amqps:// trusts, instead of the system's")
      ->type_name("FILE");
  verb.add_option("--allow-origin", config.allow_origin,
                  "A further web site whose pages may connect (SCHEME://HOST[:PORT], or *); may be "
                  "repeated. Pages of this server always may")
      ->type_name("ORIGIN")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_flag("--debug-echo", config.debug_echo,
                "Serve a WebSocket echo at /debug/echo, for conformance suites");
}

void add_history_options(CLI::App& verb, ServeConfig& config) {
  const auto add = [&verb](const std::string& name, auto& target, const std::string& type,
                           const std::string& help) {
    verb.add_option(name, target, help + "; 0 = no bound")
        ->type_name(type)
        ->check(number_for(target))
        ->capture_default_str()
        ->group("History");
  };
  add("--history-max-messages", config.history_max_messages, "N", "Messages kept per room");
  add("--history-max-bytes", config.history_max_bytes, "BYTES", "Bytes kept per room");
  add("--history-max-total-bytes", config.history_max_total_bytes, "BYTES",
      "Bytes kept over all rooms, without --data only");
  add_time(verb, "--history-max-age", config.history_max_age,
           "Age up to which messages are kept; 0 = no bound");
  verb.get_option("--history-max-age")->group("History");
}

void add_limits(CLI::App& verb, ServeConfig& config) {
  const auto add = [&verb](const std::string& name, auto& target, const std::string& type,
                           const std::string& help) {
    verb.add_option(name, target, help)
        ->type_name(type)
        ->check(number_for(target))
        ->capture_default_str()
        ->group("Limits");
  };
  add("--max-message-bytes", config.limits.message_bytes, "BYTES", "JSON text of one message");
  add("--max-frames-per-second", config.limits.frames_per_second, "N",
      "Frames taken from one connection; 0 = unlimited");
  add("--max-frames-burst", config.limits.frames_burst, "N",
      "Frames taken in one go after a pause");
  add("--max-inflight", config.limits.inflight, "N",
      "Unacknowledged messages of one connection, 1 to 256");
  add("--max-history-page", config.limits.history_page, "N", "Messages in one history answer");
  add("--max-members-told", config.limits.members, "N",
      "Names told of a room; larger rooms tell how many only");
  add("--max-connections", config.max_connections, "N", "Connections in all; 0 = unlimited");
  add("--max-connections-per-address", config.max_connections_per_address, "N",
      "Connections from one IPv4 address or IPv6 /64; 0 = unlimited");
  add("--max-rooms", config.max_rooms, "N", "Rooms with members at one time");
  add("--max-outbox-bytes", config.max_outbox_bytes, "BYTES",
      "Waiting for one slow reader before it is closed");
  add("--max-head-bytes", config.max_head_bytes, "BYTES", "Head of one HTTP request");
  add("--max-control-frames-per-second", config.max_control_frames_per_second, "N",
      "Pings and pongs taken from one connection; 0 = unlimited");
}

void add_times(CLI::App& verb, ServeConfig& config) {
  const auto add = [&verb](const std::string& name, auto& target, const std::string& help) {
    add_time(verb, name, target, help);
    verb.get_option(name)->group("Times");
  };
  add("--handshake-timeout", config.handshake_timeout, "For an HTTP request to arrive whole");
  add("--hello-timeout", config.hello_timeout, "For a chat.v1 client to say hello");
  add("--ping-interval", config.ping_interval, "Of silence before a ping");
  add("--ping-timeout", config.ping_timeout, "For a sign of life after it");
  add("--stall-timeout", config.stall_timeout, "For a reader that takes nothing");
  add("--drain-timeout", config.drain_timeout, "From the signal to the end, at most");
  add("--drain-spread", config.drain_spread, "Clients are told to come back within it");
}

void add_log_options(CLI::App& verb, ServeConfig& config) {
  const auto number = [](auto value) { return static_cast<int>(value); };
  using Format = base::LogFormat;
  using Level = base::LogLevel;
  verb.add_option("--log-format", config.log_format, "text or json, on stderr")
      ->transform(number_of_word({{"text", number(Format::text)}, {"json", number(Format::json)}}))
      ->type_name("FORMAT")
      ->default_str("text")
      ->group("Log");
  verb.add_option("--log-level", config.log_level, "debug, info, warn, error or off")
      ->transform(number_of_word({{"debug", number(Level::debug)},
                                  {"info", number(Level::info)},
                                  {"warn", number(Level::warn)},
                                  {"error", number(Level::error)},
                                  {"off", number(Level::off)}}))
      ->type_name("LEVEL")
      ->default_str("info")
      ->group("Log");
}

/// Every option may be given in the environment: --max-rooms as CHAT_MAX_ROOMS.
void add_environment(CLI::App& verb) {
  for (auto* option : verb.get_options()) {
    if (option == verb.get_help_ptr()) continue;
    std::string name = "CHAT_" + option->get_lnames().front();
    for (char& c : name) {
      c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    option->envname(name);
  }
}

bool is_loopback_only(const ServeConfig& config) {
  return std::all_of(config.listen.begin(), config.listen.end(), [](const std::string& address) {
    return address.rfind("127.", 0) == 0 || address.rfind("[::1]", 0) == 0 ||
           address.rfind("localhost", 0) == 0 || address.rfind("unix:", 0) == 0 ||
           address.find(':') == std::string::npos;
  });
}

int serve(const ServeConfig& config) {
  if (const auto problem = config::problem_of(config); !problem.empty()) {
    std::fprintf(stderr, "chat serve: %s\n", problem.c_str());
    return kExitUsage;
  }
  base::Log::configure(config.log_format, config.log_level);
  auto server = server::Server::open(config);
  if (!server) {
    std::fprintf(stderr, "chat serve: %s\n", server.error().text().c_str());
    return server.error().code == wire::Code::bad_request ? kExitUsage : kExitGeneral;
  }
  for (const auto& address : (*server)->addresses()) {
    std::fprintf(stderr, "chat serve: rooms on %s%s\n", address.c_str(),
                 address.rfind("unix:", 0) == 0 ? "" : "/");
  }
  if (is_loopback_only(config)) {
    std::fprintf(stderr,
                 "chat serve: this machine only; --listen 0.0.0.0:8000 opens it to others\n");
  }
  if (config.broker == "local") {
    std::fprintf(stderr, "chat serve: history %s\n",
                 config.data_directory.empty() ? "in memory; --data DIR keeps it"
                                               : ("in " + config.data_directory).c_str());
  }
  if (config.layer == config::Layer::channels) {
    std::fprintf(stderr, "chat serve: rooms shared with Django Channels, at most once\n");
  }
  return (*server)->run();
}

}  // namespace

void add_serve(CLI::App& app, Run& run) {
  auto config = std::make_shared<ServeConfig>();
  auto* verb = app.add_subcommand("serve", "Serve chat rooms: WebSocket, web page and HTTP API");
  add_main_options(*verb, *config);
  add_history_options(*verb, *config);
  add_limits(*verb, *config);
  add_times(*verb, *config);
  add_log_options(*verb, *config);
  add_config_options(*verb);
  add_environment(*verb);
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat serve\n"
      "  chat serve --data /var/lib/chat --listen 0.0.0.0:8000\n"
      "  chat serve --listen unix:/run/chat/chat.sock   (behind a proxy)\n"));
  verb->footer(
      "TIME: 250ms, 10s, 5m, 2h or 7d, at most 365d; a bare number is seconds.\n"
      "Environment: each option can be given as CHAT_ and its name, --max-rooms as "
      "CHAT_MAX_ROOMS;\n"
      "several addresses or origins with commas. The command line wins.\n"
      "Signals: SIGTERM and SIGINT drain, a second one ends at once.\n"
      "Exit codes: 0 drained, 1 could not serve, 2 wrong usage, 130 ended at once.\n"
      "More: docs/operations.md");
  verb->parse_complete_callback([config, &run] { run = [config] { return serve(*config); }; });
}

}  // namespace chat::tools
