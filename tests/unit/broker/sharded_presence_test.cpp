#include "chat/broker/sharded_presence.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "chat/broker/local_presence.hpp"
#include "chat/broker/sharded_broker.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::MemberKey;
using base::RoomName;
using std::chrono::milliseconds;

struct HearingSink final : broker::PresenceSink {
  void on_presence(const RoomName&, const wire::Presence& presence) override {
    told.push_back(presence);
  }
  void on_typing(const RoomName&, const std::string& name) override { typing.push_back(name); }
  void on_renamed(const RoomName&, MemberKey key, const std::string& name) override {
    renamed.emplace_back(key.value(), name);
  }
  std::vector<wire::Presence> told;
  std::vector<std::string> typing;
  std::vector<std::pair<std::uint64_t, std::string>> renamed;
};

/// Two workers whose loops are run by hand.
struct TwoWorkers {
  TwoWorkers() {
    const std::vector<broker::PresenceShard> shards{{executors[0], locals[0]},
                                                    {executors[1], locals[1]}};
    for (std::size_t i = 0; i < 2; ++i) {
      presences[i] = std::make_unique<broker::ShardedPresence>(i, shards);
    }
  }
  void run(std::size_t worker, base::Duration time = {}) { executors[worker].advance(time); }
  void run(base::Duration time = {}) {
    for (int i = 0; i < 3; ++i) {
      run(0, i == 0 ? time : base::Duration());
      run(1, i == 0 ? time : base::Duration());
    }
  }
  std::string enter(std::size_t worker, const RoomName& room, std::uint64_t key,
                    broker::PresenceSink& sink) {
    std::string name;
    presences[worker]->enter(room, MemberKey(key), "ann", sink,
                             [&name](const auto& entered) { name = entered.value().name; });
    run();
    return name;
  }

  ManualExecutor executors[2];
  broker::LocalPresence locals[2]{{executors[0], {}}, {executors[1], {}}};
  std::unique_ptr<broker::ShardedPresence> presences[2];
  HearingSink sinks[2];
};

TEST_CASE("sharded presence: names are unique over all workers", "[broker][presence][sharded]") {
  TwoWorkers two;
  const RoomName room(GENERATE(as<std::string>{}, "a", "b", "c", "d"));
  CHECK(two.enter(0, room, 1, two.sinks[0]) == "ann");
  CHECK(two.enter(1, room, 2, two.sinks[1]) == "ann-2");

  two.run(milliseconds(201));
  for (const auto& sink : two.sinks) {
    REQUIRE(sink.told.size() == 1);
    CHECK(sink.told[0].count == 2);
    CHECK(sink.told[0].joined.size() == 2);
  }
  for (const auto& presence : two.presences) {
    std::size_t count = 0;
    presence->members(room, [&count](const auto& members) { count = members.value().count; });
    two.run();
    CHECK(count == 2);
  }
}

TEST_CASE("sharded presence: a worker without members hears nothing, though it was under way",
          "[broker][presence][sharded]") {
  TwoWorkers two;
  for (const char* name : {"a", "b", "c", "d"}) {
    const RoomName room(name);
    HearingSink leaving;
    two.enter(0, room, 1, leaving);
    two.enter(1, room, 2, two.sinks[1]);
    two.run(1,
            milliseconds(201));  // told, where the room lives with worker 1; not taken by worker 0
    two.presences[1]->typing(room, "ann-2");
    two.run(1);

    two.presences[0]->leave(room, MemberKey(1), leaving);
    two.run(milliseconds(500));

    CHECK(leaving.told.empty());
    CHECK(leaving.typing.empty());
  }
}

TEST_CASE("sharded presence: leaving and coming back at once hears again",
          "[broker][presence][sharded]") {
  TwoWorkers two;
  const RoomName room(GENERATE(as<std::string>{}, "a", "b", "c", "d"));
  two.enter(0, room, 1, two.sinks[0]);
  two.run(milliseconds(201));
  two.sinks[0].told.clear();

  two.presences[0]->leave(room, MemberKey(1), two.sinks[0]);
  CHECK(two.enter(0, room, 2, two.sinks[0]) == "ann");
  two.enter(1, room, 3, two.sinks[1]);
  two.run(milliseconds(201));

  REQUIRE(two.sinks[0].told.size() == 1);
  CHECK(two.sinks[0].told[0].count == 2);
}

TEST_CASE("sharded presence: a client hears that another node had its name first",
          "[broker][presence][sharded]") {
  struct Deaf final : broker::PresenceFeed {
    void on_change(broker::MemberChange) override {}
    void on_typing(broker::MemberTyping) override {}
  };
  TwoWorkers two;
  Deaf deaf;
  for (auto& local : two.locals) local.join_cluster("b", deaf);
  const RoomName room(GENERATE(as<std::string>{}, "a", "b", "c", "d"));
  CHECK(two.enter(0, room, 1, two.sinks[0]) == "ann");
  two.locals[broker::shard_of(room, 2)].apply("a", {{room, MemberKey(1), "ann", 1}});
  two.run();

  CHECK(two.sinks[0].renamed == std::vector<std::pair<std::uint64_t, std::string>>{{1, "ann-2"}});
  CHECK(two.sinks[1].renamed.empty());
}

}  // namespace
}  // namespace chat::tests
