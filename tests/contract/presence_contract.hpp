#pragma once

// The contract of broker::Presence as tests. Included once by the test of each implementation,
// which defines make_presence_world().

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/broker/presence.hpp"

namespace chat::tests {

/// A presence under contract, on virtual time. It gathers for 200 ms and tells at most 5 names.
class PresenceWorld {
 public:
  virtual ~PresenceWorld() = default;
  virtual broker::Presence& presence() = 0;
  /// Lets everything go on for that long.
  virtual void advance(base::Duration time) = 0;
};

/// Made anew for each test by the .cpp of an implementation.
std::unique_ptr<PresenceWorld> make_presence_world();

namespace {

using base::MemberKey;
using base::RoomName;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;

constexpr base::Duration kHops = milliseconds(1);  // enough for what waits for no timer
constexpr base::Duration kGather = milliseconds(200);

// Two rooms, because an implementation may keep its rooms in different places.
RoomName any_room() { return RoomName(GENERATE(as<std::string>{}, "ops", "кухня")); }

Names sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

class RecordingPresence final : public broker::PresenceSink {
 public:
  void on_presence(const RoomName&, const wire::Presence& presence) override {
    told.push_back(presence);
    if (then) then();
  }
  void on_typing(const RoomName&, const std::string& name) override { typing.push_back(name); }
  void on_renamed(const RoomName&, MemberKey key, const std::string& name) override {
    renamed.emplace_back(key.value(), name);
  }

  std::vector<wire::Presence> told;
  Names typing;
  std::vector<std::pair<std::uint64_t, std::string>> renamed;
  std::function<void()> then;
};

/// Calls a presence and takes its answers.
class Visitor {
 public:
  explicit Visitor(PresenceWorld& world) : world_(world) {}

  broker::Entered enter(const RoomName& room, std::uint64_t key, const std::string& wanted,
                        broker::PresenceSink& sink) {
    return ask<broker::Entered>([&](auto done) {
             world_.presence().enter(room, MemberKey(key), wanted, sink, done);
           })
        .value();
  }
  wire::Result<std::string> rename(const RoomName& room, std::uint64_t key,
                                   const std::string& wanted) {
    return ask<std::string>(
        [&](auto done) { world_.presence().rename(room, MemberKey(key), wanted, done); });
  }
  void leave(const RoomName& room, std::uint64_t key, broker::PresenceSink& sink) {
    world_.presence().leave(room, MemberKey(key), sink);
  }
  broker::Members members(const RoomName& room) {
    return ask<broker::Members>([&](auto done) { world_.presence().members(room, done); }).value();
  }
  std::map<RoomName, std::size_t> counts() {
    const auto counts =
        ask<std::vector<broker::RoomCount>>([&](auto done) { world_.presence().counts(done); });
    std::map<RoomName, std::size_t> by_room;
    for (const auto& count : counts.value()) by_room[count.room] += count.count;
    return by_room;
  }

 private:
  template <class T, class Call>
  wire::Result<T> ask(Call call) {
    std::vector<wire::Result<T>> answers;
    call([&answers](wire::Result<T> answer) { answers.push_back(std::move(answer)); });
    if (answers.empty()) world_.advance(kHops);
    REQUIRE(answers.size() == 1);
    return answers.front();
  }

