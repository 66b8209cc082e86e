#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/config/serve_config.hpp"
#include "chat/history/sqlite_database.hpp"
#include "chat/history/store.hpp"
#include "chat/metrics/stats.hpp"
#include "chat/rabbitmq/log_states.hpp"
#include "chat/rabbitmq/signal_exchange.hpp"
#include "chat/wire/error.hpp"

namespace chat::server {

/// What joins this node's workers to the other nodes, over RabbitMQ.
/// Thread: `ready` any; `tell` and `leave` the home loop; the rest on `main` while no loop runs.
class Cluster {
 public:
  virtual ~Cluster() = default;

  /// A worker's rooms, shared with the other nodes.
  virtual std::unique_ptr<broker::Broker> join(base::Executor& executor, broker::LocalBroker& rooms,
                                               history::Store& store,
                                               rabbitmq::LogStates& states) = 0;
  /// Connects, and joins the workers' presence to that of the other nodes where they tell it. After
  /// all have joined.
  using LaneOf = std::function<std::size_t(const base::RoomName&)>;
  virtual void start(const std::vector<rabbitmq::SignalExchange::Lane>& lanes,
                     const LaneOf& lane_of) = 0;
  /// Tells the other nodes that this one goes. `done` is called once, within about a second.
  virtual void leave(std::function<void()> done) = 0;

  /// The node knows what it has to know, and hears and reaches RabbitMQ now.
  virtual bool ready() const noexcept = 0;
  /// Adds what it has counted.
  virtual void tell(metrics::WorkerStats& stats) const = 0;
  /// The order of the rooms, and which log it is of, comes from outside; else this node makes it.
  virtual bool has_shared_log() const noexcept = 0;
};

/// As config.broker and config.layer say. Fails with bad_request and what to do. `home`: the loop
/// that connections of the whole node are served on; must outlive it, and not run any more when
/// this is destroyed. `database`: where the workers keep the messages; nullptr: in memory.
wire::Result<std::unique_ptr<Cluster>> make_cluster(const config::ServeConfig& config,
                                                    base::Executor& home,
                                                    history::SqliteDatabase* database);

}  // namespace chat::server
