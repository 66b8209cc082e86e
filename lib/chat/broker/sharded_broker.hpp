#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/calls.hpp"
#include "chat/broker/holds.hpp"

namespace chat::broker {

/// One worker's part of the rooms. One object, shared by the ShardedBrokers of all workers.
struct Shard {
  Shard(base::Executor& executor_, Broker& broker_) : executor(executor_), broker(broker_) {}

  base::Executor& executor;  ///< the worker's loop
  Broker& broker;            ///< all calls on that loop
  /// Bytes of messages delivered by this shard and not yet taken by the other workers' loops.
  std::atomic<std::size_t> backlog{0};
};

/// Where a room lives: the same on every worker.
std::size_t shard_of(const base::RoomName& room, std::size_t shards) noexcept;

/// The rooms of all workers, as one worker sees them: each room lives in one shard, on the loop of
/// one worker; calls for the own shard go straight there, the others are posted and their answers
/// and deliveries come back in batches.
///
/// A worker that does not keep up is waited for: while a shard's backlog is over its bound,
/// publishes to that shard are refused with `busy`. Thread: one loop, that of shard `self`. The
/// shards, and all ShardedBrokers over them, must outlive the runs of all loops.
class ShardedBroker final : public Broker {
 public:
  struct Options {
    std::size_t backlog_bytes = 64U << 20;
    bool shared_store = false;  ///< every shard's store lists the rooms of all
  };

  ShardedBroker(std::size_t self, std::vector<Shard*> shards, Options options);
  ~ShardedBroker() override;

  void subscribe(const base::RoomName& room, Sink& sink, SubscribeDone done) override;
  void unsubscribe(const base::RoomName& room, Sink& sink) override;
  void publish(Publish publish, PublishDone done) override;
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override;
  void rooms(RoomsDone done) override;

 private:
  class Route;
  class Link;
  using Links = std::vector<std::shared_ptr<Link>>;
  struct Gathering;

  std::size_t home_of(const base::RoomName& room) const noexcept;
  /// Tells the worker that its publish was refused. Thread: the shard's.
  void refuse(Route& route, Holds::Sender sender, std::uint64_t call, wire::Error error);
  std::shared_ptr<Link> take_link(const base::RoomName& room, const Sink& sink);

  const std::size_t self_;
  const std::vector<Shard*> shards_;
  const Options options_;
  std::vector<std::unique_ptr<Route>> routes_;  // by shard; null for the own
  std::unordered_map<base::RoomName, Links> links_;
  Calls<wire::Result<Published>> publishes_;
  Calls<wire::Result<ReadAnswer>> reads_;
};

}  // namespace chat::broker
