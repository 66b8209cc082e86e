#include "chat/tui/room_view.hpp"

#include <catch2/catch.hpp>

using namespace chat;
using namespace std::chrono_literals;
using tui::RoomView;
using tui::Row;

namespace {

const base::Epoch kEpoch("log");

wire::Welcome welcome(std::uint64_t head = 0) {
  wire::Welcome made;
  made.room = base::RoomName("ops");
  made.name = "ann";
  made.client = base::ClientId("me");
  made.epoch = kEpoch;
  made.head = base::Seq(head);
  made.members = {"ann", "bob"};
  made.count = 2;
  return made;
}

wire::Message message(std::uint64_t seq, const std::string& name, const std::string& text,
                      const std::string& client = "", std::uint64_t n = 0) {
  wire::Message made;
  made.seq = base::Seq(seq);
  made.at = static_cast<base::WallMs>(seq) * 1000;
  made.name = name;
  made.client = base::ClientId(client);
  made.n = n;
  made.body = wire::quoted(text);
  return made;
}

RoomView joined(std::uint64_t head = 0) {
  RoomView view{base::RoomName("ops")};
  view.on_joined(welcome(head));
  return view;
}

std::vector<std::string> texts(const RoomView& view) {
  std::vector<std::string> all;
  for (const Row& row : view.rows()) all.push_back(row.text);
  return all;
}

}  // namespace

TEST_CASE("room: our message waits at the end until it comes back", "[tui][room]") {
  auto view = joined();
  view.add_pending(1, "first", 5);
  view.add_pending(2, "second", 5);
  view.on_message(message(1, "bob", "hi"), kEpoch);
  CHECK(texts(view) == std::vector<std::string>{"hi", "first", "second"});
  view.on_message(message(2, "ann", "first", "me", 1), kEpoch);
  CHECK(texts(view) == std::vector<std::string>{"hi", "first", "second"});
  CHECK(view.rows()[1].kind == Row::Kind::message);
  CHECK(view.rows()[1].is_own);
  CHECK(view.rows()[2].kind == Row::Kind::pending);
  view.on_failed(2, "too large");
  view.on_message(message(3, "bob", "later"), kEpoch);
  CHECK(view.rows()[2].kind == Row::Kind::failed);
  CHECK(view.rows()[2].note == "too large");
  CHECK(view.rows()[3].text == "later");
}

TEST_CASE("room: another client's message with the same n is not ours", "[tui][room]") {
  auto view = joined();
  view.add_pending(1, "mine", 5);
  view.on_message(message(1, "bob", "his", "other", 1), kEpoch);
  CHECK(view.rows().back().kind == Row::Kind::pending);
  CHECK_FALSE(view.rows().front().is_own);
}

TEST_CASE("room: what was said before the first visit is read", "[tui][room]") {
  auto view = joined(2);
  view.on_message(message(1, "bob", "a"), kEpoch);
  view.on_message(message(2, "bob", "b"), kEpoch);
  CHECK(view.unread() == 0);
  CHECK_FALSE(view.unread_from());
  view.on_message(message(3, "bob", "c"), kEpoch);
  CHECK(view.unread() == 1);
  CHECK(view.unread_from() == base::Seq(3));
}

TEST_CASE("room: after a restart the line stands where reading ended", "[tui][room]") {
  RoomView view{base::RoomName("ops")};
  view.set_read_to(wire::Cursor{kEpoch, base::Seq(1)});
  view.on_joined(welcome(3));
  for (const std::uint64_t seq : {1U, 2U, 3U}) view.on_message(message(seq, "bob", "x"), kEpoch);
  CHECK(view.unread_from() == base::Seq(2));
  CHECK(view.unread() == 2);
  view.read_all();
  CHECK(view.unread() == 0);
  CHECK(view.unread_from() == base::Seq(2));
  view.on_message(message(4, "bob", "seen at once"), kEpoch);
  CHECK(view.unread() == 0);
  view.leave();
  CHECK_FALSE(view.unread_from());
  view.on_message(message(5, "bob", "missed"), kEpoch);
  CHECK(view.unread_from() == base::Seq(5));
}

