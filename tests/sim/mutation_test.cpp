#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "sim/broken_broker.hpp"
#include "sim/scenario.hpp"

using namespace chat;
using tests::BrokenBroker;
using tests::Scenario;
using tests::WorldPlan;
using Mistake = BrokenBroker::Mistake;

namespace {

/// The first finding in the first seeds; empty when all of them pass.
std::string finding_of(Mistake mistake) {
  constexpr std::uint64_t kSeeds = 5;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Scenario scenario(seed, [mistake](WorldPlan& plan) {
      plan.wrap_broker = [mistake](broker::Broker& inner) {
        return std::make_unique<BrokenBroker>(inner, mistake);
      };
    });
    const auto& findings = scenario.play();
    if (!findings.empty()) return findings.first();
  }
  return {};
}

}  // namespace

TEST_CASE("sim: a broker that makes a mistake is found out", "[sim][mutation]") {
  const auto [mistake, expected] =
      GENERATE(table<Mistake, std::string>({{Mistake::delivers_twice, "got "},
                                            {Mistake::swaps, "hole"},
                                            {Mistake::skips, "hole"},
                                            {Mistake::forgets_acked, "acknowledged"},
                                            {Mistake::stores_twice, "stored once more"},
                                            {Mistake::loses_acks, "never came to rest"},
                                            {Mistake::reads_with_holes, "hole"}}));
  CHECK_THAT(finding_of(mistake), Catch::Contains(expected));
}

TEST_CASE("sim: the journal refuses what must never be stored", "[sim][mutation]") {
  tests::Journal journal;
  const base::RoomName room("ops");
  const base::Epoch epoch("log1");
  const auto message = [](std::uint64_t seq, std::uint64_t n) {
    auto made = std::make_shared<wire::Message>();
    made->seq = base::Seq(seq);
    made->client = base::ClientId("client-ann1");
    made->n = n;
    made->body = std::to_string(n);
    return made;
  };
  CHECK(journal.add(room, epoch, message(1, 1)).empty());
  CHECK(journal.add(room, epoch, message(3, 2)).empty());
  CHECK_THAT(journal.add(room, epoch, message(3, 3)), Catch::Contains("ascend"));
  CHECK_THAT(journal.add(room, epoch, message(4, 1)), Catch::Contains("stored twice"));
  CHECK(journal.add(room, base::Epoch("log2"), message(1, 1)).empty());
}
