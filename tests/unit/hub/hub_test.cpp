#include "chat/hub/hub.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

namespace chat::tests {
namespace {

using base::RoomName;
using base::Seq;
using hub::Hub;
using wire::Dialect;
using Strings = std::vector<std::string>;

constexpr std::size_t kAll = 1'000'000;

/// A member that keeps the blocks it gets.
struct Ear final : hub::Member {
  explicit Ear(Dialect dialect = Dialect::v1) : hub::Member(dialect) {}
  void deliver(const base::BlockRef& frames) override {
    addresses.push_back(frames.get());
    blocks.emplace_back(frames->bytes());
  }
  std::string text() const {
    std::string text;
    for (const auto& block : blocks) text += block;
    return text;
  }
  Strings blocks;
  std::vector<const base::Block*> addresses;
};

struct Fixture {
  base::BlockRef encode(const wire::Message& message, Dialect dialect) {
    encoded.push_back(dialect);
    return base::Block::copy_of(dialect == Dialect::plain ? "p" : "v", message.body);
  }
  wire::MessagePtr message(const std::string& body) {
    auto message = std::make_shared<wire::Message>();
    message->seq = Seq(++seq);
    message->body = body;
    return message;
  }
  void deliver(const std::string& body) { hub.deliver(room, message(body)); }

