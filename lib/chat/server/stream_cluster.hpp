#pragma once

#include <memory>

#include "chat/rabbitmq/signal_exchange.hpp"
#include "chat/rabbitmq/stream_log.hpp"
#include "chat/server/cluster.hpp"

namespace chat::server {

/// Nodes that share one order, made by streams of RabbitMQ, and their presence.
class StreamCluster final : public Cluster {
 public:
  /// As make_cluster.
  static wire::Result<std::unique_ptr<Cluster>> make(const config::ServeConfig& config,
                                                     base::Executor& home,
                                                     history::SqliteDatabase* database);
  ~StreamCluster() override;

  std::unique_ptr<broker::Broker> join(base::Executor& executor, broker::LocalBroker& rooms,
                                       history::Store& store, rabbitmq::LogStates& states) override;
  void start(const std::vector<rabbitmq::SignalExchange::Lane>& lanes,
             const LaneOf& lane_of) override;
  void leave(std::function<void()> done) override;
  /// It knows what the log said when it came, and hears and reaches RabbitMQ now.
  bool ready() const noexcept override { return log_->ready(); }
  void tell(metrics::WorkerStats& stats) const override;
  bool has_shared_log() const noexcept override { return true; }

 private:
  explicit StreamCluster(base::Executor& home);

  base::Executor& home_;
  std::unique_ptr<rabbitmq::AmqpConnector> connector_;
  std::unique_ptr<rabbitmq::StreamLog> log_;
  rabbitmq::SignalExchange::Options signal_options_;
  std::unique_ptr<rabbitmq::SignalExchange> signals_;
};

}  // namespace chat::server
