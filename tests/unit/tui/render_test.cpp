#include "chat/tui/render.hpp"

#include <catch2/catch.hpp>

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
}
