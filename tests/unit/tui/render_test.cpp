#include "chat/tui/render.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "chat/base/text.hpp"

using namespace chat;
using tui::LineEditor;
using tui::RoomView;
using tui::Shown;

namespace {

const base::Epoch kEpoch("log");

/// A room with two members, and what a screen of it shows.
struct Screen {
  Screen() {
    wire::Welcome welcome;
    welcome.name = "ann";
    welcome.client = base::ClientId("me");
    welcome.epoch = kEpoch;
    welcome.members = {"ann", "bob"};
    welcome.count = 2;
    room.on_joined(welcome);
    room.read_all();
    shown.rooms = {&room};
    shown.editor = &editor;
    shown.link = "connected";
    shown.clock = [](base::WallMs) { return "00:00"; };
    shown.day = [](base::WallMs) { return tui::Day{2026, 11, 25, 3}; };
  }

  void say(const std::string& name, const std::string& text) {
    wire::Message message;
    message.seq = base::Seq(++seq);
    message.name = name;
    message.n = seq;
    message.body = wire::quoted(text);
    room.on_message(message, kEpoch);
  }

  std::vector<std::string> lines(std::size_t columns, std::size_t height) {
    rendered = tui::render(shown, columns, height);
    std::vector<std::string> all;
    for (const auto& line : rendered.frame.lines) {
      std::string text;
      for (const auto& span : line) text += span.text;
      CHECK(base::columns(text) <= columns);
      CHECK(base::visible(text) == text);
      all.push_back(text.substr(0, text.find_last_not_of(' ') + 1));
    }
    CHECK(all.size() == height);
    return all;
  }

  /// What is in sight now is what is read.
  void stay() {
    shown.top = rendered.view.top;
    shown.up = 0;
  }

  RoomView room{base::RoomName("ops")};
  LineEditor editor;
  Shown shown;
  tui::Rendered rendered;
  std::uint64_t seq = 0;
};

}  // namespace

TEST_CASE("screen: long text is wrapped at spaces, under its begin", "[tui][render]") {
  Screen screen;
  screen.say("bob", "one two three four five six");
  const auto lines = screen.lines(30, 5);
  CHECK(lines[1] == "bob  one two three four five");
  CHECK(lines[2] == "     six");
}

TEST_CASE("screen: a word that is too long, and wide characters, are cut where they must",
          "[tui][render]") {
  Screen screen;
  screen.say("bob", "漢字漢字漢字漢字漢字漢字");
  const auto lines = screen.lines(20, 6);
  CHECK(lines[2] == "bob  漢字漢字漢字漢");
  CHECK(lines[3] == "     字漢字漢字");
}

TEST_CASE("screen: scripts without spaces are cut anywhere, but not at their brackets",
          "[tui][render]") {
  Screen screen;
  screen.say("bob", "see 漢字漢字漢字，（漢字）a");
  auto lines = screen.lines(20, 6);
  CHECK(lines[2] == "bob  see 漢字漢字漢");
  CHECK(lines[3] == "     字，（漢字）a");
  lines = screen.lines(22, 6);
  CHECK(lines[2] == "bob  see 漢字漢字漢");  // the comma stays with its character
  CHECK(lines[3] == "     字，（漢字）a");
}

TEST_CASE("screen: it scrolls, and not beyond what there is", "[tui][render]") {
  Screen screen;
  for (int i = 1; i <= 20; ++i) screen.say("bob", std::to_string(i));
  screen.shown.up = 5;
  auto lines = screen.lines(40, 6);
  CHECK(lines[3] == "00:00 bob  15");
  CHECK_FALSE(screen.rendered.view.shows_oldest);
  CHECK_FALSE(screen.rendered.view.is_at_end);
  screen.shown.up = 1000;
  lines = screen.lines(40, 6);
  CHECK(lines[0].find("─── Wed 25 Nov 2026") == 0);
  CHECK(lines[1] == "00:00 bob  1");
  CHECK(screen.rendered.view.shows_oldest);
  screen.stay();
  screen.shown.up = -1000;
  lines = screen.lines(40, 6);
  CHECK(lines[3] == "00:00 bob  20");
  CHECK(screen.rendered.view.is_at_end);
}

