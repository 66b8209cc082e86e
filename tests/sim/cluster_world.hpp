#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "chat/broker/broker.hpp"
#include "sim/cluster_truth.hpp"
#include "support/cluster.hpp"
#include "support/fake_amqp.hpp"
#include "support/sim_executor.hpp"

namespace chat::tests {

/// The settings of a simulated cluster.
struct ClusterPlan {
  std::size_t nodes = 2;  ///< at most at one time
  ClusterNode::Options node;
  std::vector<base::RoomName> rooms;
  /// Puts something between whoever calls and a node's broker; empty: nothing.
  std::function<std::unique_ptr<broker::Broker>(broker::Broker&)> wrap_broker;
  /// … and between the nodes and RabbitMQ.
  std::function<std::unique_ptr<rabbitmq::AmqpConnector>(rabbitmq::AmqpConnector&)> wrap_connector;
};

/// Nodes of one chat on a FakeAmqp, in one thread on virtual time, with those who publish, hear and
/// read there; they remember all that they were told.
///
/// A node has a place; it is killed, and another one with another name starts there. Thread: one.
class ClusterWorld {
 public:
  /// One call of publish.
  struct Attempt {
    base::RoomName room;
    base::ClientId client;
    std::uint64_t n = 0;
    std::string body;  ///< its own alone
    std::string node;
    base::TimePoint begun{};
    std::size_t answers = 0;
    std::optional<broker::Published> published;  ///< unset: refused, or not answered
  };
  /// From a head, or a restart, to the next.
  struct Stretch {
    broker::RoomHead head;
    std::vector<wire::MessagePtr> heard;
  };
  struct Subscription {
    base::RoomName room;
    std::string node;
    bool open = true;
    bool answered = false;
    std::vector<Stretch> stretches;
  };
  struct Read {
    base::RoomName room;
    base::Epoch epoch;
    base::Seq after;
    broker::ReadAnswer answer;
  };

  ClusterWorld(ClusterPlan plan, std::uint64_t seed,
               std::function<void(const std::string&)> report);
  ~ClusterWorld();
  ClusterWorld(const ClusterWorld&) = delete;
  ClusterWorld& operator=(const ClusterWorld&) = delete;

  const ClusterPlan& plan() const noexcept { return plan_; }
  SimClock& clock() noexcept { return clock_; }
  FakeAmqp& amqp() noexcept { return amqp_; }
  ClusterTruth& truth() noexcept { return truth_; }
  void collect() { truth_.collect(clock_.now()); }

  // ---- nodes

  void start(std::size_t place);
  void kill(std::size_t place);
  /// nullptr while there is none.
  ClusterNode* node(std::size_t place) noexcept { return places_[place].node.get(); }
  bool is_up(const std::string& node) const;
  std::size_t count_up() const;

  // ---- calls; nothing happens where there is no node

  /// A new message; an empty client: one that is not recognised when it comes again.
  void publish(std::size_t place, std::size_t worker, const base::RoomName& room,
               const base::ClientId& client, std::uint64_t n);
  /// Subscribes, or leaves.
  void toggle(std::size_t place, std::size_t worker, const base::RoomName& room);
  /// Reads on from something that was heard, or all.
  void read(std::size_t place, std::size_t worker, const base::RoomName& room);

  // ---- what came of it

  const std::vector<std::shared_ptr<Attempt>>& attempts() const noexcept { return attempts_; }
  const std::vector<std::shared_ptr<Subscription>>& subscriptions() const { return subscriptions_; }
  const std::vector<Read>& reads() const noexcept { return reads_; }
  /// Every node is ready, and has answered everything.
  bool is_settled() const;
  std::string why_unsettled() const;
  /// What has been judged, and goes on no more, may go.
  void forget_judged();

 private:
  class Sink;
  struct Place {
    std::unique_ptr<ClusterNode> node;
    std::vector<std::unique_ptr<broker::Broker>> wrappers;  // by worker; empty without wrap_broker
    std::vector<std::unique_ptr<Sink>> sinks;               // by worker
    std::size_t starts = 0;
  };

  broker::Broker& view(Place& place, std::size_t worker);

  ClusterPlan plan_;
  std::function<void(const std::string&)> report_;
  std::mt19937_64 random_;
  SimClock clock_;
  SimExecutor server_;
  FakeAmqp amqp_;
  std::unique_ptr<rabbitmq::AmqpConnector> connector_;
  ClusterTruth truth_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
  std::vector<Read> reads_;
  std::vector<Place> places_;
};

}  // namespace chat::tests
