#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sim/amqp_tamper.hpp"
#include "sim/broken_broker.hpp"
#include "sim/cluster_scenario.hpp"

using namespace chat;
using tests::AmqpTamper;
using tests::BrokenBroker;
using tests::ClusterPlan;
using tests::ClusterScenario;

namespace {

/// The first finding in the first seeds; empty when all of them pass.
std::string finding_of(const std::function<void(ClusterPlan&)>& adjust) {
  constexpr std::uint64_t kSeeds = 100;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterScenario scenario(seed, adjust);
    const auto& findings = scenario.play();
    if (!findings.empty()) return findings.first();
  }
  return {};
}

}  // namespace

TEST_CASE("sim cluster: a node that uses RabbitMQ wrongly is found out", "[sim][mutation]") {
  using Mistake = AmqpTamper::Mistake;
  const auto [mistake, expected] =
      GENERATE(table<Mistake, std::string>({{Mistake::takes_copies, "the log"},
                                            {Mistake::takes_repeats, "the log has"},
                                            {Mistake::does_not_wait, "never came to rest"},
                                            {Mistake::does_not_republish, "never came to rest"},
                                            {Mistake::goes_on_behind, "never came to rest"},
                                            {Mistake::loses_deliveries, "never came to rest"},
                                            {Mistake::swaps_deliveries, "the log has"},
                                            {Mistake::ignores_cancels, "never came to rest"},
                                            {Mistake::never_acks, "never came to rest"},
                                            {Mistake::ignores_nacks, "never came to rest"}}));
  const auto finding = finding_of([mistake = mistake](ClusterPlan& plan) {
    plan.wrap_connector = [mistake](rabbitmq::AmqpConnector& inner) {
      return std::make_unique<AmqpTamper>(inner, mistake);
    };
  });
  INFO(static_cast<int>(mistake));
  CHECK_THAT(finding, Catch::Contains(expected));
}

TEST_CASE("sim cluster: a broker that makes a mistake is found out", "[sim][mutation]") {
  using Mistake = BrokenBroker::Mistake;
  const auto [mistake, expected] =
      GENERATE(table<Mistake, std::string>({{Mistake::delivers_twice, "the log has"},
                                            {Mistake::swaps, "the log has"},
                                            {Mistake::skips, "the log has"},
                                            {Mistake::forgets_acked, "acknowledged"},
                                            {Mistake::stores_twice, "in the log twice"},
                                            {Mistake::loses_acks, "no answer"},
                                            {Mistake::reads_with_holes, "the log has"}}));
  const auto finding = finding_of([mistake = mistake](ClusterPlan& plan) {
    plan.wrap_broker = [mistake](broker::Broker& inner) {
      return std::make_unique<BrokenBroker>(inner, mistake);
    };
  });
  CHECK_THAT(finding, Catch::Contains(expected));
}
