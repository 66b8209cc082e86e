#include "chat/tui/app.hpp"

#include <catch2/catch.hpp>

#include "support/fake_terminal.hpp"
#include "support/manual_executor.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::FakeTerminal;
using tests::ManualExecutor;
using tui::Key;

namespace {

/// An App whose dialler never gets through: everything is offline.
struct Offline {
  explicit Offline(const tui::Texts& texts = tui::english()) {
    tui::App::Options options;
    options.texts = &texts;
    options.dialler = [this](const client::ServerUrl&, transport::Dial::Done) {
      ++dialled;
      return std::make_shared<int>(0);
    };
    options.client.servers.push_back(client::parse_server_url("ws://chat.test").value());
    options.client.room = base::RoomName("ops");
    options.client.persistent = true;
    options.ask_rooms = [this](auto done) { rooms_asked = std::move(done); };
    options.clock = [](base::WallMs) { return "12:00"; };
    options.day = [](base::WallMs) { return tui::Day{}; };
    options.random = [] { return std::uint64_t{7}; };
    app = std::make_unique<tui::App>(loop, terminal, std::move(options),
                                     [this](int code) { exit = code; });
    app->start();
    loop.run_until_idle();
  }

  void press(Key::Kind kind, char letter = 0, std::string text = {}) {
    Key key;
    key.kind = kind;
    key.letter = letter;
    key.text = std::move(text);
    terminal.typed.push_back(std::move(key));
    app->on_input();
    loop.run_until_idle();
  }
  void enter(const std::string& line) {
    press(Key::Kind::text, 0, line);
    press(Key::Kind::enter);
  }
  bool shows(const std::string& text) const {
    return terminal.screen().find(text) != std::string::npos;
  }

  ManualExecutor loop;
  FakeTerminal terminal;
  int dialled = 0;
  std::function<void(const tui::RoomsAnswer&)> rooms_asked;
  std::optional<int> exit;
  std::unique_ptr<tui::App> app;
};

}  // namespace

TEST_CASE("app: what is said offline is shown as waiting", "[tui][app]") {
  Offline ops;
  CHECK(ops.dialled == 1);
  CHECK(ops.shows("connecting…"));
  ops.enter("hello");
  CHECK(ops.shows("hello  (not sent yet)"));
}

TEST_CASE("app: short names are said as emoji", "[tui][app]") {
  Offline ops;
  ops.enter("/me waves :wave: in `:code:`");
  CHECK(ops.shows("waves 👋 in `:code:`  (not sent yet)"));
  ops.press(Key::Kind::text, 0, "up :rock");
  ops.press(Key::Kind::tab);
  CHECK(ops.shows("> up 🚀"));
}

TEST_CASE("app: an unknown command is never said", "[tui][app]") {
  Offline ops;
  ops.enter("/qiut now");
  CHECK(ops.shows("there is no command /qiut"));
  CHECK_FALSE(ops.shows("(not sent yet)"));
  ops.enter("//qiut now");
  CHECK(ops.shows("/qiut now  (not sent yet)"));
  ops.enter("/help");
  CHECK(ops.shows("/ignore NAME"));
}

TEST_CASE("app: Esc goes to the end, and End where there is no line to go to the end of",
          "[tui][app]") {
  Offline ops;
  ops.enter("/help");
  ops.enter("/help");
  CHECK_FALSE(ops.shows("↓"));
  ops.press(Key::Kind::page_up);
  CHECK(ops.shows("more ↓"));
  ops.press(Key::Kind::text, 0, "x");
  ops.press(Key::Kind::end);
  CHECK(ops.shows("more ↓"));
  ops.press(Key::Kind::escape);
  CHECK_FALSE(ops.shows("↓"));
  CHECK(ops.shows("> x"));
  ops.press(Key::Kind::page_up);
  ops.press(Key::Kind::backspace);
  ops.press(Key::Kind::end);
  CHECK_FALSE(ops.shows("↓"));
  ops.press(Key::Kind::page_up);
  ops.press(Key::Kind::page_up);
  ops.press(Key::Kind::page_down);
  CHECK(ops.shows("more ↓"));
  ops.press(Key::Kind::page_down);
  CHECK_FALSE(ops.shows("↓"));
}

TEST_CASE("app: a paste of several lines asks first", "[tui][app]") {
  Offline ops;
  ops.press(Key::Kind::paste, 0, "one\ntwo\nthree\n");
  CHECK(ops.shows("send these 3 lines as one message?"));
  ops.press(Key::Kind::text, 0, "n");
  CHECK_FALSE(ops.shows("send these"));
  CHECK_FALSE(ops.shows("(not sent yet)"));
  ops.press(Key::Kind::paste, 0, "one\ntwo");
  ops.press(Key::Kind::text, 0, "y");
  CHECK(ops.shows("two  (not sent yet)"));
  ops.press(Key::Kind::paste, 0, "single\n\n");
  CHECK(ops.shows("> single\n"));
}

TEST_CASE(
    "app: a paste of many lines is counted without the line break at its end, in every answer",
    "[tui][app]") {
  Offline ops;
  std::string lines;
  for (int i = 1; i <= 40; ++i) lines += std::to_string(i) + "\n";
  ops.press(Key::Kind::paste, 0, lines);
  CHECK(ops.shows("send these 40 lines as one message?"));
  ops.press(Key::Kind::text, 0, "e");
  CHECK(ops.shows("␊39␊40\n"));
  ops.press(Key::Kind::control, 'c');
  ops.press(Key::Kind::paste, 0, lines);
  ops.press(Key::Kind::text, 0, "y");
  CHECK(ops.shows(" 40  (not sent yet)\n"));
}

