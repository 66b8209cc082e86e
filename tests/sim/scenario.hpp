#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/faults.hpp"
#include "sim/invariants.hpp"
#include "sim/sim_client.hpp"
#include "sim/world.hpp"

namespace chat::tests {

/// One simulated day of the whole system, made from a seed: a server and its members under faults,
/// then calm, in which everybody catches up.
class Scenario {
 public:
  /// `adjust` may change what the seed has chosen.
  explicit Scenario(std::uint64_t seed, const std::function<void(WorldPlan&)>& adjust = {});
  ~Scenario();

  /// Plays it; stops at the first finding.
  const Findings& play();

  struct Outcome {
    FaultCounts faults;
    std::size_t stored = 0;
    std::size_t received = 0;  ///< by all members
    std::size_t acked = 0;
    std::size_t gaps = 0;  ///< resumes that were told of something missing
    std::size_t slow_closes = 0;
  };
  Outcome outcome() const;

 private:
  bool go_on(base::Duration by);
  void speak();
  void play_faults();
  void settle();
  bool is_settled() const;
  void explain_unsettled();
  void read_back();

  std::mt19937_64 random_;
  Findings findings_;
  World world_;
  std::vector<std::unique_ptr<V1Client>> members_;
  std::vector<std::unique_ptr<PlainClient>> plain_;
  std::unique_ptr<Faults> faults_;
  std::size_t body_bytes_;
  std::size_t quiet_;  // steps without a word for one with one
  std::uint64_t slow_closes_ = 0;
  std::uint64_t slow_seen_ = 0;
};

}  // namespace chat::tests
