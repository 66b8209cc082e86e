#include "chat/bench/run/summary.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

namespace chat::tests {
namespace {

using namespace bench;
using Catch::Contains;
using Catch::StartsWith;

constexpr std::uint64_t kMilli = 1'000'000;

ServerUse use(double cpu_s, double user_s, std::uint64_t rss, std::uint64_t switches) {
  ServerUse use;
  use.cpu_s = cpu_s;
  use.user_s = user_s;
  use.system_s = cpu_s - user_s;
  use.rss_bytes = rss;
  use.voluntary_switches = switches;
  use.involuntary_switches = 2 * switches;
  return use;
}

/// Two seconds in which 200 messages made 2,000 deliveries, all as they should.
TrialResult good_result() {
  TrialResult result;
  TrialResult::Round round;
  round.seconds = 0.5;
  round.joined = 10;
  round.join.record(3 * kMilli, 10);
  result.rounds.push_back(round);
  result.window_s = 2;
  result.sent = 200;
  result.deliveries = 2000;
  result.acked = 198;
  result.generator_cpu = 0.25;
  result.latency.record(kMilli, 1980);
  result.latency.record(50 * kMilli, 20);
  result.seconds = {{0, 1000, 100, 1, 50, 0.2, -1}, {1, 1000, 100, 1, 50, 0.3, -1}};
  result.outcome.verdict.members = 10;
  result.outcome.verdict.reached = 10;
  result.outcome.total_sent = 200;
  result.outcome.total_deliveries = 2000;
  result.outcome.lag.record(kMilli / 10, 200);
  return result;
}

Plan plan_of(Scenario scenario) {
  Plan plan = plan_for(scenario);
  plan.servers = {{"127.0.0.1", 1}};
  plan.machines = {0};
  return plan;
}

Report summary(const Plan& plan, const std::vector<TrialResult>& results) {
  const auto dialect = make_dialect(plan.dialect, plan.dialect_options);
  REQUIRE(dialect);
  return summary_of(plan, **dialect, results);
}

Report summary(Scenario scenario, const TrialResult& result) {
  return summary(plan_of(scenario), {result});
}

/// Of the only run; a test fails that asks for what is not there.
double value(const Report& report, const std::string& name) {
  const auto* figure = report.figure(name);
  INFO(name);
  REQUIRE(figure != nullptr);
  REQUIRE(figure->values.size() == 1);
  return figure->values[0];
}

bool has(const Report& report, const std::string& name) { return report.figure(name) != nullptr; }

TEST_CASE("bench summary: rates are of the window, percentiles of all that was planned in it",
          "[bench][summary]") {
  const auto report = summary(Scenario::fanout, good_result());
  CHECK(report.scenario == "fanout");
  CHECK(value(report, "connects") == 20);
  CHECK(value(report, "deliveries") == 1000);
  CHECK(value(report, "sent") == 100);
  CHECK(value(report, "acked") == 99);
  CHECK(value(report, "latency_p50") == Approx(1).epsilon(0.01));
  CHECK(value(report, "latency_p90") == Approx(1).epsilon(0.01));
  CHECK(value(report, "latency_p99") == Approx(1).epsilon(0.01));
  CHECK(value(report, "latency_p99.9") == Approx(50).epsilon(0.01));
  CHECK(value(report, "latency_max") == 50);
  CHECK(value(report, "reach") == 100);
  CHECK(value(report, "lowest_reach") == 100);
  CHECK(value(report, "generator_cpu") == 25);
  CHECK(value(report, "schedule_lag_p99") == Approx(0.1).epsilon(0.01));
  CHECK(report.latency.count() == 2000);
  REQUIRE(report.seconds.size() == 1);
  CHECK(report.seconds[0].size() == 2);
  CHECK(report.warnings.empty());
  CHECK(report.notes.empty());
  CHECK_FALSE(report.is_flawed());
  CHECK_FALSE(report.is_interrupted);
}

TEST_CASE("bench summary: each run is a value of its own, and their latencies are one histogram",
          "[bench][summary]") {
  auto slower = good_result();
  slower.deliveries = 1000;
  slower.is_interrupted = true;
  const auto report = summary(plan_of(Scenario::fanout), {good_result(), slower, good_result()});
  REQUIRE(has(report, "deliveries"));
  CHECK(report.figure("deliveries")->values == std::vector<double>{1000, 500, 1000});
  CHECK(report.latency.count() == 6000);
  CHECK(report.seconds.size() == 3);
  CHECK(report.is_interrupted);
}

TEST_CASE("bench summary: of no run there is the workload alone", "[bench][summary]") {
  const auto report = summary(plan_of(Scenario::fanout), {});
  CHECK(report.figures.empty());
  CHECK_FALSE(report.workload.empty());
}

TEST_CASE("bench summary: a run that was interrupted before anybody was in says nothing",
          "[bench][summary]") {
  auto result = good_result();
  result.is_interrupted = true;
  result.window_s = 0;
  CHECK(has(summary(Scenario::fanout, result), "connects"));
  result.rounds.front().joined = 0;
  const auto report = summary(Scenario::fanout, result);
  CHECK(report.is_interrupted);
  CHECK(report.figures.empty());
  const auto of_two = summary(plan_of(Scenario::fanout), {good_result(), result});
  CHECK(of_two.is_interrupted);
  CHECK(value(of_two, "lost") == 0);
}

TEST_CASE("bench summary: what was not done as planned is told aloud", "[bench][summary]") {
  auto result = good_result();
  SECTION("members at other servers than planned") {
    result.outcome.displaced = 5;
    const auto report = summary(Scenario::fanout, result);
    REQUIRE(report.warnings.size() == 1);
    CHECK_THAT(report.warnings[0], StartsWith("SERVERS LEFT OUT: 5 times"));
  }
  SECTION("nobody was cut") {
    const auto report = summary(Scenario::churn, result);
    REQUIRE(report.warnings.size() == 1);
    CHECK_THAT(report.warnings[0], StartsWith("NOBODY AFFECTED: "));
    result.outcome.cuts = 1;
    CHECK(summary(Scenario::churn, result).warnings.empty());
  }
  SECTION("nobody was cut until it was interrupted") {
    result.is_interrupted = true;
    CHECK(summary(Scenario::churn, result).warnings.empty());
  }
}

TEST_CASE("bench summary: names of figures are there once", "[bench][summary]") {
  for (std::size_t i = 0; i < scenario_names().size(); ++i) {
    auto result = good_result();
    result.rounds.push_back(result.rounds[0]);
    result.begin = use(1, 0.5, 1000, 1);
    result.end = use(3, 1.5, 2000, 5);
    result.rounds[0].before = result.rounds[0].after = result.begin;
    const auto report = summary(static_cast<Scenario>(i), result);
    std::set<std::string> names;
    std::set<std::string> titles;
    for (const auto& figure : report.figures) {
      CAPTURE(figure.name, figure.title);
      CHECK(names.insert(figure.name).second);
      CHECK(titles.insert(figure.title).second);
      CHECK(figure.values.size() == 1);
    }
  }
}

TEST_CASE("bench summary: each kind of flaw is a figure of its own, and makes the report flawed",
          "[bench][summary]") {
  using Change = void (*)(Outcome&);
  const std::vector<std::pair<std::string, Change>> flaws{
      {"lost", [](Outcome& outcome) { outcome.verdict.lost = 3; }},
      {"duplicated", [](Outcome& outcome) { outcome.verdict.duplicated = 3; }},
      {"misordered", [](Outcome& outcome) { outcome.verdict.misordered = 3; }},
      {"foreign", [](Outcome& outcome) { outcome.verdict.foreign = 3; }},
      {"order_mismatch", [](Outcome& outcome) { outcome.verdict.order_mismatch = 3; }},
      {"not_sent", [](Outcome& outcome) { outcome.not_sent = 3; }},
      {"unacked", [](Outcome& outcome) { outcome.unacked = 3; }},
      {"refused", [](Outcome& outcome) { outcome.refused = 3; }},
      {"disconnects", [](Outcome& outcome) { outcome.disconnects = 3; }}};
  for (const auto& [name, change] : flaws) {
    CAPTURE(name);
    auto result = good_result();
    change(result.outcome);
    const auto report = summary(Scenario::fanout, result);
    CHECK(report.is_flawed());
    for (const auto& [other, ignored] : flaws)
      CHECK(value(report, other) == (other == name ? 3 : 0));
  }
}

TEST_CASE(
    "bench summary: where something kills the server, lost connections are no flaw, but what "
    "is lost is one",
    "[bench][summary]") {
  auto result = good_result();
  result.outcome.disconnects = 10;
  result.outcome.refused = 2;
  result.outcome.returns = 10;
  result.outcome.back.record(200 * kMilli, 10);
  const auto report = summary(Scenario::fault, result);
  CHECK_FALSE(report.is_flawed());
  CHECK(value(report, "disconnects") == 10);
  CHECK(value(report, "returns") == 10);
  CHECK(value(report, "back_p50") == Approx(200).epsilon(0.01));
  CHECK_FALSE(has(report, "cuts"));
  result.outcome.verdict.lost = 1;
  CHECK(summary(Scenario::fault, result).is_flawed());
}

TEST_CASE("bench summary: reach is of the members to whom something was to come",
          "[bench][summary]") {
  auto result = good_result();
  result.outcome.verdict = {5, 0, 0, 0, 0, 8, 6, 0.75};
  const auto report = summary(Scenario::fanout, result);
  CHECK(value(report, "reach") == 75);
  CHECK(value(report, "lowest_reach") == 75);
  result.outcome.verdict.members = 0;
  CHECK_FALSE(has(summary(Scenario::fanout, result), "reach"));
}

TEST_CASE("bench summary: who does not acknowledge has no figures of it", "[bench][summary]") {
  Plan plan = plan_of(Scenario::fanout);
  plan.dialect = "plain";
  const auto report = summary(plan, {good_result()});
  CHECK_FALSE(has(report, "acked"));
  CHECK_FALSE(has(report, "unacked"));
  CHECK(has(report, "lost"));
}

TEST_CASE(
    "bench summary: as many as are under way: rates count, and there is no plan to lag behind",
    "[bench][summary]") {
  Plan plan = plan_of(Scenario::fanout);
  const auto by_plan = summary(plan, {good_result()});
  CHECK(by_plan.figure("deliveries")->better == Figure::Better::neither);
  plan.outstanding = 5;
  auto result = good_result();
  result.outcome.lag.record(1000 * kMilli, 1000);
  const auto report = summary(plan, {result});
  CHECK(report.figure("deliveries")->better == Figure::Better::higher);
  CHECK_FALSE(has(report, "schedule_lag_p99"));
  CHECK(report.warnings.empty());
}

TEST_CASE("bench summary: a storm is about connecting, twice", "[bench][summary]") {
  auto result = good_result();
  result.rounds.push_back(result.rounds[0]);
  result.rounds[0].failed = 2;
  result.rounds[1].failed = 1;
  result.rounds[1].seconds = 0.25;
  result.rounds[1].generator_cpu = 0.95;
  const auto report = summary(Scenario::storm, result);
  CHECK(value(report, "connects") == 20);
  CHECK(value(report, "reconnects") == 40);
  CHECK(value(report, "join_p50") == Approx(3).epsilon(0.01));
  CHECK(value(report, "rejoin_max") == 3);
  CHECK(value(report, "failed_connects") == 3);
  CHECK(report.figure("connects")->better == Figure::Better::higher);
  CHECK(value(report, "generator_cpu") == 95);
  REQUIRE(report.warnings.size() == 1);
  CHECK_THAT(report.warnings[0], StartsWith("GENERATOR BOUND: its busiest process used 95 %"));
  for (const char* name : {"latency_p50", "lost", "reach", "deliveries"}) {
    CHECK_FALSE(has(report, name));
  }
  // An interrupted one has come to its first half.
  result.rounds.pop_back();
  CHECK_FALSE(has(summary(Scenario::storm, result), "reconnects"));
}

TEST_CASE("bench summary: stalls, cuts and returns are told where the scenario makes them",
          "[bench][summary]") {
  auto result = good_result();
  result.outcome.cuts = 7;
  result.outcome.dropped = 2;
  result.outcome.returns = 5;
  const auto slow = summary(Scenario::slow, result);
  CHECK(value(slow, "stalls") == 7);
  CHECK(value(slow, "dropped") == 2);
  CHECK_FALSE(has(slow, "cuts"));
  CHECK_FALSE(slow.is_flawed());
  const auto resume = summary(Scenario::resume, result);
  CHECK(value(resume, "cuts") == 7);
  CHECK(value(resume, "returns") == 5);
  CHECK_FALSE(has(resume, "stalls"));
  CHECK_FALSE(has(resume, "back_p50"));  // nobody was measured
  CHECK_FALSE(has(summary(Scenario::fanout, result), "cuts"));
}

TEST_CASE("bench summary: what the server used is of the window, and of each delivery",
          "[bench][summary]") {
  auto result = good_result();
  result.rounds[0].before = use(0, 0, 1'000'000, 0);
  result.rounds[0].after = use(0.01, 0.01, 2'000'000, 0);
  result.begin = use(1, 0.5, 2'000'000, 100);
  result.end = use(2, 1.25, 3'000'000, 300);
  const auto report = summary(Scenario::fanout, result);
  CHECK(value(report, "server_cpu_per_delivery") == Approx(500));
  CHECK(value(report, "server_user_per_delivery") == Approx(375));
  CHECK(value(report, "server_system_per_delivery") == Approx(125));
  CHECK(value(report, "server_cpu") == Approx(50));
  CHECK(value(report, "server_cpu_per_connect") == Approx(1000));
  CHECK(value(report, "server_rss") == 3'000'000);
  CHECK(value(report, "server_rss_per_connection") == Approx(200'000));
  CHECK(value(report, "server_voluntary_switches") == Approx(100));
  CHECK(value(report, "server_involuntary_switches") == Approx(200));
}

TEST_CASE("bench summary: memory that a server keeps from repeat to repeat is that of connections",
          "[bench][summary]") {
  auto first = good_result();
  first.rounds[0].before = use(0, 0, 1'000'000, 0);
  first.end = use(1, 1, 3'000'000, 0);
  auto second = first;
  second.rounds[0].before = use(1, 1, 2'900'000, 0);  // little was given back
  const Plan plan = plan_for(Scenario::idle);
  const auto report = summary_of(plan, *make_dialect(plan.dialect, {}).value(), {first, second});
  for (const auto& figure : report.figures) {
    if (figure.name != "server_rss_per_connection") continue;
    CHECK(figure.values == std::vector<double>{200'000, 200'000});
  }
  CHECK(has(report, "server_rss_per_connection"));
}

TEST_CASE("bench summary: what the server's source does not know is no figure",
          "[bench][summary]") {
  auto result = good_result();
  CHECK_FALSE(has(summary(Scenario::fanout, result), "server_cpu"));
  result.begin = ServerUse();
  CHECK_FALSE(has(summary(Scenario::fanout, result), "server_cpu"));
  result.end = ServerUse();
  result.end->cpu_s = 1;
  const auto report = summary(Scenario::fanout, result);
  CHECK(has(report, "server_cpu"));
  CHECK_FALSE(has(report, "server_user_per_delivery"));
  CHECK_FALSE(has(report, "server_voluntary_switches"));
  CHECK_FALSE(has(report, "server_cpu_per_connect"));
}

TEST_CASE("bench summary: nothing came in no time: there is no rate, and no division by zero",
          "[bench][summary]") {
  TrialResult result;
  result.rounds.emplace_back();
  result.begin = result.end = use(1, 1, 1, 1);
  for (std::size_t i = 0; i < scenario_names().size(); ++i) {
    const auto report = summary(static_cast<Scenario>(i), result);
    CHECK_FALSE(has(report, "deliveries"));
    CHECK_FALSE(has(report, "connects"));
    CHECK_FALSE(has(report, "latency_p50"));
    for (const auto& figure : report.figures) {
      for (const double each : figure.values) CHECK(std::isfinite(each));
    }
  }
}

TEST_CASE("bench summary: a generator at its limit is told aloud", "[bench][summary]") {
  auto result = good_result();
  SECTION("it has used up a core") {
    result.generator_cpu = 0.91;
    const auto report = summary(Scenario::fanout, result);
    REQUIRE(report.warnings.size() == 1);
    CHECK_THAT(report.warnings[0],
               StartsWith("GENERATOR BOUND: its busiest process used 91 % of a core"));
  }
  SECTION("it was behind its plan though it had time") {
    result.outcome.lag.record(20 * kMilli, 10);
    const auto report = summary(Scenario::fanout, result);
    REQUIRE(report.warnings.size() == 1);
    CHECK_THAT(report.warnings[0], StartsWith("GENERATOR BOUND: "));
    CHECK_THAT(report.warnings[0], Contains("20.") && Contains("behind plan"));
  }
  SECTION("one run of several is enough") {
    auto bound = good_result();
    bound.generator_cpu = 1;
    const auto report = summary(plan_of(Scenario::fanout), {good_result(), bound});
    CHECK(report.warnings.size() == 1);
  }
  SECTION("connecting takes what it takes where it is not what is measured") {
    result.rounds[0].generator_cpu = 1;
    CHECK(summary(Scenario::fanout, result).warnings.empty());
  }
}

TEST_CASE("bench summary: deliveries whose sender has another clock are told", "[bench][summary]") {
  auto result = good_result();
  result.outcome.untimed = 1500;
  const auto some = summary(Scenario::fanout, result);
  CHECK(some.warnings.empty());
  REQUIRE(some.notes.size() == 1);
  CHECK_THAT(some.notes[0], StartsWith("Latency is of 25.0 % of the deliveries"));
  result.outcome.untimed = 2000;
  result.latency.clear();
  const auto none = summary(Scenario::fanout, result);
  REQUIRE(none.warnings.size() == 1);
  CHECK_THAT(none.warnings[0], StartsWith("NO LATENCY: "));
  CHECK_FALSE(has(none, "latency_p50"));
}

TEST_CASE("bench summary: what a server said is told once", "[bench][summary]") {
  auto result = good_result();
  result.outcome.reasons = {"too many", "the server ended the connection"};
  auto other = good_result();
  other.outcome.reasons = {"too many", "something else"};
  const auto report = summary(plan_of(Scenario::fanout), {result, other});
  CHECK(report.notes ==
        std::vector<std::string>{"too many", "the server ended the connection", "something else"});
}

}  // namespace
}  // namespace chat::tests
