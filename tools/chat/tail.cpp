#include <regex.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <set>

#include "chat/base/text.hpp"
#include "chat/tui/curses_terminal.hpp"
#include "chat/tui/render.hpp"
#include "chat/wire/server_frame.hpp"
#include "checks.hpp"
#include "color.hpp"
#include "command.hpp"
#include "cursor_file.hpp"
#include "help.hpp"
#include "json_text.hpp"
#include "options.hpp"
#include "output.hpp"
#include "server_options.hpp"
#include "since.hpp"

namespace chat::tools {
namespace {

struct TailOptions {
  ServerOptions server;
  std::vector<std::string> rooms;
  std::size_t newest = 0;
  std::string since;
  bool follow = true;
  bool json = false;
  std::string exec;
  std::string cursor_file;
  std::size_t count = 0;  ///< 0: no end
  std::string match;
  std::string color = "auto";
  std::chrono::milliseconds wait{0};  ///< 0: for ever
  bool retry = false;
};

/// A POSIX extended regular expression.
class Pattern {
 public:
  Pattern() = default;
  ~Pattern() {
    if (is_set_) ::regfree(&compiled_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// Empty, or what is wrong with it.
  std::string set(const std::string& text) {
    const int failure = ::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (failure == 0) {
      is_set_ = true;
      return {};
    }
    char why[200];
    ::regerror(failure, &compiled_, why, sizeof why);
    return why;
  }
  bool matches(const std::string& text) const {
    regmatch_t whole{0, static_cast<regoff_t>(text.size())};  // a NUL in it ends nothing
    return !is_set_ || ::regexec(&compiled_, text.c_str(), 1, &whole, REG_STARTEND) == 0;
  }

 private:
  regex_t compiled_{};
  bool is_set_ = false;
};

std::string local_time(base::WallMs at) {
  const auto seconds = static_cast<std::time_t>(at / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%F %T", &parts);
  return text;
}

std::string json_line(const base::RoomName& room, const base::Epoch& epoch,
                      const wire::Message& message) {
  std::string line =
      "{\"room\":" + json_text(room.value()) + ",\"epoch\":" + json_text(epoch.value()) +
      ",\"seq\":" + std::to_string(message.seq.value()) + ",\"at\":" + std::to_string(message.at) +
      ",\"name\":" + json_text(message.name);
  if (!message.client.value().empty()) {
    line +=
        ",\"client\":" + json_text(message.client.value()) + ",\"n\":" + std::to_string(message.n);
  }
  return line + ",\"message\":" + json_line_of(message.body) + "}\n";
}

std::string text_line(const base::RoomName& room, bool names_room, const wire::Message& message,
                      const std::string& text, const tui::LineColors& colors) {
  const auto name = base::escape_unprintable(message.name);
  return colors.dimmed(local_time(message.at)) + "  " +
         (names_room ? "#" + room.value() + "  " : "") +
         colors.colored(name, tui::color_of(message.name)) + ": " + base::escape_unprintable(text) +
         "\n";
}

/// All rooms together: what is printed, and when it ends.
class Tail {
 public:
  Tail(CommandLoop& loop, const TailOptions& options) : loop_(loop), options_(options) {}

  /// An exit code when it cannot begin.
  std::optional<int> prepare();
  int run();

 private:
  class Room;

  void on_message(Room& room, const wire::Message& message);
  bool execute(const Room& room, const wire::Message& message, const std::string& text,
               const std::string& json);
  void on_caught_up(const Room& room);
  void fail(int exit);
  void watch();

  CommandLoop& loop_;
  const TailOptions& options_;
  Pattern pattern_;
  std::optional<CursorFile> cursors_;
  std::vector<std::unique_ptr<Room>> rooms_;
  tui::LineColors colors_;
  std::size_t printed_ = 0;
  base::TimePoint told_at_{};
  bool is_over_ = false;
};

class Tail::Room final : private client::Client::Listener {
 public:
  Room(Tail& tail, client::Client::Options options)
      : name(options.room),
        tail_(tail),
        client_(tail.loop_.executor(),
                client::make_dialler(tail.loop_.executor(), tail.options_.server.ca_file),
                std::move(options), *this) {}

  void start() { client_.start(); }
  void leave() { client_.leave(); }
  bool caught_up() const { return caught_up_; }
  bool has_messages() const { return has_messages_; }
  const base::Epoch& epoch() const { return client_.core().backlog().cursor()->epoch; }
  std::optional<wire::Cursor> cursor() const { return client_.core().backlog().cursor(); }

  const base::RoomName name;

 private:
  void on_told(const client::Action& told) override {
    if (tail_.is_over_) return;
    if (const auto* received = std::get_if<client::Received>(&told)) {
      has_messages_ = true;
      tail_.on_message(*this, *received->message);
    } else if (std::holds_alternative<client::CaughtUp>(told)) {
      caught_up_ = true;
      tail_.on_caught_up(*this);
    } else if (const auto* gap = std::get_if<client::Gap>(&told)) {
      complain(tail_.options_.server, "room " + name.value() + ": " + text_of(gap->missing));
    } else if (const auto* lost = std::get_if<client::Lost>(&told)) {
      complain(tail_.options_.server, with_server(client_, lost->why) + "; trying again");
    } else if (const auto* ended = std::get_if<client::Ended>(&told)) {
      complain(tail_.options_.server, with_server(client_, ended->why));
      tail_.fail(ended->exit);
    }
  }

  static std::string text_of(const wire::Missing& missing) {
    if (missing.between) {
      return "messages after " + std::to_string(missing.between->first.value()) + " and before " +
             std::to_string(missing.between->second.value()) + " are not kept any more";
    }
    return "its log was replaced; the new one is read from its beginning";
  }

  Tail& tail_;
  client::Client client_;
  bool caught_up_ = false;
  bool has_messages_ = false;
};

std::optional<int> Tail::prepare() {
  if (!options_.match.empty()) {
    if (const auto why = pattern_.set(options_.match); !why.empty()) {
      complain(options_.server, "--match: " + why);
      return kExitUsage;
    }
  }
  client::ReadFrom from;
  if (options_.newest > 0) {
    from.kind = client::ReadFrom::Kind::newest;
    from.count = options_.newest;
  }
  if (auto since = parse_since(options_.since, loop_.executor().wall_now())) {
    from = std::move(*since);  // the command line was checked: without --since there is none
  }
  std::vector<client::Client::Options> all;
  std::set<std::string> names;
  std::vector<base::RoomName> rooms;
  for (const auto& room : options_.rooms) {
    auto made = client_options(options_.server, room);
    if (!made) return kExitUsage;
    if (!names.insert(made->room.value()).second) continue;
    made->from = from;
    made->persistent = options_.retry;
    rooms.push_back(made->room);
    all.push_back(std::move(*made));
  }
  if (!options_.cursor_file.empty()) {
    auto file = CursorFile::open(options_.cursor_file, rooms);
    if (!file) {
      complain(options_.server, "--cursor-file: " + file.error());
      return kExitGeneral;
    }
    cursors_.emplace(std::move(*file));
  }
  for (auto& made : all) {
    const auto saved = cursors_ ? cursors_->of(made.room) : std::nullopt;
    if (saved) {
      made.from.kind = client::ReadFrom::Kind::cursor;
      made.from.cursor = *saved;
    }
    rooms_.push_back(std::make_unique<Room>(*this, std::move(made)));
  }
  return std::nullopt;
}

int Tail::run() {
  loop_.on_interrupt([this] { fail(kExitInterrupted); });
  if (wants_line_colors(options_.color)) colors_ = tui::line_colors();
  told_at_ = loop_.executor().now();
  for (auto& room : rooms_) room->start();
  if (options_.wait.count() > 0) watch();
  return loop_.run();
}

void Tail::on_message(Room& room, const wire::Message& message) {
  const std::string text = wire::readable(message.body);
  if (pattern_.matches(text)) {
    const std::string json = json_line(room.name, room.epoch(), message);
    if (options_.exec.empty()) {
      const int printed = print(
          options_.server.command,
          options_.json ? json : text_line(room.name, rooms_.size() > 1, message, text, colors_));
      if (printed != kExitOk) return fail(printed);
    } else if (!execute(room, message, text, json)) {
      return fail(kExitGeneral);
    }
    ++printed_;
    told_at_ = loop_.executor().now();
  }
  if (cursors_) cursors_->save(room.name, {room.epoch(), message.seq});
  if (options_.count > 0 && printed_ >= options_.count) fail(kExitOk);
}

/// One after the other, and waited for: what comes meanwhile waits at the server.
bool Tail::execute(const Room& room, const wire::Message& message, const std::string& text,
                   const std::string& json) {
  const auto cursor = room.epoch().value() + ":" + std::to_string(message.seq.value());
  Command command(options_.exec);
  command.set("CHAT_ROOM", room.name.value());
  command.set("CHAT_MESSAGE_NAME", message.name);
  command.set("CHAT_MESSAGE_TEXT", text);
  command.set("CHAT_MESSAGE_AT", std::to_string(message.at));
  command.set("CHAT_MESSAGE_CURSOR", cursor);
  const auto failure = command.run(json);
  if (failure.empty()) return true;
  complain(options_.server, "--exec: " + failure + ", at " + cursor);
  return false;
}

void Tail::on_caught_up(const Room& room) {
  // Where a room without a message begins is kept too: what comes until the next start is behind.
  const auto cursor = room.cursor();
  if (cursors_ && cursor && !cursors_->of(room.name)) cursors_->save(room.name, *cursor);
  const bool wants_newest = options_.newest > 0 && options_.since.empty() && !cursors_;
  if (wants_newest && !room.has_messages()) {
    remark(options_.server, "room " + room.name.value() + ": no messages");
  }
  if (options_.follow) return;
  for (const auto& other : rooms_) {
    if (!other->caught_up()) return;
  }
  fail(kExitOk);
}

void Tail::watch() {
  loop_.executor().after(std::chrono::milliseconds(50), [this] {
    if (is_over_) return;
    if (loop_.executor().now() - told_at_ < options_.wait) return watch();
    complain(options_.server, "nothing came in time");
    fail(kExitTimedOut);
  });
}

void Tail::fail(int exit) {
  if (std::exchange(is_over_, true)) return;
  for (auto& room : rooms_) room->leave();
  loop_.finish(exit);
}

int tail(const TailOptions& options) {
  CommandLoop loop;
  Tail tail(loop, options);
  if (const auto exit = tail.prepare()) return *exit;
  return tail.run();
}

std::string footer() {
  return "Environment: CHAT_URL, CHAT_CA_FILE, CHAT_NAME, NO_COLOR, CHAT_NO_COLOR; the command "
         "line "
         "wins.\n"
         "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot connect, 4 not allowed, 5 no such "
         "room,\n"
         "6 refused, 27 timed out, 130 interrupted.";
}

void add_common(CLI::App& verb, TailOptions& options) {
  verb.add_option("ROOM", options.rooms, "The rooms")->type_name("")->required();
  verb.add_option("-n", options.newest, "Begin with so many of the newest messages")
      ->type_name("N")
      ->check(whole_number())
      ->capture_default_str();
  verb.add_option("--since", options.since,
                  "Begin behind EPOCH:SEQ, or with what came in a time (10m, 2h, 7d) or since a "
                  "moment (2026-11-25T10:00:00Z), or with all that is kept (all)")
      ->type_name("WHEN")
      ->check(since_value());
  verb.add_flag("--json", options.json, "Print JSON, one object a line");
  verb.add_option("--match", options.match,
                  "Only messages whose text matches this extended regular expression")
      ->type_name("RE");
  add_color(verb, options.color);
  add_server_options(verb, options.server);
  add_member_name(verb, options.server);
}

}  // namespace

void add_tail(CLI::App& app, Run& run) {
  auto options = std::make_shared<TailOptions>();
  options->server.command = "chat tail";
  options->newest = 10;
  auto* verb = app.add_subcommand("tail", "Print the messages of rooms as they come");
  verb->formatter(std::make_shared<HelpFormatter>(
      "  chat tail lobby\n"
      "  chat tail lobby ops --json --since 1h | jq -r .message\n"
      "  chat tail alerts --cursor-file ~/.alerts --exec 'mail -s alert ops@example.com'\n"));
  add_common(*verb, *options);
  verb->footer(footer());
  verb->add_flag("--follow,!--no-follow", options->follow, "Go on with what comes")
      ->default_str("yes");
  verb->add_option(
          "--exec", options->exec,
          "Run this for each message instead of printing it, one after the other: the JSON "
          "on stdin, CHAT_ROOM, CHAT_MESSAGE_NAME, …_TEXT, …_AT, …_CURSOR in the "
          "environment; its failure ends it")
      ->type_name("COMMAND");
  verb->add_option("--cursor-file", options->cursor_file,
                   "Keep there how far was read, and go on from there next time")
      ->type_name("FILE");
  verb->add_option("--count", options->count, "End after so many messages; 0: never")
      ->type_name("N")
      ->check(whole_number())
      ->capture_default_str();
  CLI::callback_t read_wait = [options](const CLI::results_t& words) {
    const auto time = parse_time(words.front());
    if (time) options->wait = *time;
    return time.has_value();
  };
  verb->add_option("--wait", read_wait,
                   "End with code 27 when nothing was printed for so long; 0: never")
      ->type_name("TIME")
      ->check(time_value())
      ->default_str("0s");
  verb->add_flag("--retry", options->retry, "Go on trying although no server is there yet");
  verb->parse_complete_callback([options, &run] { run = [options] { return tail(*options); }; });
}

void add_history(CLI::App& app, Run& run) {
  auto options = std::make_shared<TailOptions>();
  options->server.command = "chat history";
  options->newest = 50;
  options->follow = false;
  auto* verb = app.add_subcommand("history", "Print messages of rooms that were sent before");
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat history lobby\n"
                                      "  chat history lobby --since 2026-11-25 --json\n"
                                      "  chat history ops --since all --match '^deploy'\n"));
  add_common(*verb, *options);
  verb->footer(footer());
  verb->parse_complete_callback([options, &run] { run = [options] { return tail(*options); }; });
}

}  // namespace chat::tools
