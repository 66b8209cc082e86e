#include "chat/bench/run/plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace chat::tests {
namespace {

using namespace bench;

std::unique_ptr<Dialect> dialect_of(const Plan& plan) {
  auto dialect = make_dialect(plan.dialect, plan.dialect_options);
  REQUIRE(dialect);
  return std::move(*dialect);
}

/// The scenario's own, for one server and one worker.
Plan whole_plan(Scenario scenario) {
  Plan plan = plan_for(scenario);
  plan.servers = {{"127.0.0.1", 80}};
  plan.machines = {0};
  plan.run = "r";
  return plan;
}

std::string problem(const Plan& plan) { return problem_of(plan, *dialect_of(plan)); }

std::string fact(const Plan& plan, const std::string& name) {
  for (const auto& each : facts_of(plan)) {
    if (each.name == name) return each.text;
  }
  return "none";
}

const std::vector<Scenario> kAll{Scenario::fanout, Scenario::chatter, Scenario::idle,
                                 Scenario::storm,  Scenario::churn,   Scenario::slow,
                                 Scenario::resume, Scenario::fault};

TEST_CASE("bench plan: each scenario has a name, and what it does by itself is possible",
          "[bench][plan]") {
  REQUIRE(scenario_names().size() == kAll.size());
  for (const auto scenario : kAll) {
    const Plan plan = whole_plan(scenario);
    CAPTURE(name_of(scenario));
    CHECK(plan.scenario == scenario);
    CHECK(problem(plan).empty());
    CHECK(plan.all_members() == plan.rooms * plan.members);
    CHECK((plan.affected > 0) == (name_of(scenario) == "churn" || name_of(scenario) == "slow" ||
                                  name_of(scenario) == "resume"));
  }
}

TEST_CASE("bench plan: who loses its connection comes back in resume and fault", "[bench][plan]") {
  for (const auto scenario : kAll) {
    const bool comes_back = scenario == Scenario::resume || scenario == Scenario::fault;
    CHECK(plan_for(scenario).comes_back() == comes_back);
  }
}

TEST_CASE("bench plan: storm sends nothing, idle only when it speaks", "[bench][plan]") {
  for (const auto scenario : kAll) {
    Plan plan = plan_for(scenario);
    const bool is_silent = scenario == Scenario::storm || scenario == Scenario::idle;
    CHECK(plan.sends() == !is_silent);
    plan.speaks = true;
    CHECK(plan.sends() == (scenario != Scenario::storm));
  }
}

TEST_CASE("bench plan: what cannot be is told", "[bench][plan]") {
  Plan plan = whole_plan(Scenario::fanout);
  SECTION("nobody, nowhere") {
    const auto check = [&plan] {
      CHECK(problem(plan) == "a plan needs rooms, members, servers and workers");
    };
    SECTION("rooms") { plan.rooms = 0, check(); }
    SECTION("members") { plan.members = 0, check(); }
    SECTION("servers") { plan.servers.clear(), check(); }
    SECTION("workers") { plan.machines.clear(), check(); }
    SECTION("this worker") { plan.worker = 1, check(); }
  }
  SECTION("too many members, also where their number overflows") {
    plan.rooms = GENERATE(std::size_t{10'000'001}, SIZE_MAX, SIZE_MAX / 2 + 1);
    plan.members = GENERATE(std::size_t{1}, 2, 3, SIZE_MAX);
    CHECK(problem(plan) == "more than 10,000,000 members");
  }
  SECTION("more senders than members") {
    plan.senders = plan.members + 1;
    CHECK(problem(plan) == "there cannot be more senders than members in a room");
    plan.zipf = 1;  // rooms differ
    CHECK(problem(plan).empty());
  }
  SECTION("more counters than memory") {
    plan.members = 100'000;
    plan.senders = 0;
    CHECK(problem(plan) ==
          "too many members and senders to keep count of: fewer members, rooms or --senders");
    plan.senders = 100;
    CHECK(problem(plan).empty());
  }
  SECTION("one room of Zipf's law may have nearly all") {
    plan.rooms = 1000;
    plan.members = 100;
    plan.senders = 0;
    CHECK(problem(plan).empty());
    plan.zipf = 2;
    CHECK(problem(plan).rfind("too many members and senders", 0) == 0);
  }
  SECTION("nobody speaks: nothing is counted") {
    plan = whole_plan(Scenario::idle);
    plan.rooms = 1;
    plan.members = 1'000'000;
    CHECK(problem(plan).empty());
    plan.speaks = true;
    CHECK_FALSE(problem(plan).empty());
  }
  SECTION("a closed loop needs an answer") {
    plan.outstanding = 1;
    CHECK(problem(plan).empty());
    plan.dialect = "pusher";
    plan.dialect_options.app_key = "key";
    plan.dialect_options.app_secret = "secret";
    CHECK(problem(plan) ==
          "--saturate goes on when a message has come back to its sender, and with pusher none "
          "does");
    plan.outstanding = 0;
    CHECK(problem(plan).empty());
  }
  SECTION("senders are not sent away") {
    plan = whole_plan(Scenario::churn);
    plan.senders = GENERATE(std::size_t{0}, 50);
    CHECK(problem(plan).rfind("senders are not cut, stalled or sent away", 0) == 0);
  }
  SECTION("who is affected is somebody") {
    plan = whole_plan(Scenario::slow);
    plan.rooms = 2;
    plan.members = 50;
    plan.affected = 0.0099;
    CHECK(problem(plan) == "--affected 0.99% of 100 members is nobody");
    plan.affected = 0.01;
    CHECK(problem(plan).empty());
  }
}

TEST_CASE("bench plan: its facts say what is asked for", "[bench][plan]") {
  Plan plan = whole_plan(Scenario::fanout);
  CHECK(fact(plan, "dialect") == "chat.v1");
  CHECK(fact(plan, "rooms") == "1");
  CHECK(fact(plan, "members") == "100 a room");
  CHECK(fact(plan, "duration") == "5 s");
  CHECK(fact(plan, "warm-up") == "1 s");
  CHECK(fact(plan, "senders") == "10 a room");
  CHECK(fact(plan, "load") == "100 messages/s, evenly");
  CHECK(fact(plan, "payload") == "100 bytes");
  CHECK(fact(plan, "affected") == "none");
  CHECK(fact(plan, "connects") == "none");
  plan.connect_rate = 0.5;
  plan.senders = 0;
  plan.zipf = 1.5;
  plan.arrivals = Arrivals::Kind::poisson;
  CHECK(fact(plan, "connects") == "0.5/s");
  CHECK(fact(plan, "senders") == "all");
  CHECK(fact(plan, "members") == "100 a room on the average, sizes by Zipf's law with 1.5");
  CHECK(fact(plan, "load") == "100 messages/s, at random times");
  plan.outstanding = 32;
  CHECK(fact(plan, "load") == "32 messages under way");
  CHECK(fact(whole_plan(Scenario::resume), "affected") ==
        "20 % of the members, each 0.5 s after about 1 s");
}

TEST_CASE("bench plan: the facts of who says nothing tell of no load", "[bench][plan]") {
  Plan storm = whole_plan(Scenario::storm);
  for (const char* name : {"duration", "load", "senders", "payload", "warm-up", "speaks"}) {
    CHECK(fact(storm, name) == "none");
  }
  Plan idle = whole_plan(Scenario::idle);
  CHECK(fact(idle, "duration") == "5 s");
  CHECK(fact(idle, "speaks") == "none");
  idle.speaks = true;
  CHECK(fact(idle, "speaks") == "each member once, 100 bytes");
  CHECK(fact(idle, "load") == "none");
}

TEST_CASE("bench plan: two plans whose facts differ in one thing are told apart", "[bench][plan]") {
  const auto text = [](const Plan& plan) {
    std::string all;
    for (const auto& [name, said] : facts_of(plan)) all += name + "=" + said + "\n";
    return all;
  };
  const Plan plan = whole_plan(Scenario::churn);
  std::vector<Plan> others(11, plan);
  ++others[0].rooms;
  ++others[1].members;
  ++others[2].senders;
  others[3].zipf = 1;
  others[4].arrivals = Arrivals::Kind::poisson;
  others[5].rate += 1;
  others[6].payload = "101";
  others[7].duration += 1'000'000;
  others[8].affected += 0.01;
  others[9].away += 1'000'000;
  others[10].between += 1'000'000;
  for (std::size_t i = 0; i < others.size(); ++i) {
    CAPTURE(i);
    CHECK(text(others[i]) != text(plan));
  }
  Plan elsewhere = plan;
  elsewhere.servers = {{"other", 1}, {"another", 2}};
  elsewhere.machines = {0, 0};
  elsewhere.seed = 7;
  elsewhere.run = "other";
  CHECK(text(elsewhere) == text(plan));
}

}  // namespace
}  // namespace chat::tests
