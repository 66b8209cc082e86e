#include "sim/world.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/broker/local_presence.hpp"
#include "chat/broker/sharded_presence.hpp"

namespace chat::tests {
namespace {

constexpr auto kExpireInterval = std::chrono::seconds(5);

/// One worker with everything that lives on its loop, in the order of dependence.
struct Lane {
  Lane(SimClock& clock, DurableStore& durable, std::uint64_t seed, const WorldPlan& plan)
      : executor(clock),
        door(durable),
        store(executor, door, seed, plan.store),
        local_broker(executor, store, plan.broker),
        local_presence(executor, {}),
        shard(executor, local_broker) {}

  void expire_regularly() {
    local_broker.expire();
    executor.after(kExpireInterval, [this] { expire_regularly(); });
  }

  SimExecutor executor;
  DurableStore::Door door;
  FaultyStore store;
  broker::LocalBroker local_broker;
  broker::LocalPresence local_presence;
  broker::Shard shard;
  std::unique_ptr<broker::ShardedBroker> sharded_broker;      // with several workers
  std::unique_ptr<broker::ShardedPresence> sharded_presence;  // with several workers
  std::unique_ptr<broker::Broker> wrapper;                    // when the plan has one
  std::unique_ptr<server::Worker> worker;
};

}  // namespace

/// One life of the server.
struct World::Node {
  Node(const WorldPlan& plan, std::size_t workers, SimClock& clock, DurableStore& durable,
       std::mt19937_64& random)
      : shared(plan.config) {
    for (std::size_t i = 0; i < workers; ++i) {
      lanes.push_back(std::make_unique<Lane>(clock, durable, random(), plan));
    }
    if (workers > 1) join_lanes();
    for (std::size_t i = 0; i < workers; ++i) furnish(i, plan, random());
  }

  ~Node() {
    for (auto& lane : lanes) lane->worker.reset();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void join_lanes() {
    std::vector<broker::Shard*> shards;
    std::vector<broker::PresenceShard> presence;
    for (auto& lane : lanes) {
      shards.push_back(&lane->shard);
      presence.push_back({lane->executor, lane->local_presence});
    }
    broker::ShardedBroker::Options options;
    options.shared_store = true;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      lanes[i]->sharded_broker = std::make_unique<broker::ShardedBroker>(i, shards, options);
      lanes[i]->sharded_presence = std::make_unique<broker::ShardedPresence>(i, presence);
    }
  }

  void furnish(std::size_t index, const WorldPlan& plan, std::uint64_t seed) {
    Lane& lane = *lanes[index];
    broker::Broker* broker = &lane.local_broker;
    broker::Presence* presence = &lane.local_presence;
    if (lane.sharded_broker) {
      broker = lane.sharded_broker.get();
      presence = lane.sharded_presence.get();
    }
    if (plan.wrap_broker) {
      lane.wrapper = plan.wrap_broker(*broker);
      broker = lane.wrapper.get();
    }
    lane.worker =
        std::make_unique<server::Worker>(index, lane.executor, *broker, *presence, shared, seed);
    lane.expire_regularly();
  }

  void drain() {
    shared.draining = true;
    for (auto& owned : lanes) {
      Lane& lane = *owned;
      lane.executor.post([this, &lane] { lane.worker->drain([this] { ++drained; }); });
    }
  }

  server::Shared shared;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::size_t drained = 0;
};

World::World(WorldPlan plan, std::uint64_t seed, std::function<void(const std::string&)> report)
    : plan_(std::move(plan)),
      random_(seed),
      clock_(random_()),
      outside_(clock_),
      store_(plan_.retention, std::move(report)) {
  base::Log::configure(base::LogFormat::text, base::LogLevel::off);
}

World::~World() = default;

std::shared_ptr<Link> World::connect(LinkConditions conditions) {
  if (!is_up() || is_draining()) return nullptr;
  auto& lane = *node_->lanes[random_() % node_->lanes.size()];
  auto link = Link::make(outside_, conditions, random_(), "client:" + std::to_string(++last_peer_));
  auto stream = std::make_shared<std::unique_ptr<transport::Stream>>(link->serve(lane.executor));
  lane.executor.post([&lane, stream] { lane.worker->accept(std::move(*stream)); });
  return link;
}

void World::start(std::size_t workers) {
  node_ = std::make_unique<Node>(plan_, workers, clock_, store_, random_);
}

void World::kill() {
  if (!is_up()) return;
  for (auto& lane : node_->lanes) lane->store.kill();
  node_.reset();
}

void World::drain() {
  if (is_up() && !is_draining()) node_->drain();
}

bool World::is_draining() const noexcept { return is_up() && node_->shared.draining; }

void World::set_store_faults(FaultyStore::Plan plan) {
  plan_.store = plan;
  if (!is_up()) return;
  for (auto& lane : node_->lanes) lane->store.set_plan(plan);
}

void World::go_on(base::Duration by) {
  clock_.advance(by);
  if (is_up() && node_->drained == node_->lanes.size()) kill();
}

World::Load World::load() const {
  Load load;
  if (!is_up()) return load;
  for (const auto& lane : node_->lanes) {
    lane->worker->connections().for_each([&load](transport::Connection& connection) {
      load.largest_outbox = std::max(load.largest_outbox, connection.queued_bytes());
    });
    load.store_calls = std::max(load.store_calls, lane->store.waiting());
    load.backlog = std::max(load.backlog, lane->shard.backlog.load());
    load.connections += lane->worker->connections().size();
    load.slow_closes += lane->worker->connections().counters().slow_closes;
  }
  return load;
}

}  // namespace chat::tests
