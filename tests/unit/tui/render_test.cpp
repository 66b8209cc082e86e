#include "chat/tui/render.hpp"

#include <catch2/catch.hpp>

#include "chat/base/text.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tui::LineEditor;
using tui::RoomView;
using tui::Shown;

namespace {

const base::Epoch kEpoch("log");
constexpr base::WallMs kDay = 24 * 3600 * 1000;

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
    shown.clock = [](base::WallMs at) {
      const auto minutes = at / 60'000 % (24 * 60);
      const auto two = [](base::WallMs n) { return (n < 10 ? "0" : "") + std::to_string(n); };
      return two(minutes / 60) + ":" + two(minutes % 60);
    };
    shown.day = [](base::WallMs at) {
      const auto days = static_cast<int>(at / kDay);
      return tui::Day{2026, 11, 25 + days, (3 + days) % 7};
    };
  }

  void say(const std::string& name, const std::string& text, base::WallMs at = 0,
           const std::string& client = "") {
    wire::Message message;
    message.seq = base::Seq(++seq);
    message.at = at;
    message.name = name;
    message.client = base::ClientId(client);
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

  RoomView room{base::RoomName("ops")};
  LineEditor editor;
  Shown shown;
  tui::Rendered rendered;
  std::uint64_t seq = 0;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("screen: messages, status, input", "[tui][render]") {
  Screen screen;
  screen.say("bob", "hello there", 61 * 60'000);
  screen.say("ann", "hi", 62 * 60'000, "me");
  screen.editor.insert("how are");
  CHECK(screen.lines(50, 6) == Lines{"", "─── Wed 25 Nov 2026 ──────────────────────────────",
                                     "01:01 bob  hello there", "01:02 ann  hi",
                                     " #ops │ ann │ 2 members │ connected", "> how are"});
  CHECK(screen.rendered.frame.cursor_line == 5);
  CHECK(screen.rendered.frame.cursor_column == 9);
  CHECK(screen.rendered.shows_oldest);
}

TEST_CASE("screen: long text is wrapped at spaces, under its begin", "[tui][render]") {
  Screen screen;
  screen.say("bob", "one two three four five six", 0);
  const auto lines = screen.lines(30, 5);
  CHECK(lines[1] == "bob  one two three four five");
  CHECK(lines[2] == "     six");
}

TEST_CASE("screen: a word that is too long, and wide characters, are cut where they must",
          "[tui][render]") {
  Screen screen;
  screen.say("bob", "漢字漢字漢字漢字漢字漢字", 0);
  const auto lines = screen.lines(20, 6);
  CHECK(lines[2] == "bob  漢字漢字漢字漢");
  CHECK(lines[3] == "     字漢字漢字");
}

TEST_CASE("screen: scripts without spaces are cut anywhere, but not at their brackets",
          "[tui][render]") {
  Screen screen;
  screen.say("bob", "see 漢字漢字漢字，（漢字）a", 0);
  auto lines = screen.lines(20, 6);
  CHECK(lines[2] == "bob  see 漢字漢字漢");
  CHECK(lines[3] == "     字，（漢字）a");
  lines = screen.lines(22, 6);
  CHECK(lines[2] == "bob  see 漢字漢字漢");  // the comma stays with its character
  CHECK(lines[3] == "     字，（漢字）a");
}

TEST_CASE("screen: days, what is new, gaps, who came", "[tui][render]") {
  Screen screen;
  screen.say("bob", "yesterday", kDay - 60'000);
  screen.room.read_all();
  screen.room.leave();
  screen.say("bob", "today", kDay + 60'000);
  wire::Presence presence;
  presence.joined = {"carl"};
  presence.left = {"bob"};
  presence.count = 2;
  screen.room.on_presence(presence, kDay);
  presence.joined = {"d", "e", "f", "g"};
  presence.left = {};
  presence.count = 6;
  screen.room.on_presence(presence, kDay);
  wire::Missing missing;
  missing.epoch = base::Epoch("old");
  screen.room.on_gap(missing);
  const auto lines = screen.lines(50, 9);
  CHECK(lines[0].find("─── Wed 25 Nov 2026 ──") == 0);
  CHECK(lines[1] == "23:59 bob  yesterday");
  CHECK(lines[2].find("─── Thu 26 Nov 2026 ──") == 0);
  CHECK(lines[3].find("─── new ──") == 0);
  CHECK(lines[4] == "00:01 bob  today");
  CHECK(lines[5] == "· 5 joined; bob left");
  CHECK(lines[6].find("─── the room's history was replaced") == 0);
}

TEST_CASE("screen: what waits, what failed, what we do", "[tui][render]") {
  Screen screen;
  screen.room.add_pending(1, "on its way", 0);
  screen.room.add_pending(2, "too much", 0);
  screen.room.on_failed(2, "over the limit");
  screen.say("bob", "/me waves", 0);
  const auto lines = screen.lines(60, 7);
  CHECK(lines[2] == "00:00 ann  too much  (not sent: over the limit)");
  CHECK(lines[3] == "00:00 * bob waves");
  CHECK(lines[4] == "00:00 ann  on its way  (sending)");
}

TEST_CASE("screen: strangers' control characters are shown, not obeyed", "[tui][render]") {
  Screen screen;
  screen.say("e\x1b]0;x\x07vil", "\x1b[2J\x1b[31mred\r\nnext\tline\u202Etxt", 0);
  const auto lines = screen.lines(60, 6);
  CHECK(lines[2] == "00:00 e␛]0;x␇vil  ␛[2J␛[31mred");
  CHECK(lines[3].find("next    line\uFFFDtxt") != std::string::npos);
}

TEST_CASE("screen: it scrolls, and not beyond what there is", "[tui][render]") {
  Screen screen;
  for (int i = 1; i <= 20; ++i) screen.say("bob", std::to_string(i), 0);
  screen.shown.scrolled = 5;
  auto lines = screen.lines(40, 6);
  CHECK(lines[3] == "00:00 bob  15");
  CHECK_FALSE(screen.rendered.shows_oldest);
  screen.shown.scrolled = 1000;
  lines = screen.lines(40, 6);
  CHECK(lines[0].find("─── Wed 25 Nov 2026") == 0);
  CHECK(lines[1] == "00:00 bob  1");
  CHECK(screen.rendered.scrolled == 17);
  CHECK(screen.rendered.shows_oldest);
}

TEST_CASE("screen: other rooms, typing and questions", "[tui][render]") {
  Screen screen;
  RoomView other{base::RoomName("dev")};
  other.on_joined(wire::Welcome{});
  wire::Message message;
  message.seq = base::Seq(1);
  message.name = "bob";
  message.body = "\"x\"";
  other.on_message(message, kEpoch);
  screen.shown.rooms.push_back(&other);
  screen.room.on_typing("bob", base::TimePoint{1s});
  screen.shown.now = base::TimePoint{2s};
  auto lines = screen.lines(70, 4);
  CHECK(lines[2] == " 1:#ops 2:#dev(1) │ ann │ 2 members │ connected │ bob is typing…");
  screen.shown.question = "send these 3 lines as one message? ";
  screen.shown.answers = "(y)es (n)o (e)dit ";
  lines = screen.lines(70, 4);
  CHECK(lines[3] == "send these 3 lines as one message? (y)es (n)o (e)dit");
}

TEST_CASE("screen: a search marks what it finds", "[tui][render]") {
  Screen screen;
  screen.say("bob", "a needle here", 0);
  screen.shown.found = "needle";
  screen.lines(60, 5);
  bool is_marked = false;
  for (const auto& line : screen.rendered.frame.lines) {
    for (const auto& span : line)
      is_marked = is_marked || (span.text == "needle" && span.style.reverse);
  }
  CHECK(is_marked);
}

TEST_CASE("screen: any size can be drawn", "[tui][render]") {
  Screen screen;
  screen.say("somebody with a long name",
             "and a text 漢字 that is long too 👩‍👩‍👧 e\u0301", 0);
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
}