  PresenceWorld& world_;
};

TEST_CASE("presence: who enters gets its name and who is there", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;

  const auto ann = visitor.enter(room, 1, "ann", sink);
  const auto bob = visitor.enter(room, 2, "bob", sink);

  CHECK(ann.name == "ann");
  CHECK(ann.members == Names{"ann"});
  CHECK(ann.count == 1);
  CHECK(bob.name == "bob");
  CHECK(sorted(bob.members) == Names{"ann", "bob"});
  CHECK(bob.count == 2);
}

TEST_CASE("presence: a taken name gets a suffix, whatever its case", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;

  CHECK(visitor.enter(room, 1, "ann", sink).name == "ann");
  CHECK(visitor.enter(room, 2, "ANN", sink).name == "ANN-2");
  CHECK(visitor.enter(RoomName("elsewhere"), 3, "ann", sink).name == "ann");
}

TEST_CASE("presence: who asks for no name is a guest", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;

  const auto first = visitor.enter(room, 1, "", sink).name;
  const auto second = visitor.enter(room, 2, "", sink).name;

  CHECK(first.rfind("guest-", 0) == 0);
  CHECK(second.rfind("guest-", 0) == 0);
  CHECK(first != second);
}

TEST_CASE("presence: comings and goings are told together", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  visitor.enter(room, 1, "ann", sink);
  visitor.enter(room, 2, "bob", sink);
  world->advance(kGather + kHops);
  sink.told.clear();

  visitor.enter(room, 3, "eve", sink);
  visitor.leave(room, 2, sink);
  visitor.enter(room, 4, "dan", sink);
  world->advance(kGather / 2);
  CHECK(sink.told.empty());
  world->advance(kGather);

  REQUIRE(sink.told.size() == 1);
  CHECK(sorted(sink.told[0].joined) == Names{"dan", "eve"});
  CHECK(sink.told[0].left == Names{"bob"});
  CHECK(sink.told[0].count == 3);
  world->advance(seconds(10));
  CHECK(sink.told.size() == 1);
}

TEST_CASE("presence: who came and went in between is not told of", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  visitor.enter(room, 1, "ann", sink);
  world->advance(kGather + kHops);
  sink.told.clear();

  visitor.enter(room, 2, "bob", sink);
  visitor.leave(room, 2, sink);
  world->advance(seconds(1));

  CHECK(sink.told.empty());
}

TEST_CASE("presence: whom a newcomer was shown is told of as gone", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  visitor.enter(room, 1, "ann", sink);
  visitor.enter(room, 2, "bob", sink);
  REQUIRE(visitor.enter(room, 3, "eve", sink).count == 3);

  visitor.leave(room, 1, sink);
  visitor.rename(room, 2, "dan");
  world->advance(seconds(1));

  REQUIRE(sink.told.size() == 1);
  CHECK(sink.told[0].left == Names{"ann"});
  CHECK(sink.told[0].renamed == std::vector<std::pair<std::string, std::string>>{{"bob", "dan"}});
  CHECK(sorted(sink.told[0].joined) == Names{"dan", "eve"});
}

TEST_CASE("presence: a rename is answered and told", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  visitor.enter(room, 1, "ann", sink);
  visitor.enter(room, 2, "bob", sink);
  world->advance(kGather + kHops);
  sink.told.clear();

  CHECK(visitor.rename(room, 2, "Ann").value() == "Ann-2");
  world->advance(kGather + kHops);

  REQUIRE(sink.told.size() == 1);
  CHECK(sink.told[0].renamed == std::vector<std::pair<std::string, std::string>>{{"bob", "Ann-2"}});
  CHECK(sorted(visitor.members(room).names) == Names{"Ann-2", "ann"});
}

TEST_CASE("presence: only members can be renamed", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;

  CHECK_FALSE(visitor.rename(room, 1, "ann"));
  visitor.enter(room, 1, "ann", sink);
  CHECK_FALSE(visitor.rename(room, 2, "bob"));
  CHECK(visitor.members(room).names == Names{"ann"});
}

TEST_CASE("presence: a sink hears while it has members in the room", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence leaving;
  RecordingPresence staying;
  visitor.enter(room, 1, "ann", leaving);
  visitor.enter(room, 2, "bob", leaving);
  visitor.enter(room, 3, "eve", staying);
  world->advance(kGather + kHops);
  REQUIRE(leaving.told.size() == 1);

  visitor.leave(room, 1, leaving);
  world->advance(kGather + kHops);
  CHECK(leaving.told.size() == 2);

  visitor.leave(room, 2, leaving);
  visitor.enter(room, 4, "dan", staying);
  world->presence().typing(room, "eve");
  world->advance(kGather + kHops);
  CHECK(leaving.told.size() == 2);
  CHECK(leaving.typing.empty());
  REQUIRE(staying.told.size() == 3);
  CHECK(staying.told[2].left == Names{"bob"});
  CHECK(staying.typing == Names{"eve"});
}

TEST_CASE("presence: the last one's leaving ends the room", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  visitor.enter(room, 1, "ann", sink);
  visitor.leave(room, 1, sink);
  world->advance(seconds(1));

  CHECK(sink.told.empty());
  CHECK(visitor.members(room).count == 0);
  CHECK(visitor.counts().empty());
  CHECK(visitor.enter(room, 2, "ann", sink).name == "ann");
}

TEST_CASE("presence: counts every room with members", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  RecordingPresence sink;
  visitor.enter(RoomName("ops"), 1, "ann", sink);
  visitor.enter(RoomName("ops"), 2, "bob", sink);
  visitor.enter(RoomName("кухня"), 3, "eve", sink);

  CHECK(visitor.counts() ==
        std::map<RoomName, std::size_t>{{RoomName("ops"), 2}, {RoomName("кухня"), 1}});
}

TEST_CASE("presence: in a large room only the count is told", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  for (std::uint64_t key = 1; key <= 8; ++key) {
    visitor.enter(room, key, "m" + std::to_string(key), sink);
  }
  world->advance(kGather + milliseconds(10));

  REQUIRE(sink.told.size() == 1);
  CHECK(sink.told[0].joined.empty());
  CHECK(sink.told[0].count == 8);
  CHECK(visitor.members(room).names.size() == 5);
  CHECK(visitor.members(room).count == 8);
  const auto last = visitor.enter(room, 9, "m9", sink);
  CHECK(last.members.size() == 5);
  CHECK(last.count == 9);
}

TEST_CASE("presence: a large room's unchanged count is not told again", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  for (std::uint64_t key = 1; key <= 8; ++key) {
    visitor.enter(room, key, "m" + std::to_string(key), sink);
  }
  world->advance(kGather + milliseconds(10));
  REQUIRE(sink.told.size() == 1);

  visitor.leave(room, 8, sink);
  visitor.enter(room, 9, "m9", sink);
  world->advance(seconds(1));
  CHECK(sink.told.size() == 1);

  visitor.leave(room, 9, sink);
  world->advance(seconds(1));
  REQUIRE(sink.told.size() == 2);
  CHECK(sink.told[1].count == 7);
}

TEST_CASE("presence: typing is passed on once a second for each name", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence sink;
  RecordingPresence other;
  visitor.enter(room, 1, "ann", sink);
  visitor.enter(room, 2, "bob", other);

  world->presence().typing(room, "ann");
  world->presence().typing(room, "ann");
  world->presence().typing(room, "bob");
  world->advance(milliseconds(900));
  world->presence().typing(room, "ann");
  world->advance(kHops);
  CHECK(sink.typing == Names{"ann", "bob"});
  CHECK(other.typing == Names{"ann", "bob"});

  world->advance(milliseconds(100));
  world->presence().typing(room, "ann");
  world->advance(kHops);
  CHECK(sink.typing == Names{"ann", "bob", "ann"});
}

TEST_CASE("presence: typing in a room without members is nothing", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();

  world->presence().typing(room, "ann");
  world->advance(kHops);

  CHECK(visitor.counts().empty());
}

TEST_CASE("presence: members may leave while their sink is told", "[presence][contract]") {
  const auto world = make_presence_world();
  Visitor visitor(*world);
  const RoomName room = any_room();
  RecordingPresence first;
  RecordingPresence second;
  visitor.enter(room, 1, "ann", first);
  visitor.enter(room, 2, "bob", second);
  first.then = [&] {
    world->presence().leave(room, MemberKey(1), first);
    world->presence().leave(room, MemberKey(2), second);
  };

  world->advance(seconds(1));

  CHECK(first.told.size() == 1);
  CHECK(second.told.empty());
  CHECK(visitor.counts().empty());
}

/// A member list kept as a client keeps it: what it got at entering, changed by what it was told.
void apply(std::set<std::string>& names, const wire::Presence& presence) {
  for (const auto& name : presence.left) names.erase(name);
  for (const auto& [from, to] : presence.renamed) names.erase(from);
  for (const auto& [from, to] : presence.renamed) names.insert(to);
  names.insert(presence.joined.begin(), presence.joined.end());
}

TEST_CASE("presence: who applies what it is told has the members", "[presence][contract][seeded]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int run = 0; run < 100; ++run) {
    const auto world = make_presence_world();
    Visitor visitor(*world);
    const RoomName room(run % 2 == 0 ? "ops" : "кухня");
    RecordingPresence witness;
    RecordingPresence others;
    const auto any_name = [&random] {
      return std::string(1, static_cast<char>('a' + random() % 3));
    };
    std::set<std::string> known;
    std::vector<std::uint64_t> here;
    std::uint64_t next_key = 2;
    const auto entered = visitor.enter(room, 1, any_name(), witness);
    known.insert(entered.members.begin(), entered.members.end());

    std::size_t changes = 0;
    for (int step = 0; step < 60; ++step) {
      auto dice = random() % 4;
      if (++changes > 5) dice = 3;         // above as many changes as names are told, none is
      if (dice == 0 && here.size() < 4) {  // five with the witness: all names are told
        visitor.enter(room, next_key, any_name(), others);
        here.push_back(next_key++);
      } else if (dice == 1 && !here.empty()) {
        const auto gone = here.begin() + static_cast<std::ptrdiff_t>(random() % here.size());
        visitor.leave(room, *gone, others);
        here.erase(gone);
      } else if (dice == 2 && !here.empty()) {
        CHECK(visitor.rename(room, here[random() % here.size()], any_name()));
      } else if (changes > 5 || random() % 2 == 0) {
        world->advance(kGather + kHops);
        changes = 0;
      } else {
        world->advance(milliseconds(random() % 50));
      }
    }
    world->advance(seconds(1));

    for (const auto& presence : witness.told) apply(known, presence);
    const auto members = visitor.members(room);
    CAPTURE(run);
    REQUIRE(known == std::set<std::string>(members.names.begin(), members.names.end()));
    REQUIRE(members.count == here.size() + 1);
    for (const auto key : here) visitor.leave(room, key, others);
    visitor.leave(room, 1, witness);
  }
}

}  // namespace
}  // namespace chat::tests
