#include "broker_contract.hpp"
#include "broker_plan.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/broker/sharded_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "support/faulty_store.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::RoomName;

/// A worker: its loop, its shard of the rooms over its store, and its view of all rooms.
struct ShardWorker {
  ShardWorker(std::uint64_t seed, FaultyStore::Plan plan) : store(executor, memory, seed, plan) {}

  ManualExecutor executor;
  int epochs = 0;
  history::MemoryStore memory{history::Retention(),
                              [this] { return base::Epoch("E" + std::to_string(++epochs)); }};
  FaultyStore store;
  std::unique_ptr<broker::LocalBroker> local;
  std::unique_ptr<broker::Shard> shard;
  std::unique_ptr<broker::ShardedBroker> view;
};

class Workers {
 public:
  Workers(std::size_t count, std::uint64_t seed, FaultyStore::Plan plan,
          broker::LocalBroker::Options options)
      : options_(options) {
    for (std::size_t i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<ShardWorker>(seed + i, plan));
    }
    restart();
  }

  ShardWorker& worker(std::size_t i) { return *workers_[i]; }
  std::size_t size() const { return workers_.size(); }
  std::vector<broker::Broker*> views() {
    std::vector<broker::Broker*> views;
    for (const auto& worker : workers_) views.push_back(worker->view.get());
    return views;
  }
  /// Lets the loops run one after the other, again and again.
  void run(int rounds, base::Duration time) {
    for (int round = 0; round < rounds; ++round) {
      for (const auto& worker : workers_) worker->executor.advance(time);
    }
  }
  void restart() {
    for (const auto& worker : workers_) worker->view.reset();
    std::vector<broker::Shard*> shards;
    for (const auto& worker : workers_) {
      worker->local.reset();
      worker->local =
          std::make_unique<broker::LocalBroker>(worker->executor, worker->store, options_);
      worker->shard = std::make_unique<broker::Shard>(worker->executor, *worker->local);
      shards.push_back(worker->shard.get());
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->view =
          std::make_unique<broker::ShardedBroker>(i, shards, broker::ShardedBroker::Options());
    }
  }

 private:
  broker::LocalBroker::Options options_;
  std::vector<std::unique_ptr<ShardWorker>> workers_;
};

/// Two shards, as the first worker sees them.
class ShardedWorld final : public BrokerWorld {
 public:
  broker::Broker& broker() override { return *workers_.worker(0).view; }
  void run() override { workers_.run(8, {}); }

 private:
  Workers workers_{2, 0, {}, {}};
};

/// Workers whose loops run in a seeded order, over stores that answer late and fail.
class FaultyShardedWorld final : public PlanWorld {
 public:
  explicit FaultyShardedWorld(std::uint64_t seed)
      : workers_(2 + seed % 2, seed, {10, 40, std::chrono::milliseconds(10)}, options()) {}

  std::vector<broker::Broker*> views() override { return workers_.views(); }
  void go_on(std::mt19937_64& random) override {
    auto& executor = workers_.worker(random() % workers_.size()).executor;
    executor.advance(std::chrono::milliseconds(random() % 4));
  }
  void finish() override { workers_.run(200, std::chrono::milliseconds(20)); }
  void restart() override { workers_.restart(); }
  std::vector<wire::MessagePtr> log(const RoomName& room) override {
    history::Range all;
    all.limit = 100'000;
    all.max_bytes = 1U << 30;
    std::vector<wire::MessagePtr> messages;
    workers_.worker(broker::shard_of(room, workers_.size()))
        .memory.read(room, all, [&messages](const auto& page) { messages = page->messages; });
    return messages;
  }

 private:
  static broker::LocalBroker::Options options() {
    broker::LocalBroker::Options options;
    options.snapshot_every = 3;
    options.queue_limit_per_room = 8;
    options.idle_rooms = 1;
    return options;
  }

  Workers workers_;
};

TEST_CASE("sharded broker: the contract's rooms live in both shards", "[broker][sharded]") {
  REQUIRE(broker::shard_of(RoomName("ops"), 2) != broker::shard_of(RoomName("кухня"), 2));
}

TEST_CASE("sharded broker: keeps its promises in any interleaving over stores that fail",
          "[broker][sharded][faults][seeded]") {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::uint64_t seed = Catch::rngSeed() * 1000ULL + i;
    CAPTURE(seed);
    FaultyShardedWorld world(seed);
    BrokerPlan(world, seed).play(3, 150);
  }
}

}  // namespace

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<ShardedWorld>(); }

}  // namespace chat::tests
