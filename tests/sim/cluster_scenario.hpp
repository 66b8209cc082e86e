#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <utility>

#include "sim/cluster_faults.hpp"
#include "sim/cluster_world.hpp"
#include "sim/findings.hpp"

namespace chat::tests {

/// Some minutes of a simulated cluster, made from a seed: people who publish, hear and read at all
/// its nodes under faults, then calm, in which it comes to rest and is judged; twice.
class ClusterScenario {
 public:
  /// `adjust` may change what the seed has chosen.
  explicit ClusterScenario(std::uint64_t seed,
                           const std::function<void(ClusterPlan&)>& adjust = {});

  /// Plays it; stops at the first finding.
  const Findings& play();

  struct Outcome {
    ClusterFaults::Counts faults;
    std::size_t attempts = 0;
    std::size_t acked = 0;
    std::size_t repeats = 0;
    std::size_t refused = 0;
    std::size_t unknown = 0;
    std::size_t heard = 0;
    std::size_t restarts = 0;  ///< that sinks were told of
    std::size_t gaps = 0;      ///< … of the same log: something was trimmed unheard
    std::size_t read = 0;
    std::size_t skipped = 0;        ///< records that were repeats, or of another log
    base::Duration slowest_rest{};  ///< from the end of the faults to rest, at most
  };
  const Outcome& outcome() const noexcept { return outcome_; }

 private:
  std::size_t any(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  void act();
  void publish_new();
  void publish_again();
  void settle();
  void count();

  std::mt19937_64 random_;
  Findings findings_;
  ClusterWorld world_;
  ClusterFaults faults_;
  std::map<std::pair<base::RoomName, base::ClientId>, std::uint64_t> counters_;
  base::Duration longest_step_;
  Outcome outcome_;
};

}  // namespace chat::tests
