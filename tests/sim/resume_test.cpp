#include <catch2/catch.hpp>
#include <functional>

#include "sim/invariants.hpp"
#include "sim/sim_client.hpp"
#include "sim/world.hpp"

using namespace chat;
using namespace std::chrono_literals;
using tests::Findings;
using tests::V1Client;
using tests::World;
using tests::WorldPlan;

namespace {

/// Two members of one room on a world of its own.
struct Pair {
  explicit Pair(const WorldPlan& plan)
      : world(plan, 1, [this](const std::string& finding) { findings.add(finding); }) {
    world.start(1);
    speaker.come();
    reader.come();
    world.go_on(1s);
  }

  bool settles_within(base::Duration bound) {
    const auto end = world.outside().now() + bound;
    while (!speaker.is_settled() || !reader.is_settled()) {
      if (world.outside().now() > end) return false;
      world.go_on(50ms);
    }
    if (!findings.empty()) FAIL(findings.first());
    return true;
  }

  Findings findings;
  World world;
  V1Client speaker{world, findings, "ann", base::RoomName("ops"), 1};
  V1Client reader{world, findings, "bob", base::RoomName("ops"), 2};
};

}  // namespace

TEST_CASE("sim: who missed more than its outbox holds gets it page by page", "[sim]") {
  WorldPlan plan;
  plan.config.max_outbox_bytes = GENERATE(8U << 10, 64U << 10);
  Pair pair(plan);
  REQUIRE(pair.settles_within(5s));
  pair.reader.leave(true);
  for (int i = 0; i < 200; ++i) {
    pair.speaker.say(3000);
    pair.world.go_on(20ms);
  }
  REQUIRE(pair.speaker.is_settled());
  pair.reader.come();
  CHECK(pair.settles_within(10s));
  CHECK(pair.reader.messages() == 200);
  CHECK(pair.reader.slow_closes() == 0);
}

TEST_CASE("sim: a message larger than the outbox reaches who resumes", "[sim]") {
  WorldPlan plan;
  plan.config.max_outbox_bytes = 4096;
  Pair pair(plan);
  REQUIRE(pair.settles_within(5s));
  pair.reader.leave(true);
  for (int i = 0; i < 5; ++i) {
    pair.speaker.say(20'000);
    pair.world.go_on(200ms);
  }
  pair.reader.come();
  CHECK(pair.settles_within(10s));
  CHECK(pair.reader.messages() == 5);
  CHECK(pair.reader.slow_closes() == 0);
}

TEST_CASE("sim: who stops reading is closed, keeps no more than its bound, and resumes", "[sim]") {
  WorldPlan plan;
  plan.config.max_outbox_bytes = 64U << 10;
  const auto stall = GENERATE(base::Duration(3s), base::Duration(15s));
  Pair pair(plan);
  REQUIRE(pair.settles_within(5s));
  pair.reader.stall(stall);
  for (int i = 0; i < 100; ++i) {
    pair.speaker.say(3000);
    pair.world.go_on(20ms);
    CHECK(pair.speaker.messages() >= static_cast<std::size_t>(i));
    CHECK(pair.world.load().largest_outbox <= plan.config.max_outbox_bytes + 4096);
  }
  CHECK(pair.world.load().slow_closes == 1);
  pair.world.go_on(stall - 2s);
  CHECK(pair.settles_within(10s));
  CHECK(pair.reader.messages() == 100);
  // Who reads on in time is told why; later there is nobody left to tell it.
  CHECK(pair.reader.slow_closes() == (stall == base::Duration(3s) ? 1 : 0));
  CHECK(pair.speaker.slow_closes() == 0);
}