TEST_CASE("screen: what is read stays where it is, whatever comes", "[tui][render]") {
  Screen screen;
  screen.seq = 100;
  for (int i = 1; i <= 20; ++i) screen.say("bob", std::to_string(i));
  screen.shown.up = 8;
  const auto before = screen.lines(40, 6);
  CHECK(before[0] == "00:00 bob  9");
  screen.stay();
  const auto text_of = [&screen] {
    auto lines = screen.lines(40, 6);
    lines.resize(4);
    return lines;
  };
  const std::vector<std::string> read(before.begin(), before.begin() + 4);
  screen.say("bob", "a new one that needs more than one line");
  CHECK(text_of() == read);
  wire::Presence presence;
  presence.joined = {"carl"};
  screen.room.on_presence(presence, 0);
  CHECK(text_of() == read);
  presence.joined = {"somebody with a long name", "somebody else"};
  screen.room.on_presence(presence, 0);
  CHECK(text_of() == read);
  presence.left = {"somebody with a long name", "somebody else", "carl"};
  presence.joined.clear();
  screen.room.on_presence(presence, 0);
  CHECK(text_of() == read);
  wire::HistoryPage page;
  for (std::uint64_t i = 80; i <= 100; ++i) {
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(i);
    message->name = "bob";
    message->body = wire::quoted("older");
    page.messages.push_back(message);
  }
  screen.room.on_older(page);
  CHECK(text_of() == read);
}

TEST_CASE("screen: who comes and goes above what is read does not move it", "[tui][render]") {
  Screen screen;
  wire::Presence presence;
  presence.joined = {"carl"};
  screen.room.on_presence(presence, 0);
  screen.room.add_pending(1, "waits", 0);
  for (int i = 0; i < 4; ++i) screen.room.add_pending(2, "waits too", 0);
  screen.say("bob", "read");
  for (int i = 0; i < 4; ++i) screen.say("bob", "below");
  screen.shown.up = 6;
  CHECK(screen.lines(40, 6)[1] == "00:00 bob  below");
  screen.stay();
  screen.room.on_failed(1, "a reason that makes it longer");
  CHECK(screen.lines(40, 6)[1] == "00:00 bob  below");
}

TEST_CASE("screen: what is read is in sight at any width and height", "[tui][render]") {
  Screen screen;
  for (int i = 1; i <= 20; ++i)
    screen.say("bob", std::to_string(i) + " and enough words for a narrow screen");
  screen.shown.up = 6;
  const auto before = screen.lines(60, 6);
  CHECK(before[0] == "00:00 bob  11 and enough words for a narrow screen");
  screen.stay();
  CHECK(screen.lines(25, 6)[0] == "bob  11 and enough words");
  CHECK(screen.lines(60, 4)[0] == before[0]);
  CHECK(screen.lines(60, 6) == before);
}

TEST_CASE("screen: a long message that is read stays where it is, by its lines", "[tui][render]") {
  Screen screen;
  screen.say("bob", "1\n2\n3\n4\n5\n6\n7\n8\n9");
  for (int i = 0; i < 4; ++i) screen.say("bob", "below");
  screen.shown.up = 4;
  CHECK(screen.lines(40, 6)[0] == "           6");
  screen.stay();
  screen.say("bob", "new");
  CHECK(screen.lines(40, 6)[0] == "           6");
}

TEST_CASE("screen: what is read and then hidden leaves its place to what is behind it",
          "[tui][render]") {
  Screen screen;
  for (int i = 1; i <= 10; ++i) {
    screen.say("bob", "bob's " + std::to_string(i));
    screen.say("carl", "carl's " + std::to_string(i));
  }
  screen.shown.up = 8;
  CHECK(screen.lines(40, 6)[0] == "00:00 bob  bob's 5");
  screen.stay();
  screen.room.toggle_ignored("bob");
  CHECK(screen.lines(40, 6)[0] == "00:00 carl  carl's 5");
  screen.room.toggle_ignored("carl");
  CHECK(screen.lines(40, 6)[3].empty());
}

TEST_CASE("screen: it says that there is more below, with what is new", "[tui][render]") {
  Screen screen;
  for (int i = 1; i <= 20; ++i) screen.say("bob", std::to_string(i));
  screen.shown.up = 1;
  for (const std::size_t columns : {16U, 20U, 40U, 80U}) {
    const auto status = screen.lines(columns, 6)[4];
    CAPTURE(status);
    const std::string sign = " more ↓";
    CHECK(status.substr(status.size() - sign.size()) == sign);
  }
  screen.stay();
  screen.room.look_away();
  screen.say("bob", "21");
  screen.say("bob", "22");
  const auto status = screen.lines(20, 6)[4];
  CHECK(status.find(" 2 new ↓") != std::string::npos);
  screen.shown.texts = &tui::traditional_chinese();
  CHECK(screen.lines(30, 6)[4].find("2 則新訊息 ↓") != std::string::npos);
  screen.shown.up = -3;  // of 21, 22, and the line above them
  CHECK(screen.lines(30, 6)[4].find("↓") != std::string::npos);
  screen.shown.up = -4;
  CHECK(screen.lines(30, 6)[4].find("↓") == std::string::npos);
}

