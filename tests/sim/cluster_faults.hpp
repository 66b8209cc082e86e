#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/cluster_world.hpp"

namespace chat::tests {

/// A seeded plan of what goes wrong in a cluster. Each seed has its own taste: some faults come
/// often, some never. What lasts is over after a while.
class ClusterFaults {
 public:
  using Sent = std::tuple<base::RoomName, base::ClientId, std::uint64_t>;
  /// How often each happened, by name.
  using Counts = std::map<std::string, std::size_t>;

  ClusterFaults(ClusterWorld& world, std::uint64_t seed);

  /// Perhaps does something; to be called often.
  void step();
  /// Undoes everything: from now on nothing goes wrong.
  void end();
  const Counts& counts() const noexcept { return counts_; }
  /// Retention has dropped it, so nobody sends it again.
  bool is_retired(const Sent& sent) const { return retired_.count(sent) > 0; }

 private:
  struct Kind {
    const char* name;
    unsigned weight;
    bool (ClusterFaults::*happen)();  // false: there was nothing to do it to
  };
  struct Undo {
    base::TimePoint at;
    base::Task run;
  };

  std::size_t any(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  bool one_in(std::size_t count) { return any(count) == 0; }
  base::Duration up_to(base::Duration most);
  void undo_after(base::Duration delay, base::Task run);
  std::size_t any_partition() { return any(world_.plan().node.partitions); }
  ClusterNode* any_node();
  Sent sent(const std::string& body) const;

  bool kill_node();
  bool cut();
  bool stall();
  bool stall_all();
  bool kill_server();
  bool block();
  bool close();
  bool leader_away();
  bool trouble_publishes();
  bool trim();
  bool replace_vhost();
  bool delete_stream();
  bool delete_meta();
  bool refuse_credentials();
  bool forbid();
  bool jump_clock();
  bool slow_worker();
  bool freeze();

  ClusterWorld& world_;
  std::mt19937_64 random_;
  std::vector<Kind> kinds_;
  unsigned weights_ = 0;
  FakeAmqp::Plan usual_;
  std::size_t calm_;  // steps without a fault for one with one
  std::vector<Undo> undos_;
  base::TimePoint collected_{};
  std::set<Sent> retired_;
  Counts counts_;
};

}  // namespace chat::tests