TEST_CASE("app: a paste that is too long is refused in words", "[tui][app]") {
  Offline ops;
  Key key;
  key.kind = Key::Kind::paste;
  key.is_too_long = true;
  ops.terminal.typed.push_back(key);
  ops.app->on_input();
  ops.loop.run_until_idle();
  CHECK(ops.shows("· the paste is longer than 1 MiB, and nothing of it was taken"));
  CHECK(ops.shows("> \n"));
}

TEST_CASE("app: an Esc right before a command does not eat its slash", "[tui][app]") {
  Offline ops;
  ops.press(Key::Kind::alt, '/');
  ops.enter("qiut x y");
  CHECK(ops.shows("there is no command /qiut"));
  CHECK_FALSE(ops.shows("(not sent yet)"));
}

TEST_CASE("app: rooms open, change and close", "[tui][app]") {
  Offline ops;
  ops.enter("/part");
  CHECK(ops.shows("the last room"));
  ops.enter("/join #dev");
  CHECK(ops.dialled == 2);
  CHECK(ops.shows("2:#dev"));
  ops.enter("in dev");
  ops.press(Key::Kind::alt, '1');
  CHECK_FALSE(ops.shows("in dev"));
  ops.press(Key::Kind::alt, '2');
  CHECK(ops.shows("in dev"));
  ops.enter("/join ops");
  CHECK(ops.dialled == 2);
  ops.enter("/join a b");
  CHECK(ops.shows("letters, digits and _"));
  ops.press(Key::Kind::alt, '2');
  ops.enter("/part");
  ops.enter("/part");
  CHECK_FALSE(ops.shows("dev"));
}

TEST_CASE("app: the rooms of the server are listed, and known to Tab", "[tui][app]") {
  Offline ops;
  ops.enter("/rooms");
  REQUIRE(ops.rooms_asked);
  ops.rooms_asked(tl::unexpected(std::string("no answer")));
  ops.loop.run_until_idle();
  CHECK(ops.shows("· no answer"));
  ops.rooms_asked(std::vector<wire::RoomSummary>{});
  ops.loop.run_until_idle();
  CHECK(ops.shows("no room with a message yet"));
  ops.rooms_asked(
      std::vector<wire::RoomSummary>{{base::RoomName("dev"), base::Epoch("e"), base::Seq(1), 1},
                                     {base::RoomName("lobby"), base::Epoch("e"), base::Seq(1), 3}});
  ops.loop.run_until_idle();
  CHECK(ops.shows("dev  1 member\n"));
  CHECK(ops.shows("lobby  3 members\n"));
  ops.press(Key::Kind::text, 0, "/join lo");
  ops.press(Key::Kind::tab);
  CHECK(ops.shows("> /join lobby"));
}

TEST_CASE("app: Tab behind /join asks for the rooms, and says nothing of it", "[tui][app]") {
  Offline ops;
  const auto answer = [&ops](const tui::RoomsAnswer& rooms) {
    REQUIRE(ops.rooms_asked);
    std::exchange(ops.rooms_asked, nullptr)(rooms);
    ops.loop.run_until_idle();
  };
  ops.press(Key::Kind::text, 0, "/join b");
  CHECK_FALSE(ops.rooms_asked);
  ops.press(Key::Kind::tab);
  CHECK(ops.shows("> /join b\n"));
  answer(
      std::vector<wire::RoomSummary>{{base::RoomName("beach"), base::Epoch("e"), base::Seq(1), 1},
                                     {base::RoomName("lobby"), base::Epoch("e"), base::Seq(1), 3}});
  CHECK_FALSE(ops.shows("lobby"));
  ops.press(Key::Kind::tab);
  CHECK(ops.shows("> /join beach "));
  // The one that it asked for meanwhile fails: what was known is known.
  answer(tl::unexpected(std::string("no answer")));
  CHECK_FALSE(ops.shows("no answer"));
  ops.press(Key::Kind::tab);
  CHECK_FALSE(ops.rooms_asked);
  CHECK(ops.shows("> /join beach "));
}

TEST_CASE("app: it speaks Chinese where that is wanted; commands and keys are the same",
          "[tui][app]") {
  Offline ops(tui::traditional_chinese());
  CHECK(ops.shows("連線中…"));
  ops.enter("/qiut");
  CHECK(ops.shows("沒有 /qiut 這個指令，所以沒有送出。"));
  ops.enter("哈囉");
  CHECK(ops.shows("哈囉  （尚未送出）"));
  ops.enter("/help");
  CHECK(ops.shows("/nick 名字      換一個名字"));
  ops.press(Key::Kind::paste, 0, "一\n二");
  CHECK(ops.shows("要把這 2 行當作一則訊息送出嗎？(y) 送出 (n) 不要 (e) 編輯"));
  ops.press(Key::Kind::text, 0, "n");
  ops.enter("/quit");
  CHECK(ops.shows("有 1 則訊息沒有送出；再按一次 Ctrl-D 就不送而離開"));
  ops.enter("/quit");
  CHECK(ops.exit == 7);
}

TEST_CASE("app: keys that leave, stop and draw anew", "[tui][app]") {
  Offline ops;
  ops.press(Key::Kind::text, 0, "x");
  ops.press(Key::Kind::control, 'd');
  CHECK_FALSE(ops.exit);
  ops.press(Key::Kind::control, 'c');
  CHECK(ops.shows("> \n"));
  ops.press(Key::Kind::control, 'c');
  CHECK(ops.shows("/quit leaves"));
  CHECK_FALSE(ops.exit);
  ops.press(Key::Kind::control, 'l');
  ops.press(Key::Kind::control, 'z');
  CHECK(ops.terminal.redraws == 1);
  CHECK(ops.terminal.suspends == 1);
  ops.press(Key::Kind::control, 'd');
  CHECK(ops.exit == 0);
}
