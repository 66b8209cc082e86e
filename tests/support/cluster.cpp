#include "support/cluster.hpp"

#include <utility>

#include "chat/base/log.hpp"

namespace chat::tests {

struct ClusterNode::Lane {
  explicit Lane(SimClock& clock) : executor(clock) {}

  SimExecutor executor;
  rabbitmq::LogStates states;
  std::unique_ptr<history::MemoryStore> store;
  std::unique_ptr<broker::LocalBroker> rooms;
  std::unique_ptr<rabbitmq::StreamBroker> stream;
  std::unique_ptr<broker::Shard> shard;
  std::unique_ptr<broker::ShardedBroker> view;
};

ClusterNode::ClusterNode(SimClock& clock, FakeAmqp& amqp, const std::string& name, Options options,
                         std::uint64_t seed)
    : name_(name) {
  base::Log::configure(base::LogFormat::text,
                       getenv("TRACE") ? base::LogLevel::info : base::LogLevel::off);
  for (std::size_t i = 0; i < options.workers; ++i) lanes_.push_back(std::make_unique<Lane>(clock));
  rabbitmq::StreamLog::Options log;
  rabbitmq::Endpoint endpoint;
  endpoint.host = "rabbit";
  endpoint.vhost = "/";
  endpoint.user = "guest";
  endpoint.password = "guest";
  endpoint.name = name;
  log.endpoints = {endpoint};
  log.node = name;
  log.random_seed = seed;
  log.partitions = options.partitions;
  log.queue_messages = options.queue_messages;
  log.queue_bytes = options.queue_bytes;
  log.make_epoch = [name, count = 0]() mutable {
    return base::Epoch("E-" + name + "-" + std::to_string(++count));
  };
  if (options.own_loop) log_executor_ = std::make_unique<SimExecutor>(clock);
  auto& connector = options.connector == nullptr ? amqp.connector() : *options.connector;
  log_ = std::make_unique<rabbitmq::StreamLog>(log_executor(), connector, std::move(log));
  std::vector<broker::Shard*> shards;
  for (auto& owned : lanes_) {
    Lane& lane = *owned;
    lane.store = std::make_unique<history::MemoryStore>(
        options.retention, [&lane](const base::RoomName& room) { return lane.states.birth(room); });
    lane.rooms = std::make_unique<broker::LocalBroker>(lane.executor, *lane.store, options.rooms);
    lane.stream = std::make_unique<rabbitmq::StreamBroker>(lane.executor, *log_, *lane.rooms,
                                                           *lane.store, lane.states);
    lane.shard = std::make_unique<broker::Shard>(lane.executor, *lane.stream);
    shards.push_back(lane.shard.get());
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i]->view =
        std::make_unique<broker::ShardedBroker>(i, shards, broker::ShardedBroker::Options());
  }
  log_->set_lane_of([count = lanes_.size()](const base::RoomName& room) {
    return broker::shard_of(room, count);
  });
  log_->start();
}

ClusterNode::~ClusterNode() {
  log_.reset();
  for (auto& lane : lanes_) lane->view.reset();
}

broker::Broker& ClusterNode::view(std::size_t worker) { return *lanes_[worker]->view; }

SimExecutor& ClusterNode::executor(std::size_t worker) { return lanes_[worker]->executor; }

SimExecutor& ClusterNode::log_executor() noexcept {
  return log_executor_ ? *log_executor_ : lanes_.front()->executor;
}

history::Page ClusterNode::page(const base::RoomName& room) {
  history::Range all;
  all.limit = 1'000'000;
  all.max_bytes = 1U << 30;
  history::Page page;
  lanes_[broker::shard_of(room, lanes_.size())]->store->read(
      room, all, [&page](const auto& read) { page = *read; });
  return page;
}

std::vector<wire::MessagePtr> ClusterNode::kept(const base::RoomName& room) {
  return page(room).messages;
}

base::Epoch ClusterNode::epoch(const base::RoomName& room) {
  return lanes_[broker::shard_of(room, lanes_.size())]->states.birth(room).epoch;
}

base::Seq ClusterNode::floor(const base::RoomName& room) {
  return lanes_[broker::shard_of(room, lanes_.size())]->states.birth(room).floor;
}

}  // namespace chat::tests
