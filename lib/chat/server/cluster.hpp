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
#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/rabbitmq/log_states.hpp"
#include "chat/rabbitmq/signal_exchange.hpp"
#include "chat/rabbitmq/stream_broker.hpp"
#include "chat/rabbitmq/stream_log.hpp"
#include "chat/wire/error.hpp"

namespace chat::server {

/// What joins this node's workers to the other nodes, over RabbitMQ.
/// Thread: `ready` any; `stats` and `leave` the home loop; the rest on `main` while no loop runs.
class Cluster {
 public:
  /// Reads the address and the password's file. Fails with bad_request and what to do. `home`: the
  /// loop that the connections are served on; must outlive it, and not run any more when this is
  /// destroyed.
  /// `database`: where the workers keep the messages; nullptr: in memory.
  static wire::Result<std::unique_ptr<Cluster>> make(const config::ServeConfig& config,
                                                     base::Executor& home,
                                                     history::SqliteDatabase* database);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// A worker's rooms, in the order of the shared log.
  std::unique_ptr<broker::Broker> join(base::Executor& executor, broker::LocalBroker& rooms,
                                       history::Store& store, rabbitmq::LogStates& states);
  /// Joins the workers' presence to that of the other nodes, and connects. After all have joined.
  using LaneOf = std::function<std::size_t(const base::RoomName&)>;
  void start(const std::vector<rabbitmq::SignalExchange::Lane>& lanes, const LaneOf& lane_of);
  /// Tells the other nodes that this one goes. `done` is called once, within about a second.
  /// Thread: the home loop.
  void leave(std::function<void()> done);

  /// The node knows what the log said when it came, and hears and reaches RabbitMQ now.
  bool ready() const noexcept { return log_->ready(); }
  metrics::BrokerStats stats() const;
  /// Where RabbitMQ is, without user and password.
  const std::string& address() const noexcept { return address_; }

 private:
  Cluster() = default;

  std::string address_;
  std::unique_ptr<rabbitmq::AmqpConnector> connector_;
  std::unique_ptr<rabbitmq::StreamLog> log_;
  base::Executor* home_ = nullptr;
  rabbitmq::SignalExchange::Options signal_options_;
  std::unique_ptr<rabbitmq::SignalExchange> signals_;
};

}  // namespace chat::server
