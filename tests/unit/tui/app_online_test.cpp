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

  SECTION("Escape stays; what is asked is in sight whatever is above") {
    stage.press(Key::Kind::escape);
    CHECK_FALSE(stage.shows("Ctrl-D again"));
    for (int i = 0; i < 20; ++i) stage.enter("more");
    stage.press(Key::Kind::control, 'd');
    CHECK(stage.shows("22 messages were not sent; Ctrl-D again leaves without them"));
    CHECK_FALSE(stage.exit());
  }
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
    CHECK_FALSE(stage.shows("Ctrl-D again"));
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

TEST_CASE("names: who comes under a taken one is told, once", "[tui][app]") {
  Stage stage(wide());
  stage.has_taken("ann");
  stage.begin();
  CHECK(stage.shows("· “ann” is taken here; you are “ann-2”"));
  stage.enter("/clear");
  stage.goes_for(1s);
  stage.returns();
  stage.pass(2s);
  CHECK(stage.shows("│ ann-2 │"));
  CHECK_FALSE(stage.shows("taken"));
}

TEST_CASE("names: a rename is told on one line, with the name that it became", "[tui][app]") {
  Stage stage(wide());
  stage.has_taken("bob");
  stage.begin();
  CHECK_FALSE(stage.shows("·"));
  stage.enter("/nick bob");
  CHECK(stage.shows("· “bob” is taken here; you are “bob-2”"));
  stage.enter("/nick carl");
  CHECK(stage.shows("· you are now carl"));
  CHECK_FALSE(stage.shows("is now"));
}

TEST_CASE("names: the answer to one wish is none to the next", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.is_called("dora");  // by the server, or by what was asked for before
  CHECK(stage.shows("· you are now dora"));
  stage.is_called("ann-2");
  CHECK(stage.shows("· “ann” is taken here; you are “ann-2”"));
}

TEST_CASE("names: nobody hides what they say themselves; who is hidden can be asked",
          "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  stage.says("bob", "seen");
  stage.enter("/ignore");
  CHECK(stage.shows("nobody is ignored"));
  stage.enter("/ignore ANN");
  CHECK(stage.shows("that is your own name"));
  stage.enter("/ignore Bob");
  CHECK_FALSE(stage.shows("seen"));
  stage.enter("/ignore");
  CHECK(stage.shows("· ignored: Bob"));
  stage.enter("/ignore bob");
  CHECK(stage.shows("seen"));
}

TEST_CASE("search: each match has its number, and the oldest is known as such", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  for (const char* text : {"ship one", "nothing", "ship two", "ship three"}) {
    stage.says("bob", text);
  }
  stage.enter("/search ship");
  CHECK(stage.shows("│ 1 of 3 │"));
  stage.enter("/search");
  CHECK(stage.shows("│ 2 of 3 │"));
  for (int i = 0; i < 2; ++i) {
    stage.enter("/search");
    CHECK(stage.shows("│ 3 of 3, no older one │"));
  }
  stage.press(Key::Kind::escape);
  CHECK_FALSE(stage.shows("of 3"));
}

TEST_CASE("history: a new log is told only when there was something in the old one", "[tui][app]") {
  Stage stage(wide());
  stage.begin();
  const auto come_with_a_new_log = [&stage] {
    stage.goes_for(1s);
    stage.has_a_new_log();
    stage.returns();
    stage.pass(2s);
    CHECK_FALSE(stage.shows("reconnecting"));
  };
  come_with_a_new_log();
  CHECK_FALSE(stage.shows("replaced"));
  come_with_a_new_log();
  CHECK_FALSE(stage.shows("replaced"));
  stage.says("bob", "something");
  come_with_a_new_log();
  CHECK(stage.shows("the room's history was replaced"));
}