TEST_CASE("room: a mention is a word, in any case, and not our own", "[tui][room]") {
  auto view = joined();
  CHECK(view.on_message(message(1, "bob", "Ann: look"), kEpoch));
  CHECK(view.has_mention());
  CHECK_FALSE(view.on_message(message(2, "bob", "annoying"), kEpoch));
  CHECK_FALSE(view.on_message(message(3, "bob", "joann"), kEpoch));
  CHECK(view.on_message(message(4, "bob", "(ann)"), kEpoch));
  CHECK_FALSE(view.on_message(message(5, "ann", "ann", "me", 1), kEpoch));
}

TEST_CASE("room: who comes and goes is folded", "[tui][room]") {
  auto view = joined();
  wire::Presence presence;
  presence.joined = {"carl", "dora"};
  presence.count = 4;
  view.on_presence(presence, 1);
  presence.joined = {};
  presence.left = {"carl", "bob"};
  presence.count = 2;
  view.on_presence(presence, 2);
  REQUIRE(view.rows().size() == 1);
  CHECK(view.rows()[0].joined == std::set<std::string>{"dora"});
  CHECK(view.rows()[0].left == std::set<std::string>{"bob"});
  CHECK(view.members() == std::set<std::string>{"ann", "dora"});
  CHECK(view.count() == 2);
  presence.joined = {"bob"};
  presence.left = {"dora"};
  view.on_presence(presence, 3);
  CHECK(view.rows().empty());
}

TEST_CASE("room: names are offered by who spoke last", "[tui][room]") {
  auto view = joined();
  view.on_message(message(1, "zoe", "x"), kEpoch);
  view.on_message(message(2, "bob", "x"), kEpoch);
  view.on_message(message(3, "zoe", "x"), kEpoch);
  CHECK(view.names() == std::vector<std::string>{"zoe", "bob"});
}

TEST_CASE("room: older pages go before, once", "[tui][room]") {
  auto view = joined(5);
  view.on_message(message(5, "bob", "5"), kEpoch);
  wire::HistoryPage page;
  for (const std::uint64_t seq : {3U, 4U, 5U}) {
    page.messages.push_back(
        std::make_shared<wire::Message>(message(seq, "bob", std::to_string(seq))));
  }
  page.more = false;
  view.on_older(page);
  view.on_older(page);
  CHECK(texts(view) == std::vector<std::string>{"3", "4", "5"});
  CHECK_FALSE(view.has_older());
  view.clear();
  CHECK(view.rows().empty());
  view.on_older(page);
  CHECK(texts(view) == std::vector<std::string>{"3", "4", "5"});
}

TEST_CASE("room: it is bounded, and /me is an action", "[tui][room]") {
  auto view = joined();
  view.on_message(message(1, "bob", "/me waves"), kEpoch);
  CHECK(view.rows()[0].is_action);
  CHECK(view.rows()[0].text == "waves");
  for (std::uint64_t i = 2; i < RoomView::kMostRows + 10; ++i) {
    view.on_message(message(i, "bob", "x"), kEpoch);
  }
  CHECK(view.rows().size() == RoomView::kMostRows);
  CHECK(view.has_older());
}

TEST_CASE("room: typing ends by itself, and with the message", "[tui][room]") {
  auto view = joined();
  const base::TimePoint now{100s};
  view.on_typing("bob", now);
  view.on_typing("ann", now);
  CHECK(view.typing(now) == std::vector<std::string>{"bob"});
  CHECK(view.typing(now + 5s).empty());
  view.on_message(message(1, "bob", "x"), kEpoch);
  CHECK(view.typing(now).empty());
}

TEST_CASE("room: ours is acknowledged before it comes back; under another client it never does",
          "[tui][room]") {
  auto view = joined();
  view.add_pending(1, "first", 5);
  view.add_pending(2, "second", 5);
  view.see_on_its_way([](std::uint64_t n) { return n == 1; });
  CHECK(view.rows()[0].way == Row::Way::sending);
  CHECK(view.rows()[1].way == Row::Way::waiting);
  view.on_acked(1);
  view.see_on_its_way([](std::uint64_t) { return false; });
  CHECK(view.rows()[0].way == Row::Way::acknowledged);
  REQUIRE(view.unsent().size() == 1);
  CHECK(view.unsent()[0].text == "second");
  view.on_acked(2);
  CHECK(view.pending().size() == 2);
  auto again = welcome(2);
  again.client = base::ClientId("another");
  view.on_joined(again);
  CHECK(view.pending().empty());
}