TEST_CASE("screen: the connection is seen behind many rooms, and what is cut says so",
          "[tui][render]") {
  Screen screen;
  screen.shown.link = "reconnecting in 3 s";
  std::vector<std::unique_ptr<RoomView>> others;
  for (int i = 2; i <= 11; ++i) {
    others.push_back(std::make_unique<RoomView>(base::RoomName("room" + std::to_string(i))));
    screen.shown.rooms.push_back(others.back().get());
  }
  CHECK(
      screen.lines(90, 4)[2] ==
      " 1:#ops 2:#room2 3:#room3 4:#room4 5 6 7 8 9 10 11 │ ann │ 2 members │ reconnecting in 3 s");
  CHECK(screen.lines(60, 4)[2] == " 1:#ops 2 3 4 5 6 +5 │ ann │ 2 members │ reconnecting in 3 s");
  wire::Message message;
  message.seq = base::Seq(1);
  message.name = "bob";
  message.body = wire::quoted("hello");
  others[6]->on_joined({});
  others[6]->on_message(message, kEpoch);
  CHECK(screen.lines(60, 4)[2] == " 1:#ops 2 3 8(1) +7 │ ann │ 2 members │ reconnecting in 3 s");
  CHECK(screen.lines(40, 4)[2] == " 1:#ops 2 +9 │ ann │ reconnecting in 3 s");
  CHECK(screen.lines(30, 4)[2] == " 1:#ops +10 │ reconnecting in…");
  screen.shown.rooms.resize(2);
  CHECK(screen.lines(30, 4)[2] == " 1:#ops 2 │ reconnecting in …");
  CHECK(screen.lines(40, 4)[2] == " 1:#ops 2 │ ann │ reconnecting in 3 s");
  screen.shown.texts = &tui::traditional_chinese();
  screen.shown.link = "3 秒後再試";
  CHECK(screen.lines(42, 4)[2] == " 1:#ops 2:#room2 │ ann │ 2 人 │ 3 秒後再試");
  CHECK(screen.lines(24, 4)[2] == " 1:#ops 2 │ 3 秒後再試");
}

TEST_CASE("screen: a mention in a room that has no tab any more is marked", "[tui][render]") {
  Screen screen;
  screen.shown.link = "reconnecting in 3 s";
  RoomView other{base::RoomName("somewhere_else")};
  wire::Welcome welcome;
  welcome.name = "ann";
  other.on_joined(welcome);
  wire::Message message;
  message.seq = base::Seq(1);
  message.name = "bob";
  message.body = wire::quoted("ann: look");
  other.on_message(message, kEpoch);
  screen.shown.rooms.push_back(&other);
  CHECK(screen.lines(60, 4)[2] == " 1:#ops 2(1!) │ ann │ 2 members │ reconnecting in 3 s");
  CHECK(screen.lines(33, 4)[2] == " 1:#ops +1! │ reconnecting in 3 s");
}

TEST_CASE("screen: any size can be drawn", "[tui][render]") {
  Screen screen;
  screen.say("somebody with a long name",
             "and a text 漢字 that is long too 👩‍👩‍👧 e\u0301");
  screen.editor.insert("writing something that is longer than the screen");
  for (std::size_t columns = 10; columns < 90; columns += 7) {
    for (std::size_t height = 3; height < 12; ++height) {
      CAPTURE(columns, height);
      screen.lines(columns, height);
      CHECK(screen.rendered.frame.cursor_column < columns);
    }
  }
  const auto tiny = tui::render(screen.shown, 0, 0);
  CHECK(tiny.frame.lines.size() == 3);
}

TEST_CASE("screen: a name has one colour, whatever its case", "[tui][render]") {
  CHECK(tui::color_of("ann") == tui::color_of("Ann"));
  CHECK(tui::color_of("ann") >= 1);
  CHECK(tui::color_of("ann") <= tui::kColors);
  CHECK(tui::color_of("ann") != tui::color_of("bob"));
}
