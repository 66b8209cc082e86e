#include "chat/tui/app.hpp"

#include <catch2/catch.hpp>

#include "support/manual_executor.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::ManualExecutor;
using tui::Key;

namespace {

class FakeTerminal final : public tui::Terminal {
 public:
  std::vector<Key> read() override { return std::exchange(typed, {}); }
  std::vector<int> descriptors() const override { return {}; }
  void draw(const tui::Frame& frame) override {
    screen.clear();
    for (const auto& line : frame.lines) {
      for (const auto& span : line) screen += span.text;
      screen += "\n";
    }
  }
  std::size_t columns() const override { return 70; }
  std::size_t lines() const override { return 16; }
  void bell() override { ++bells; }
  void forget() override { ++redraws; }
  void suspend() override { ++suspends; }

  std::vector<Key> typed;
  std::string screen;
  int bells = 0;
  int redraws = 0;
  int suspends = 0;
};

/// An App whose dialler never gets through: everything is offline.
struct Offline {
  Offline() {
    tui::App::Options options;
    options.dialler = [this](const client::ServerUrl&, transport::Dial::Done) {
      ++dialled;
      return std::make_shared<int>(0);
    };
    options.client.servers.push_back(client::parse_server_url("ws://chat.test").value());
    options.client.room = base::RoomName("ops");
    options.client.persistent = true;
    options.clock = [](base::WallMs) { return "12:00"; };
    options.day = [](base::WallMs) { return "today"; };
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
    return terminal.screen.find(text) != std::string::npos;
  }

  ManualExecutor loop;
  FakeTerminal terminal;
  int dialled = 0;
  std::optional<int> exit;
  std::unique_ptr<tui::App> app;
};

}  // namespace

TEST_CASE("app: what is said offline is shown as waiting", "[tui][app]") {
  Offline ops;
  CHECK(ops.dialled == 1);
  ops.enter("hello");
  CHECK(ops.shows("hello  (sending)"));
  CHECK(ops.shows("connecting…"));
}

TEST_CASE("app: short names are said as emoji", "[tui][app]") {
  Offline ops;
  ops.enter("/me waves :wave: in `:code:`");
  CHECK(ops.shows("waves 👋 in `:code:`  (sending)"));
  ops.press(Key::Kind::text, 0, "up :rock");
  ops.press(Key::Kind::tab);
  CHECK(ops.shows("> up 🚀"));
}

TEST_CASE("app: an unknown command is never said", "[tui][app]") {
  Offline ops;
  ops.enter("/qiut now");
  CHECK(ops.shows("there is no command /qiut"));
  CHECK_FALSE(ops.shows("(sending)"));
  ops.enter("//qiut now");
  CHECK(ops.shows("/qiut now  (sending)"));
  ops.enter("/help");
  CHECK(ops.shows("/ignore NAME"));
}

TEST_CASE("app: a paste of several lines asks first", "[tui][app]") {
  Offline ops;
  ops.press(Key::Kind::paste, 0, "one\ntwo\nthree\n");
  CHECK(ops.shows("send these 4 lines as one message?"));
  ops.press(Key::Kind::text, 0, "n");
  CHECK_FALSE(ops.shows("send these"));
  CHECK_FALSE(ops.shows("(sending)"));
  ops.press(Key::Kind::paste, 0, "one\ntwo");
  ops.press(Key::Kind::text, 0, "y");
  CHECK(ops.shows("two  (sending)"));
  ops.press(Key::Kind::paste, 0, "single\n");
  CHECK(ops.shows("> single"));
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
  CHECK_FALSE(ops.shows("dev"));
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
