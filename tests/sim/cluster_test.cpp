#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sim/cluster_scenario.hpp"

using namespace chat;
using tests::ClusterScenario;

namespace {

/// Seeds that show mistakes that were made: 1013 a confirm taken for that of another publish, 10044
/// the old log believed to go on behind a hole, 10738 a record sent again that was behind one.
constexpr std::uint64_t kPinned[] = {1013, 10'044, 10'738};
constexpr std::uint64_t kFirstSeed = 20'000;

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void add(ClusterScenario::Outcome& sum, const ClusterScenario::Outcome& outcome) {
  for (const auto& [name, count] : outcome.faults) sum.faults[name] += count;
  sum.attempts += outcome.attempts;
  sum.acked += outcome.acked;
  sum.repeats += outcome.repeats;
  sum.refused += outcome.refused;
  sum.unknown += outcome.unknown;
  sum.heard += outcome.heard;
  sum.restarts += outcome.restarts;
  sum.gaps += outcome.gaps;
  sum.read += outcome.read;
  sum.skipped += outcome.skipped;
  sum.slowest_rest = std::max(sum.slowest_rest, outcome.slowest_rest);
}

ClusterScenario::Outcome play(std::uint64_t seed) {
  ClusterScenario scenario(seed);
  const auto& findings = scenario.play();
  if (!findings.empty()) {
    FAIL("seed " << seed << ": " << findings.first() << "\nrepeat it with: CHAT_SIM_SEED=" << seed
                 << " build/dev/tests/sim/sim_cluster");
  }
  return scenario.outcome();
}

}  // namespace

TEST_CASE("sim: nodes on one RabbitMQ are one chat under every seeded plan of faults", "[sim]") {
  if (const auto seed = number_of("CHAT_SIM_SEED", 0)) {
    play(seed);
    return;
  }
  ClusterScenario::Outcome sum;
  for (const auto seed : kPinned) add(sum, play(seed));
  const auto count = number_of("CHAT_SIM_SEEDS", CHAT_SIM_SEEDS);
  for (std::uint64_t i = 0; i < count; ++i) add(sum, play(kFirstSeed + i));
  std::string happened;
  for (const auto& [name, times] : sum.faults) {
    happened += (happened.empty() ? "" : ", ") + name + " " + std::to_string(times);
  }
  INFO("faults: " << happened);
  INFO("published " << sum.attempts << ", acked " << sum.acked << ", of them repeats "
                    << sum.repeats << ", refused " << sum.refused << ", unknown " << sum.unknown);
  INFO("heard " << sum.heard << ", restarts " << sum.restarts << ", of them gaps " << sum.gaps
                << ", pages read " << sum.read << ", records passed over " << sum.skipped);
  INFO("at rest after at most "
       << std::chrono::duration_cast<std::chrono::milliseconds>(sum.slowest_rest).count() << " ms");
  CHECK(sum.acked > 0);
  CHECK(sum.repeats > 0);
  CHECK(sum.refused > 0);
  CHECK(sum.unknown > 0);
  CHECK(sum.heard > 0);
  CHECK(sum.restarts > 0);
  CHECK(sum.gaps > 0);
  CHECK(sum.read > 0);
  CHECK(sum.skipped > 0);
  for (const char* fault :
       {"kill node", "cut", "stall", "stall all", "kill server", "block", "close", "leader away",
        "trouble publishes", "trim", "replace vhost", "delete stream", "delete meta",
        "refuse credentials", "forbid", "jump clock", "slow worker", "freeze"}) {
    INFO(fault);
    CHECK(sum.faults[fault] > 0);
  }
  if (std::getenv("CHAT_SIM_VERBOSE") != nullptr) FAIL("as asked for: what happened");
}
