#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chat/broker/local_broker.hpp"
#include "chat/broker/local_presence.hpp"
#include "chat/broker/sharded_broker.hpp"
#include "chat/broker/sharded_presence.hpp"
#include "chat/history/memory_store.hpp"
#include "support/broker_probe.hpp"
#include "support/thread_executor.hpp"

namespace chat::tests {
namespace {

using base::Epoch;
using base::MemberKey;
using base::RoomName;

constexpr std::size_t kWorkers = 2;
constexpr int kMessages = 300;  // of each worker, to each room
const std::vector<RoomName> kRooms{RoomName("a"), RoomName("b"), RoomName("c"), RoomName("d")};
constexpr std::size_t kExpected = kWorkers * kMessages;

/// What a worker of a server has; everything but the executor belongs to its loop.
struct Worker final : broker::PresenceSink {
  void on_presence(const RoomName&, const wire::Presence&) override { ++presence_heard; }
  void on_typing(const RoomName&, const std::string&) override { ++typing_heard; }
  void on_renamed(const RoomName&, MemberKey, const std::string&) override {}

  void start() {
    staying.then = [this](const RoomName&, const wire::MessagePtr&) { ++heard; };
    for (const RoomName& room : kRooms) {
      presence->enter(room, MemberKey(index), "ann", *this, [](const auto&) {});
      sharded->subscribe(room, staying, [this](const auto& head) {
        if (!head) ++refused;
        if (++subscribed == kRooms.size()) ready.set_value();
      });
    }
  }
  void publish_all() {
    for (int i = 0; i < kMessages; ++i) {
      for (const RoomName& room : kRooms) {
        if (i % 10 == 0) churn(room);
        sharded->publish(a_message(room, std::to_string(index * kMessages + std::size_t(i))),
                         [this](const auto& published) {
                           if (!published) ++refused;
                           ++answered;
                         });
      }
    }
    check_done();
  }
  /// Comes and goes while messages are under way.
  void churn(const RoomName& room) {
    sharded->unsubscribe(room, passing);
    sharded->subscribe(room, passing, [](const auto&) {});
    presence->typing(room, "ann" + std::to_string(index));
  }
  void check_done() {
    if (heard == kExpected * kRooms.size() && answered == kMessages * kRooms.size()) {
      return done.set_value();
    }
    executor.after(std::chrono::milliseconds(1), [this] { check_done(); });
  }
  void leave() {
    for (const RoomName& room : kRooms) {
      sharded->unsubscribe(room, passing);
      sharded->unsubscribe(room, staying);
      presence->leave(room, MemberKey(index), *this);
    }
    left.set_value();
  }

  std::size_t index = 0;
  history::MemoryStore store{history::Retention(), [] { return Epoch("E1"); }};
  std::unique_ptr<broker::ShardedBroker> sharded;
  std::unique_ptr<broker::ShardedPresence> presence;
  RecordingSink staying;
  RecordingSink passing;
  std::size_t subscribed = 0;
  std::size_t heard = 0;
  std::size_t answered = 0;
  std::size_t refused = 0;  // counted: Catch's own assertions are for one thread
  std::size_t presence_heard = 0;
  std::size_t typing_heard = 0;
  std::promise<void> ready;
  std::promise<void> done;
  std::promise<void> left;
  ThreadExecutor executor;
  broker::LocalBroker local{executor, store, {}};
  broker::LocalPresence local_presence{executor, {}};
  broker::Shard shard{executor, local};
};

void wait_for(std::promise<void>& promise) {
  REQUIRE(promise.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready);
}

TEST_CASE("sharded: on real threads all workers hear one order", "[broker][sharded][threads]") {
  Worker workers[kWorkers];
  std::vector<broker::Shard*> shards;
  std::vector<broker::PresenceShard> presences;
  for (Worker& worker : workers) {
    shards.push_back(&worker.shard);
    presences.push_back({worker.executor, worker.local_presence});
  }
  for (std::size_t i = 0; i < kWorkers; ++i) {
    workers[i].index = i;
    workers[i].sharded =
        std::make_unique<broker::ShardedBroker>(i, shards, broker::ShardedBroker::Options());
    workers[i].presence = std::make_unique<broker::ShardedPresence>(i, presences);
  }

  for (Worker& worker : workers) worker.executor.post([&worker] { worker.start(); });
  for (Worker& worker : workers) wait_for(worker.ready);
  for (Worker& worker : workers) worker.executor.post([&worker] { worker.publish_all(); });
  for (Worker& worker : workers) wait_for(worker.done);
  for (Worker& worker : workers) worker.executor.post([&worker] { worker.leave(); });
  for (Worker& worker : workers) wait_for(worker.left);
  for (Worker& worker : workers) worker.executor.stop();

  for (const RoomName& room : kRooms) {
    const auto seqs = workers[0].staying.seqs(room);
    REQUIRE(seqs.size() == kExpected);
    CHECK(std::is_sorted(seqs.begin(), seqs.end(), std::less_equal<>()));
    CHECK(workers[1].staying.bodies(room) == workers[0].staying.bodies(room));
    for (Worker& worker : workers) {
      const auto passing = worker.passing.seqs(room);
      CHECK(std::is_sorted(passing.begin(), passing.end(), std::less_equal<>()));
    }
  }
  for (const Worker& worker : workers) {
    CHECK(worker.refused == 0);
    CHECK(worker.typing_heard > 0);
  }
}

}  // namespace
}  // namespace chat::tests
