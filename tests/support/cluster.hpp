#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chat/broker/local_broker.hpp"
#include "chat/broker/sharded_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "chat/rabbitmq/log_states.hpp"
#include "chat/rabbitmq/stream_broker.hpp"
#include "chat/rabbitmq/stream_log.hpp"
#include "support/fake_amqp.hpp"
#include "support/sim_executor.hpp"

namespace chat::tests {

/// The broker's side of one `chat serve` on a FakeAmqp: workers with their rooms over one
/// StreamLog. Destroying it is a kill -9.
class ClusterNode {
 public:
  struct Options {
    std::size_t workers = 1;
    std::size_t partitions = 4;
    history::Retention retention;
    broker::LocalBroker::Options rooms;
    std::size_t queue_messages = 65'536;
    std::size_t queue_bytes = 128U << 20;
    /// The log has a loop of its own and does not share that of the first worker.
    bool own_loop = false;
    /// Between the node and the FakeAmqp; null: nothing.
    rabbitmq::AmqpConnector* connector = nullptr;
  };

  ClusterNode(SimClock& clock, FakeAmqp& amqp, const std::string& name, Options options,
              std::uint64_t seed);
  ~ClusterNode();
  ClusterNode(const ClusterNode&) = delete;
  ClusterNode& operator=(const ClusterNode&) = delete;

  /// All rooms, as a worker sees them.
  broker::Broker& view(std::size_t worker);
  std::size_t workers() const noexcept { return lanes_.size(); }
  SimExecutor& executor(std::size_t worker);
  rabbitmq::StreamLog& log() noexcept { return *log_; }
  const std::string& name() const noexcept { return name_; }
  /// The loop of its log.
  SimExecutor& log_executor() noexcept;
  /// What the node keeps of a room.
  history::Page page(const base::RoomName& room);
  std::vector<wire::MessagePtr> kept(const base::RoomName& room);
  base::Epoch epoch(const base::RoomName& room);
  base::Seq floor(const base::RoomName& room);

 private:
  struct Lane;

  const std::string name_;
  std::unique_ptr<SimExecutor> log_executor_;  // null: the first worker's
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<rabbitmq::StreamLog> log_;
};

}  // namespace chat::tests
