#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "chat/broker/local_broker.hpp"
#include "chat/broker/sharded_broker.hpp"
#include "chat/config/serve_config.hpp"
#include "chat/server/worker.hpp"
#include "sim/durable_store.hpp"
#include "sim/link.hpp"
#include "support/faulty_store.hpp"
#include "support/sim_executor.hpp"

namespace chat::tests {

/// The settings of one simulated server.
struct WorldPlan {
  std::size_t workers = 1;
  history::Retention retention;
  config::ServeConfig config;
  broker::LocalBroker::Options broker;
  FaultyStore::Plan store;
  /// Puts something between the workers and their broker; empty: nothing.
  std::function<std::unique_ptr<broker::Broker>(broker::Broker&)> wrap_broker;
};

/// A whole server in one thread on virtual time: real workers, brokers and connections over a store
/// that outlives them, and links instead of sockets.
///
/// The server can be killed and drained and comes back by `start`. Thread: one.
class World {
 public:
  World(WorldPlan plan, std::uint64_t seed, std::function<void(const std::string&)> report);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// The loop of everybody outside the server.
  SimExecutor& outside() noexcept { return outside_; }
  DurableStore& store() noexcept { return store_; }
  const DurableStore& store() const noexcept { return store_; }
  const WorldPlan& plan() const noexcept { return plan_; }
  std::uint64_t random() { return random_(); }

  /// A new connection to one of the workers; nullptr when nobody listens.
  std::shared_ptr<Link> connect(LinkConditions conditions);

  void start(std::size_t workers);
  /// As kill -9: everything but the store is gone, no farewell.
  void kill();
  /// Sends everyone off; the server is gone when that is done.
  void drain();
  bool is_up() const noexcept { return node_ != nullptr; }
  bool is_draining() const noexcept;
  /// Of the present server and of those that it will be started as.
  void set_store_faults(FaultyStore::Plan plan);

  /// Lets time pass.
  void go_on(base::Duration by);

  struct Load {
    std::size_t largest_outbox = 0;  ///< bytes waiting for one connection
    std::size_t store_calls = 0;     ///< not answered yet, of one worker
    std::size_t backlog = 0;         ///< bytes on their way from one shard to other workers
    std::size_t connections = 0;
    std::uint64_t slow_closes = 0;  ///< since the server was started
  };
  Load load() const;

 private:
  struct Node;

  WorldPlan plan_;
  std::mt19937_64 random_;
  SimClock clock_;
  SimExecutor outside_;
  DurableStore store_;
  std::unique_ptr<Node> node_;
  std::size_t last_peer_ = 0;
};

}  // namespace chat::tests
