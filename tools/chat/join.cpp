#include "join.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <thread>

#include "chat/base/text.hpp"
#include "chat/http/http_client.hpp"
#include "chat/transport/asio_watch.hpp"
#include "chat/tui/app.hpp"
#include "chat/tui/curses_terminal.hpp"
#include "checks.hpp"
#include "color.hpp"
#include "help.hpp"
#include "read_marks.hpp"
#include "since.hpp"

namespace chat::tools {
namespace {

constexpr std::size_t kNewestOnScreen = 200;
constexpr std::chrono::seconds kRoomsBound{5};

std::tm local(base::WallMs at) {
  const auto seconds = static_cast<std::time_t>(at / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

std::string clock_of(base::WallMs at) {
  const auto parts = local(at);
  char text[16];
  std::strftime(text, sizeof text, "%H:%M", &parts);
  return text;
}

tui::Day day_of(base::WallMs at) {
  const auto parts = local(at);
  return {parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_wday};
}

const tui::Texts& texts_for(const JoinOptions& options) {
  const auto asked = tui::parse_language(options.lang);
  return tui::texts_in(asked ? *asked : tui::language_of_environment([](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  }));
}

/// Asks on a thread of its own: the answer may take seconds.
class RoomsAsker {
 public:
  RoomsAsker(base::Executor& executor, client::ServerUrl url, std::string ca_file)
      : executor_(executor), url_(std::move(url)), ca_file_(std::move(ca_file)) {}
  ~RoomsAsker() {
    if (thread_.joinable()) thread_.join();
  }
  RoomsAsker(const RoomsAsker&) = delete;
  RoomsAsker& operator=(const RoomsAsker&) = delete;

  void ask(std::function<void(const tui::RoomsAnswer&)> done) {
    if (std::exchange(is_asking_, true)) return;
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([this, done = std::move(done)] {
      executor_.post([this, done, answered = answer()] {
        is_asking_ = false;
        done(answered);
      });
    });
  }

 private:
  tui::RoomsAnswer answer() const {
    http::HttpTarget target;
    target.url = {url_.tls, url_.host, url_.port, {}, true};
    target.ca_file = ca_file_;
    target.expected = "a chat server";
    target.read_bound = kRoomsBound;
    target.whole_bound = kRoomsBound;  // leaving waits for it
    const auto answer = http::HttpClient(std::move(target)).call("GET", url_.prefix + "/api/rooms");
    if (!answer) return tl::unexpected(answer.error().text);
    auto rooms = wire::decode_api_rooms(answer->body);
    if (!rooms) return tl::unexpected(rooms.error().text());
    return std::move(*rooms);
  }

  base::Executor& executor_;
  const client::ServerUrl url_;
  const std::string ca_file_;
  std::thread thread_;
  bool is_asking_ = false;
};

bool has_terminal() {
  const char* name = std::getenv("TERM");
  const bool is_able = name != nullptr && *name != '\0' && std::strcmp(name, "dumb") != 0;
  return is_able && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

/// What was left behind, for people: nothing when there is nothing.
void tell_unsent(const std::vector<tui::App::Unsent>& unsent, const JoinOptions& options,
                 const tui::Texts& texts) {
  if (unsent.empty()) return;
  std::string told = texts.not_acknowledged(unsent.size());
  for (const auto& [room, text, may_be_there] : unsent) {
    const auto shown = base::visible(text);
    told += "\n  #" + room.value() + ": " + (may_be_there ? texts.may_be_there(shown) : shown);
  }
  complain(options.server, told);
}

int join_on_screen(const JoinOptions& options, client::Client::Options client) {
  CommandLoop loop;
  auto terminal = tui::open_curses_terminal(wants_colors(options.color));
  if (!terminal) {
    complain(options.server, terminal.error() + "; --plain does without");
    return kExitGeneral;
  }
  const auto first = client.servers.front();
  const ReadMarks marks(first.text());
  RoomsAsker asker(loop.executor(), first, options.server.ca_file);
  tui::App::Options app_options;
  app_options.dialler = client::make_dialler(loop.executor(), options.server.ca_file);
  app_options.client = std::move(client);
  app_options.bell = options.bell;
  app_options.read_to = [&marks](const base::RoomName& room) { return marks.of(room); };
  app_options.keep_read_to = [&marks](const base::RoomName& room, const wire::Cursor& cursor) {
    marks.keep(room, cursor);
  };
  app_options.ask_rooms = [&asker](auto done) { asker.ask(std::move(done)); };
  const auto& texts = texts_for(options);
  app_options.texts = &texts;
  app_options.clock = clock_of;
  app_options.day = day_of;
  std::string last_words;
  std::vector<tui::App::Unsent> unsent;
  int exit = kExitGeneral;
  {
    tui::App app(loop.executor(), **terminal, std::move(app_options),
                 [&loop](int code) { loop.finish(code); });
    loop.on_interrupt([&app] { app.quit(kExitInterrupted); });
    std::vector<std::unique_ptr<transport::DescriptorWatch>> watches;
    for (const int descriptor : (*terminal)->descriptors()) {
      watches.push_back(std::make_unique<transport::DescriptorWatch>(loop.executor(), descriptor,
                                                                     [&app] { app.on_input(); }));
    }
    app.start();
    exit = loop.run();
    last_words = app.last_words();
    unsent = app.unsent();
  }
  terminal->reset();  // the terminal is as it was
  if (!last_words.empty()) complain(options.server, last_words);
  tell_unsent(unsent, options, texts);
  return exit;
}

int join(const JoinOptions& options) {
  auto client = client_options(options.server, options.room);
  if (!client) return kExitUsage;
  const bool on_screen = !options.plain && has_terminal();
  client->from.kind = client::ReadFrom::Kind::newest;
  client->from.count = options.newest.value_or(on_screen ? kNewestOnScreen : 0);
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  // The command line was checked: without --since there is none.
  if (auto since = parse_since(options.since, now.count())) client->from = std::move(*since);
  return on_screen ? join_on_screen(options, std::move(*client))
                   : join_plainly(options, std::move(*client), texts_for(options));
}

}  // namespace

void add_join(CLI::App& app, Run& run) {
  auto options = std::make_shared<JoinOptions>();
  options->server.command = "chat join";
  auto* verb = app.add_subcommand("join", "Take part in a room, in this terminal");
  verb->formatter(
      std::make_shared<HelpFormatter>("  chat join lobby\n"
                                      "  chat join lobby --name ann --url wss://chat.example.com\n"
                                      "  chat join lobby --since 2h\n"));
  verb->add_option("ROOM", options->room, "The room")->type_name("")->required();
  verb->add_option("-n", options->newest, "Begin with so many of the newest messages")
      ->type_name("N")
      ->check(whole_number())
      ->default_str("200; without a terminal 0");
  verb->add_option("--since", options->since,
                   "Begin behind EPOCH:SEQ, or with what came in a time (10m, 2h, 7d) or since a "
                   "moment (2026-11-25T10:00:00Z), or with all that is kept (all)")
      ->type_name("WHEN")
      ->check(since_value());
  add_color(*verb, options->color);
  verb->add_option("--lang", options->lang,
                   "en or zh-TW; without it as LC_ALL, LC_MESSAGES or LANG say")
      ->type_name("LANGUAGE")
      ->envname("CHAT_LANG")
      ->check([](const std::string& name) {
        return tui::parse_language(name) ? std::string() : "en or zh-TW";
      });
  verb->add_flag("--bell", options->bell, "Ring when somebody mentions you");
  verb->add_flag("--plain", options->plain,
                 "Lines in, lines out, as without a terminal (a pipe, TERM=dumb)");
  add_server_options(*verb, options->server);
  add_member_name(*verb, options->server);
  verb->footer(
      "Keys: Enter sends, Tab completes, PageUp reads back, Ctrl-R searches what you wrote, "
      "Alt+1…9\n"
      "changes rooms; /help lists the commands.\n"
      "Environment: CHAT_URL, CHAT_CA_FILE, CHAT_NAME, CHAT_LANG, NO_COLOR, CHAT_NO_COLOR; the "
      "command\n"
      "line wins.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot connect, 4 not allowed, 5 no such "
      "room,\n"
      "6 refused, 7 something was not acknowledged, 27 timed out, 130 interrupted.");
  verb->parse_complete_callback([options, &run] { run = [options] { return join(*options); }; });
}

}  // namespace chat::tools
