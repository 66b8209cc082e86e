#include <csignal>
#include <cstdio>
#include <memory>

#include "chat/base/text.hpp"
#include "chat/http/http_client.hpp"
#include "chat/wire/names.hpp"
#include "chat/wire/server_frame.hpp"
#include "help.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "server_options.hpp"
#include "text_table.hpp"

namespace chat::tools {
namespace {

struct AskOptions {
  ServerOptions server;
  std::string room;
  bool json = false;
};

/// SIGPIPE is for stdout alone.
class SocketsWithoutSignal {
 public:
  SocketsWithoutSignal() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~SocketsWithoutSignal() { std::signal(SIGPIPE, before_); }
  SocketsWithoutSignal(const SocketsWithoutSignal&) = delete;
  SocketsWithoutSignal& operator=(const SocketsWithoutSignal&) = delete;

 private:
  void (*before_)(int);
};

int exit_of(http::HttpFailure::Kind kind) {
  return kind == http::HttpFailure::Kind::timed_out ? kExitTimedOut : kExitUnreachable;
}

/// Says what a server answered in place of what was asked for; the exit code for it.
int refused(const ServerOptions& options, const client::ServerUrl& url,
            const http::HttpAnswer& answer) {
  const auto error = wire::decode_api_error(answer.body);
  complain(options,
           url.text() + " answers HTTP " + std::to_string(answer.status) +
               (error ? ": " + base::escape_for_log(error->text) : "; is it a chat server?"));
  const auto code = error ? wire::code_from_name(error->code) : std::nullopt;
  if (code) return wire::info(*code).exit;
  return answer.status == 404 ? kExitNotFound : kExitRefused;
}

/// The answer of the first server that gives one; nullopt after it was said why there is none.
std::optional<std::string> ask(const ServerOptions& options, const std::string& path,
                               int& exit_code) {
  const SocketsWithoutSignal without_signal;
  exit_code = kExitUsage;
  const auto servers = servers_of(options);
  if (!servers) return std::nullopt;
  for (const auto& url : *servers) {
    http::HttpTarget target;
    target.url = {url.tls, url.host, url.port, {}, true};
    target.ca_file = options.ca_file;
    target.expected = "a chat server";
    target.when_refused = "is it started (chat serve), is --url right?";
    const auto answer = http::HttpClient(std::move(target)).call("GET", url.prefix + path);
    if (!answer) {
      exit_code = exit_of(answer.error().kind);
      complain(options, answer.error().text);
    } else if (answer->status != 200) {
      exit_code = refused(options, url, *answer);
      return std::nullopt;
    } else {
      return answer->body;
    }
  }
  return std::nullopt;
}

int odd_answer(const ServerOptions& options, const wire::Error& error) {
  complain(options, error.text() + "; is it a chat server of another version?");
  return kExitRefused;
}

int rooms(const AskOptions& options) {
  int exit_code = kExitOk;
  const auto body = ask(options.server, "/api/rooms", exit_code);
  if (!body) return exit_code;
  const auto rooms = wire::decode_api_rooms(*body);
  if (!rooms) return odd_answer(options.server, rooms.error());
  std::string text;
  std::vector<std::vector<std::string>> rows{{"ROOM", "MEMBERS", "CURSOR"}};
  for (const auto& room : *rooms) {
    const auto head = std::to_string(room.head.value());
    text += "{\"room\":" + json_text(room.room.value()) +
            ",\"epoch\":" + json_text(room.epoch.value()) + ",\"head\":" + head +
            ",\"members\":" + std::to_string(room.members) + "}\n";
    rows.push_back({base::escape_for_log(room.room.value()), std::to_string(room.members),
                    room.epoch.value().empty() ? "-" : room.epoch.value() + ":" + head});
  }
  return print(options.server.command, options.json ? text : table_of(rows));
}

int who(const AskOptions& options) {
  const auto room = wire::parse_room_name(options.room);
  if (!room) {
    complain(options.server,
             "room \"" + base::escape_for_log(options.room) + "\": " + room.error().text());
    return kExitUsage;
  }
  int exit_code = kExitOk;
  const auto path = "/api/rooms/" + base::percent_encode(room->value()) + "/members";
  const auto body = ask(options.server, path, exit_code);
  if (!body) return exit_code;
  const auto answer = wire::decode_api_members(*body);
  if (!answer) return odd_answer(options.server, answer.error());
  std::string text;
  std::string list;
  for (const auto& name : answer->members) {
    text += base::escape_for_log(name) + "\n";
    list += (list.empty() ? "" : ",") + json_text(name);
  }
  if (options.json) {
    text = "{\"room\":" + json_text(room->value()) + ",\"count\":" + std::to_string(answer->count) +
           ",\"members\":[" + list + "]}\n";
  } else if (answer->count == 0) {
    remark(options.server, "room " + room->value() + ": nobody");
  } else if (answer->count > answer->members.size()) {
    complain(options.server,
             std::to_string(answer->count) + " members; not all are named in a room of that size");
  }
  return print(options.server.command, text);
}

constexpr const char* kFooter =
    "Environment: CHAT_URL, CHAT_CA_FILE; the command line wins.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot connect, 4 not allowed, 5 no such "
    "room,\n"
    "6 refused, 27 timed out.";

}  // namespace

void add_who(CLI::App& app, Run& run) {
  auto options = std::make_shared<AskOptions>();
  options->server.command = "chat who";
  auto* verb = app.add_subcommand("who", "Print who is in a room");
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat who lobby\n"
                                      "  chat who lobby --json | jq .count\n"));
  verb->add_option("ROOM", options->room, "The room")->type_name("")->required();
  verb->add_flag("--json", options->json, "Print one JSON object");
  add_server_options(*verb, options->server);
  verb->footer(kFooter);
  verb->parse_complete_callback([options, &run] { run = [options] { return who(*options); }; });
}

void add_rooms(CLI::App& app, Run& run) {
  auto options = std::make_shared<AskOptions>();
  options->server.command = "chat rooms";
  auto* verb = app.add_subcommand("rooms", "Print the rooms of a server");
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat rooms\n"
                                      "  chat rooms --json | jq -r 'select(.members > 0).room'\n"));
  verb->add_flag("--json", options->json, "Print JSON, one object a line");
  add_server_options(*verb, options->server);
  verb->footer(kFooter);
  verb->parse_complete_callback([options, &run] { run = [options] { return rooms(*options); }; });
}

}  // namespace chat::tools
