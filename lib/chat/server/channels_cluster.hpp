#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chat/rabbitmq/channels_broker.hpp"
#include "chat/server/cluster.hpp"

namespace chat::server {

/// Nodes of Django Channels and of ours that share rooms by an exchange of RabbitMQ, at most once.
/// Each worker has a connection and a queue of its own. Presence is each node's own: the original
/// has none.
class ChannelsCluster final : public Cluster {
 public:
  /// As make_cluster.
  static wire::Result<std::unique_ptr<Cluster>> make(const config::ServeConfig& config);
  ~ChannelsCluster() override;

  std::unique_ptr<broker::Broker> join(base::Executor& executor, broker::LocalBroker& rooms,
                                       history::Store& store, rabbitmq::LogStates& states) override;
  void start(const std::vector<rabbitmq::SignalExchange::Lane>& lanes,
             const LaneOf& lane_of) override;
  void leave(std::function<void()> done) override { done(); }
  /// Every worker hears and reaches RabbitMQ now.
  bool ready() const noexcept override;
  void tell(metrics::WorkerStats& stats) const override;
  bool has_shared_log() const noexcept override { return false; }

 private:
  ChannelsCluster();

  /// What one worker's broker uses. The connector is that worker's alone: it belongs to one loop.
  struct Lane {
    std::unique_ptr<rabbitmq::AmqpConnector> connector;
    rabbitmq::ChannelsCounters counters;
    rabbitmq::ChannelsBroker* broker = nullptr;
  };

  std::vector<rabbitmq::Endpoint> endpoints_;
  std::string node_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace chat::server
