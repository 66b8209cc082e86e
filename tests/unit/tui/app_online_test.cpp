#include <catch2/catch.hpp>

#include "golden/frames/stage.hpp"

// The App with servers that a test plays.

using namespace chat;
using namespace std::chrono_literals;
using tests::Look;
using tests::Stage;
using tui::Key;

namespace {

constexpr std::uint16_t kNotAllowed = 4002;

Look wide() {
  Look look;
  look.columns = 120;
  look.lines = 16;
  return look;
}

}  // namespace

TEST_CASE("leaving: what the server takes is waited for", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.answers(false);
  stage.enter("last words");
  CHECK(stage.shows("last words  (sending…)"));
  stage.press(Key::Kind::control, 'd');
  CHECK(stage.shows("1 message is being sent; Ctrl-D again leaves without it"));
  CHECK_FALSE(stage.exit());
  stage.answers(true);
  CHECK(stage.exit() == 0);
  CHECK(stage.app().unsent().empty());
}

TEST_CASE("leaving: who does not wait leaves at once, and is told what was left", "[tui][app]") {
  const auto letter = GENERATE('c', 'd');
  Stage stage(wide());
  stage.begin();
  stage.answers(false);
  stage.enter("/me sighs");
  stage.press(Key::Kind::control, 'd');
  stage.press(Key::Kind::control, letter);
  CHECK(stage.exit() == 7);
  REQUIRE(stage.app().unsent().size() == 1);
  CHECK(stage.app().unsent()[0].room == base::RoomName("lobby"));
  CHECK(stage.app().unsent()[0].text == "/me sighs");
  CHECK(stage.app().unsent()[0].may_be_there);
}

TEST_CASE("leaving: a server that says nothing is not waited for forever", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.answers(false);
  stage.enter("one");
  stage.enter("/quit");
  stage.pass(5s);
  CHECK(stage.shows("1 message was not sent; Ctrl-D again leaves without it"));
  CHECK_FALSE(stage.exit());
  stage.enter("/quit");
  CHECK(stage.exit() == 7);
}

TEST_CASE("leaving: without a connection nothing is dropped without a word", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.goes_for(60s);
  stage.enter("one");
  stage.enter("two");
  stage.press(Key::Kind::control, 'd');
  CHECK(stage.shows("2 messages were not sent; Ctrl-D again leaves without them"));
  CHECK_FALSE(stage.exit());

  SECTION("who goes on writing stays, and is told again") {
    stage.enter("three");
    stage.press(Key::Kind::control, 'd');
    CHECK(stage.shows("3 messages were not sent"));
    CHECK_FALSE(stage.exit());
  }
  SECTION("what was sent after all is left behind no more") {
    stage.returns();
    stage.pass(61s);
    CHECK_FALSE(stage.exit());
    stage.press(Key::Kind::control, 'd');
    CHECK(stage.exit() == 0);
  }
  SECTION("who leaves all the same is told which") {
    stage.press(Key::Kind::control, 'd');
    CHECK(stage.exit() == 7);
    REQUIRE(stage.app().unsent().size() == 2);
    CHECK(stage.app().unsent()[1].text == "two");
    CHECK_FALSE(stage.app().unsent()[1].may_be_there);
  }
  SECTION("an interrupt does not ask, but tells") {
    stage.app().quit(130);
    CHECK(stage.exit() == 130);
    CHECK(stage.app().unsent().size() == 2);
  }
}

TEST_CASE("leaving: a refusal is shown before", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.goes_for(60s);
  stage.enter("one");
  stage.refuses_next(wire::Code::too_large);
  stage.returns();
  stage.pass(61s);
  CHECK(stage.shows("one  (not sent: "));
  stage.press(Key::Kind::control, 'd');
  CHECK(stage.exit() == 0);
}

TEST_CASE("leaving: a room with something unsent is closed at the second /part", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.enter("/join ops");
  stage.answers(false);
  stage.enter("for ops");
  stage.enter("/part");
  CHECK(stage.shows("1 message was not sent; /part again closes the room without it"));
  stage.enter("/who");
  stage.enter("/part");
  CHECK(stage.shows("2:#ops"));
  stage.enter("/part");
  CHECK_FALSE(stage.shows("#ops"));
  stage.enter("/quit");
  CHECK(stage.exit() == 7);
  REQUIRE(stage.app().unsent().size() == 1);
  CHECK(stage.app().unsent()[0].room == base::RoomName("ops"));
}

TEST_CASE("rooms: one that is opened while the server is away waits for it as the others do",
          "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.goes_for(5s);
  stage.enter("/join ops");
  stage.fails();
  CHECK(stage.shows("reconnecting"));
  stage.enter("hello ops");
  CHECK(stage.shows("hello ops  (not sent yet)"));
  stage.returns();
  stage.pass(30s);
  CHECK(stage.shows("hello ops\n"));
  CHECK_FALSE(stage.shows("closed"));
}

TEST_CASE("rooms: one that has ended says so, fails what was said in it, and opens again",
          "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.says("bob", "before");
  stage.answers(false);
  stage.enter("on its way");
  stage.ends(kNotAllowed);
  CHECK(stage.shows("on its way  (not sent: "));
  CHECK(stage.shows("it may be there already"));
  CHECK(stage.shows("/join lobby opens it again"));
  stage.enter("too late");
  CHECK(stage.shows("too late  (not sent: "));
  CHECK_FALSE(stage.shows("(sending"));
  CHECK_FALSE(stage.shows("(not sent yet)"));

  stage.answers(true);
  stage.enter("/join lobby");
  stage.enter("here again");
  CHECK(stage.shows("here again\n"));
  const auto screen = stage.screen();
  const auto first = screen.find("bob  before");
  REQUIRE(first != std::string::npos);
  CHECK(screen.find("bob  before", first + 1) == std::string::npos);
}
