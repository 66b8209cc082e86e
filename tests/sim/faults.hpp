#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "sim/sim_client.hpp"
#include "sim/world.hpp"

namespace chat::tests {

/// What happened in a run.
struct FaultCounts {
  std::size_t cuts = 0;
  std::size_t silences = 0;
  std::size_t stalls = 0;
  std::size_t kills = 0;
  std::size_t wipes = 0;
  std::size_t drains = 0;
  std::size_t store_troubles = 0;
  std::size_t repeats = 0;
  std::size_t leaves = 0;
  std::size_t pages = 0;
};

/// A seeded plan of what goes wrong. Each seed has its own taste: some faults come often, some
/// never.
class Faults {
 public:
  Faults(World& world, std::vector<std::unique_ptr<V1Client>>& members,
         std::vector<std::unique_ptr<PlainClient>>& plain, std::uint64_t seed);

  /// Perhaps does something; to be called often.
  void step();
  /// Undoes what goes by itself only slowly: from now on nothing goes wrong.
  void end();
  const FaultCounts& counts() const noexcept { return counts_; }

 private:
  struct Kind {
    unsigned weight;
    void (Faults::*happen)();
  };

  std::size_t any(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  bool one_in(std::size_t count) { return any(count) == 0; }
  base::Duration up_to(base::Duration most);
  SimClient& any_client();
  V1Client& any_member() { return *members_[any(members_.size())]; }

  void cut();
  void silence();
  void stall();
  void slow_down();
  void kill();
  void drain();
  void trouble_store();
  void repeat();
  void come_or_go();
  void page();
  void tend_server();

  World& world_;
  std::vector<std::unique_ptr<V1Client>>& members_;
  std::vector<std::unique_ptr<PlainClient>>& plain_;
  std::mt19937_64 random_;
  std::vector<Kind> kinds_;
  unsigned weights_ = 0;
  std::size_t calm_;  // steps without a fault for one with one
  bool may_wipe_;
  bool may_stall_long_;
  base::TimePoint start_at_{};
  base::TimePoint store_well_at_{};
  FaultCounts counts_;
};

}  // namespace chat::tests
