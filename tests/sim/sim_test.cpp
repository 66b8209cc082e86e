#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sim/scenario.hpp"

using namespace chat;
using tests::Scenario;

namespace {

/// Seeds that have found something: 1 resumes larger than the outbox, 26 and 52 dedup that did not
/// outlive retention.
constexpr std::uint64_t kPinned[] = {1, 26, 52};
constexpr std::uint64_t kFirstSeed = 1000;

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void add(Scenario::Outcome& sum, const Scenario::Outcome& outcome) {
  sum.stored += outcome.stored;
  sum.received += outcome.received;
  sum.acked += outcome.acked;
  sum.gaps += outcome.gaps;
  sum.slow_closes += outcome.slow_closes;
  sum.faults.cuts += outcome.faults.cuts;
  sum.faults.silences += outcome.faults.silences;
  sum.faults.stalls += outcome.faults.stalls;
  sum.faults.kills += outcome.faults.kills;
  sum.faults.wipes += outcome.faults.wipes;
  sum.faults.drains += outcome.faults.drains;
  sum.faults.store_troubles += outcome.faults.store_troubles;
}

Scenario::Outcome play(std::uint64_t seed) {
  Scenario scenario(seed);
  const auto& findings = scenario.play();
  if (!findings.empty()) {
    FAIL("seed " << seed << ": " << findings.first() << "\nrepeat it with: CHAT_SIM_SEED=" << seed
                 << " build/dev/tests/sim/sim");
  }
  return scenario.outcome();
}

}  // namespace

TEST_CASE("sim: what is promised holds under every seeded plan of faults", "[sim]") {
  if (const auto seed = number_of("CHAT_SIM_SEED", 0)) {
    play(seed);
    return;
  }
  Scenario::Outcome sum;
  for (const auto seed : kPinned) add(sum, play(seed));
  const auto count = number_of("CHAT_SIM_SEEDS", CHAT_SIM_SEEDS);
  for (std::uint64_t i = 0; i < count; ++i) add(sum, play(kFirstSeed + i));
  INFO("stored " << sum.stored << ", received " << sum.received << ", acked " << sum.acked);
  INFO("gaps " << sum.gaps << ", slow closes " << sum.slow_closes << ", cuts " << sum.faults.cuts);
  INFO("kills " << sum.faults.kills << ", wipes " << sum.faults.wipes << ", drains "
                << sum.faults.drains);
  CHECK(sum.received > sum.stored);
  CHECK(sum.gaps > 0);
  CHECK(sum.slow_closes > 0);
  CHECK(sum.faults.cuts > 0);
  CHECK(sum.faults.silences > 0);
  CHECK(sum.faults.kills > 0);
  CHECK(sum.faults.wipes > 0);
  CHECK(sum.faults.drains > 0);
  CHECK(sum.faults.store_troubles > 0);
  if (std::getenv("CHAT_SIM_VERBOSE") != nullptr) FAIL("as asked for: what happened");
}