  std::uint64_t seq = 0;
  int scheduled = 0;
  std::vector<Dialect> encoded;
  Hub hub{
      [this](const wire::Message& message, Dialect dialect) { return encode(message, dialect); },
      [this] { ++scheduled; }};
  hub::Room& room = hub.open(RoomName("ops"));
};

// ---- who gets what

TEST_CASE("hub: a message goes to everyone in its room and to nobody else", "[hub]") {
  Fixture f;
  Ear ann;
  Ear bob;
  Ear elsewhere;
  f.hub.join(f.room, ann);
  f.hub.join(f.room, bob);
  f.hub.join(f.hub.open(RoomName("dev")), elsewhere);

  f.deliver("1");
  CHECK_FALSE(f.hub.flush(kAll));

  CHECK(ann.blocks == Strings{"v1"});
  CHECK(bob.blocks == Strings{"v1"});
  CHECK(elsewhere.blocks.empty());
}

TEST_CASE("hub: nothing leaves before the flush, and one flush a turn is asked for", "[hub]") {
  Fixture f;
  Ear ann;
  f.hub.join(f.room, ann);
  CHECK(f.scheduled == 0);

  f.deliver("1");
  f.deliver("2");
  CHECK(ann.blocks.empty());
  CHECK(f.scheduled == 1);

  f.hub.flush(kAll);
  f.deliver("3");
  CHECK(f.scheduled == 2);
}

TEST_CASE("hub: what a turn gathers is one block, shared by all", "[hub][merge]") {
  Fixture f;
  Ear ann;
  Ear bob;
  f.hub.join(f.room, ann);
  f.hub.join(f.room, bob);

  for (const char* body : {"1", "2", "3"}) f.deliver(body);
  f.hub.flush(kAll);

  CHECK(ann.blocks == Strings{"v1v2v3"});
  CHECK(ann.addresses == bob.addresses);
}

TEST_CASE("hub: merged blocks stop growing at 128 KiB, whole frames in each", "[hub][merge]") {
  Fixture f;
  Ear ann;
  f.hub.join(f.room, ann);
  const std::size_t body = (48U << 10) - 1;
  for (int i = 0; i < 5; ++i) f.deliver(std::string(body, 'x'));
  f.deliver(std::string(300U << 10, 'y'));
  f.deliver("z");
  f.hub.flush(kAll);

  std::vector<std::size_t> sizes;
  for (const auto& block : ann.blocks) sizes.push_back(block.size());
  CHECK(sizes == std::vector<std::size_t>{96U << 10, 96U << 10, 48U << 10, (300U << 10) + 1, 2});
}

TEST_CASE("hub: a message is encoded once for each dialect that is spoken in the room",
          "[hub][dialect]") {
  Fixture f;
  f.deliver("0");
  CHECK(f.encoded.empty());

  Ear plain_ann(Dialect::plain);
  Ear plain_bob(Dialect::plain);
  f.hub.join(f.room, plain_ann);
  f.hub.join(f.room, plain_bob);
  f.deliver("1");
  CHECK(f.encoded == std::vector<Dialect>{Dialect::plain});

  Ear v1;
  f.hub.join(f.room, v1);
  f.deliver("2");
  f.hub.flush(kAll);
  CHECK(f.encoded == std::vector<Dialect>{Dialect::plain, Dialect::plain, Dialect::v1});
  CHECK(plain_ann.text() == "p1p2");
  CHECK(plain_bob.text() == "p1p2");
  CHECK(v1.text() == "v2");
}

TEST_CASE("hub: a broadcast goes to one dialect, in order with the messages", "[hub][dialect]") {
  Fixture f;
  Ear plain(Dialect::plain);
  Ear v1;
  f.hub.join(f.room, plain);
  f.hub.join(f.room, v1);

  f.deliver("1");
  f.hub.broadcast(f.room, Dialect::v1, base::Block::copy_of("[ann joined]"));
  f.deliver("2");
  f.hub.flush(kAll);

  CHECK(v1.text() == "v1[ann joined]v2");
  CHECK(plain.text() == "p1p2");
}

TEST_CASE("hub: a broadcast to a dialect that nobody speaks asks for no flush", "[hub][dialect]") {
  Fixture f;
  Ear plain(Dialect::plain);
  f.hub.join(f.room, plain);
  f.hub.broadcast(f.room, Dialect::v1, base::Block::copy_of("x"));
  CHECK(f.scheduled == 0);
  CHECK_FALSE(f.hub.flush(kAll));
}

// ---- coming and going within a turn

TEST_CASE("hub: who joins in the middle of a turn gets the later frames only", "[hub][join]") {
  Fixture f;
  Ear ann;
  Ear late;
  f.hub.join(f.room, ann);
  f.deliver("1");
  f.hub.join(f.room, late);
  f.deliver("2");
  f.deliver("3");
  f.hub.flush(kAll);

  CHECK(ann.text() == "v1v2v3");
  CHECK(late.text() == "v2v3");
  CHECK(f.hub.deliveries() == 5);
}

TEST_CASE("hub: who leaves in the middle of a turn gets none of it", "[hub][leave]") {
  Fixture f;
  Ear ann;
  Ear bob;
  f.hub.join(f.room, ann);
  f.hub.join(f.room, bob);
  f.deliver("1");
  f.hub.leave(ann);
  f.hub.flush(kAll);

  CHECK(ann.blocks.empty());
  CHECK(ann.room() == nullptr);
  CHECK(bob.text() == "v1");
  f.hub.leave(ann);
  CHECK(f.room.size() == 1);
}

TEST_CASE(
    "hub: leaving during a sliced flush takes nothing from the others and gives nothing twice",
    "[hub][leave][slice]") {
  static constexpr std::size_t kMembers = 7;
  const auto served = GENERATE(range<std::size_t>(0, kMembers + 1));
  const auto leaves = GENERATE(range<std::size_t>(0, kMembers));
  CAPTURE(served, leaves);
  Fixture f;
  std::vector<Ear> ears(kMembers);
  for (Ear& ear : ears) f.hub.join(f.room, ear);

  f.deliver("1");
  if (served > 0) f.hub.flush(served);
  const auto had = ears[leaves].text();
  f.hub.leave(ears[leaves]);
  f.deliver("2");
  CHECK(f.hub.flush(kAll) == false);

  for (std::size_t i = 0; i < kMembers; ++i) {
    CAPTURE(i);
    CHECK(ears[i].text() == (i == leaves ? had : "v1v2"));
  }
}

TEST_CASE("hub: all may leave during a sliced flush, in any order", "[hub][leave][slice]") {
  const auto served = GENERATE(range<std::size_t>(0, 5));
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    CAPTURE(served, order);
    Fixture f;
    std::vector<Ear> ears(order.size());
    for (Ear& ear : ears) f.hub.join(f.room, ear);
    f.deliver("1");
    if (served > 0) f.hub.flush(served);
    f.deliver("2");
    for (std::size_t i = 0; i < order.size(); ++i) {
      f.hub.leave(ears[order[i]]);
      REQUIRE(f.room.size() == order.size() - i - 1);
    }
    Ear next;
    f.hub.join(f.room, next);
    f.deliver("3");
    f.hub.flush(kAll);

    for (std::size_t i = 0; i < ears.size(); ++i) {
      REQUIRE(ears[i].text() == (i < served ? "v1" : ""));
    }
    REQUIRE(next.text() == "v3");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("hub: joining during a sliced flush gets what is delivered from then on",
          "[hub][join][slice]") {
  const auto served = GENERATE(range<std::size_t>(1, 4));
  Fixture f;
  std::vector<Ear> ears(4);
  for (Ear& ear : ears) f.hub.join(f.room, ear);
  f.deliver("1");
  REQUIRE(f.hub.flush(served));

  Ear during;
  f.hub.join(f.room, during);
  f.deliver("2");
  Ear behind;
  f.hub.join(f.room, behind);
  f.deliver("3");
  while (f.hub.flush(1)) {
  }

  for (const Ear& ear : ears) CHECK(ear.text() == "v1v2v3");
  CHECK(during.text() == "v2v3");
  CHECK(behind.text() == "v3");
}

TEST_CASE("hub: who left can join again, and gets nothing of the time between", "[hub][join]") {
  Fixture f;
  Ear ann;
  f.hub.join(f.room, ann);
  f.deliver("1");
  f.hub.flush(kAll);
  f.hub.leave(ann);
  f.deliver("2");
  f.hub.join(f.room, ann);
  f.deliver("3");
  f.hub.flush(kAll);
  CHECK(ann.text() == "v1v3");
}

// ---- slices

TEST_CASE("hub: a flush serves no more members than its budget and says that there is more",
          "[hub][slice]") {
  Fixture f;
  std::vector<Ear> ears(10);
  for (Ear& ear : ears) f.hub.join(f.room, ear);
  f.deliver("1");

  const auto served = [&ears] {
    return std::count_if(ears.begin(), ears.end(), [](const Ear& e) { return !e.blocks.empty(); });
  };
  CHECK(f.hub.flush(4));
  CHECK(served() == 4);
  CHECK(f.hub.flush(4));
  CHECK(served() == 8);
  CHECK_FALSE(f.hub.flush(4));
  CHECK(served() == 10);
  CHECK(f.scheduled == 1);
}

TEST_CASE("hub: a small room is not held up by a large one that is never done",
          "[hub][slice][fair]") {
  Fixture f;
  std::vector<Ear> crowd(100);
  for (Ear& ear : crowd) f.hub.join(f.room, ear);
  hub::Room& small = f.hub.open(RoomName("small"));
  Ear ann;
  f.hub.join(small, ann);

  f.deliver("1");
  f.hub.deliver(small, f.message("1"));
  int turns = 0;
  while (ann.blocks.empty() && turns < 10) {
    f.hub.flush(10);
    f.deliver("again");
    ++turns;
  }
  CHECK(turns <= 2);
}

TEST_CASE("hub: several rooms are served in one flush while the budget lasts", "[hub][slice]") {
  Fixture f;
  hub::Room& dev = f.hub.open(RoomName("dev"));
  Ear ann;
  Ear bob;
  f.hub.join(f.room, ann);
  f.hub.join(dev, bob);
  f.deliver("1");
  f.hub.deliver(dev, f.message("1"));
  CHECK_FALSE(f.hub.flush(2));
  CHECK(ann.text() == "v1");
  CHECK(bob.text() == "v1");
}

TEST_CASE("hub: deliveries are counted by frame and member, merged or not", "[hub]") {
  Fixture f;
  Ear ann;
  Ear plain(Dialect::plain);
  f.hub.join(f.room, ann);
  f.hub.join(f.room, plain);
  for (const char* body : {"1", "2", "3"}) f.deliver(body);
  f.hub.broadcast(f.room, Dialect::v1, base::Block::copy_of("x"));
  CHECK(f.hub.deliveries() == 0);
  f.hub.flush(kAll);
  CHECK(f.hub.deliveries() == 7);
}

// ---- catching up

Strings bodies_of(const std::vector<wire::MessagePtr>& messages) {
  Strings bodies;
  for (const auto& message : messages) bodies.push_back(message->body);
  return bodies;
}

TEST_CASE("hub: what is delivered during a catch-up is remembered, without a member too",
          "[hub][catch_up]") {
  Fixture f;
  f.deliver("1");
  f.hub.begin_catch_up(f.room);
  f.deliver("2");
  f.deliver("3");

  CHECK(f.room.head() == Seq(3));
  CHECK(bodies_of(f.hub.recent_after(f.room, Seq(1)).value()) == Strings{"2", "3"});
  CHECK(bodies_of(f.hub.recent_after(f.room, Seq(2)).value()) == Strings{"3"});
  CHECK(f.hub.recent_after(f.room, Seq(3)).value().empty());
  CHECK_FALSE(f.hub.recent_after(f.room, Seq(0)));
  f.hub.end_catch_up(f.room);
}

TEST_CASE("hub: history, then what was remembered, then live: each message once",
          "[hub][catch_up]") {
  Fixture f;
  Ear ann;
  f.hub.join(f.room, ann);
  f.hub.begin_catch_up(f.room);
  f.deliver("1");
  f.hub.flush(kAll);
  f.deliver("2");

  const auto recent = f.hub.recent_after(f.room, Seq(0));
  REQUIRE(recent);
  Ear late;
  f.hub.join(f.room, late);
  f.hub.end_catch_up(f.room);
  f.deliver("3");
  f.hub.flush(kAll);

  CHECK(bodies_of(*recent) == Strings{"1", "2"});
  CHECK(late.text() == "v3");
  CHECK(ann.text() == "v1v2v3");
}

TEST_CASE("hub: the memory lasts until the last catch-up ends", "[hub][catch_up]") {
  Fixture f;
  f.hub.begin_catch_up(f.room);
  f.deliver("1");
  f.hub.begin_catch_up(f.room);
  f.deliver("2");
  f.hub.end_catch_up(f.room);
  CHECK(bodies_of(f.hub.recent_after(f.room, Seq(0)).value()) == Strings{"1", "2"});
  f.hub.end_catch_up(f.room);

  f.deliver("3");
  f.hub.begin_catch_up(f.room);
  CHECK_FALSE(f.hub.recent_after(f.room, Seq(2)));
  CHECK(f.hub.recent_after(f.room, Seq(3)).value().empty());
  f.hub.end_catch_up(f.room);
}

TEST_CASE("hub: past its bound in bytes the memory drops the oldest and says so",
          "[hub][catch_up]") {
  Fixture f;
  const std::string quarter(Hub::kRecentBytes / 4 - sizeof(wire::Message), 'x');
  f.hub.begin_catch_up(f.room);
  for (int i = 0; i < 4; ++i) f.deliver(quarter);
  CHECK(f.hub.recent_after(f.room, Seq(0)).value().size() == 4);

  f.deliver("5");
  f.deliver("6");
  CHECK_FALSE(f.hub.recent_after(f.room, Seq(0)));
  CHECK(f.hub.recent_after(f.room, Seq(1)).value().size() == 5);

  f.deliver(std::string(Hub::kRecentBytes, 'y'));
  CHECK_FALSE(f.hub.recent_after(f.room, Seq(6)));
  CHECK(f.hub.recent_after(f.room, Seq(7)).value().empty());
  f.deliver("8");
  CHECK(bodies_of(f.hub.recent_after(f.room, Seq(7)).value()) == Strings{"8"});
  f.hub.end_catch_up(f.room);

  f.hub.begin_catch_up(f.room);
  for (int i = 0; i < 4; ++i) f.deliver(quarter);
  CHECK(f.hub.recent_after(f.room, Seq(8)).value().size() == 4);
  f.hub.end_catch_up(f.room);
}

// ---- rooms

TEST_CASE("hub: a restart forgets what was remembered, and stands where it is told",
          "[hub][catch_up][restart]") {
  Fixture f;
  f.hub.begin_catch_up(f.room);
  f.deliver("1");
  f.deliver("2");
  hub::Hub::restart(f.room, Seq(0));
  CHECK(f.room.head() == Seq(0));
  CHECK(f.hub.recent_after(f.room, Seq(0)).value().empty());

  f.seq = 0;
  f.deliver("3");
  CHECK(bodies_of(f.hub.recent_after(f.room, Seq(0)).value()) == Strings{"3"});
  f.hub.end_catch_up(f.room);
}

TEST_CASE("hub: who resumes behind a restart with a hole has to read history",
          "[hub][catch_up][restart]") {
  Fixture f;
  f.hub.begin_catch_up(f.room);
  f.deliver("1");
  hub::Hub::restart(f.room, Seq(500));
  CHECK_FALSE(f.hub.recent_after(f.room, Seq(1)));
  CHECK(f.hub.recent_after(f.room, Seq(500)).value().empty());
  // What was remembered counts for its bound no more.
  f.seq = 500;
  const std::string quarter(Hub::kRecentBytes / 4 - sizeof(wire::Message), 'x');
  for (int i = 0; i < 4; ++i) f.deliver(quarter);
  CHECK(f.hub.recent_after(f.room, Seq(500)).value().size() == 4);
  f.hub.end_catch_up(f.room);
}

TEST_CASE("hub: a room is made once and found by its name", "[hub][rooms]") {
  Fixture f;
  CHECK(&f.hub.open(RoomName("ops")) == &f.room);
  CHECK(f.hub.find(RoomName("ops")) == &f.room);
  CHECK(f.hub.find(RoomName("dev")) == nullptr);
  CHECK(f.room.name() == RoomName("ops"));
  CHECK(f.hub.room_count() == 1);
}

TEST_CASE("hub: only an idle room is dropped", "[hub][rooms]") {
  Fixture f;
  Ear ann;
  SECTION("not with a member") {
    f.hub.join(f.room, ann);
    f.hub.drop_if_idle(f.room);
    CHECK(f.hub.room_count() == 1);
    f.hub.leave(ann);
    CHECK(Hub::is_idle(f.room));
  }
  SECTION("not while someone catches up") {
    f.hub.begin_catch_up(f.room);
    CHECK_FALSE(Hub::is_idle(f.room));
    f.hub.drop_if_idle(f.room);
    CHECK(f.hub.room_count() == 1);
    f.hub.end_catch_up(f.room);
  }
  f.hub.drop_if_idle(f.room);
  CHECK(f.hub.room_count() == 0);
  CHECK(f.hub.find(RoomName("ops")) == nullptr);
}

TEST_CASE("hub: a room dropped with frames on their way takes them with it", "[hub][rooms]") {
  Fixture f;
  hub::Room& dev = f.hub.open(RoomName("dev"));
  Ear ann;
  Ear bob;
  f.hub.join(f.room, ann);
  f.hub.join(dev, bob);
  f.deliver("1");
  f.hub.deliver(dev, f.message("1"));
  f.hub.leave(ann);
  f.hub.drop_if_idle(f.room);

  Ear again;
  f.hub.join(f.hub.open(RoomName("ops")), again);
  CHECK_FALSE(f.hub.flush(kAll));
  CHECK(bob.text() == "v1");
  CHECK(again.blocks.empty());
}

}  // namespace
}  // namespace chat::tests
