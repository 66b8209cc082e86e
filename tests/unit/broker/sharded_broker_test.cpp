#include "chat/broker/sharded_broker.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "chat/broker/local_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "support/broker_probe.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::Epoch;
using base::RoomName;
using base::Seq;
using Strings = std::vector<std::string>;

/// A room that lives in `shard` of two.
RoomName room_of(std::size_t shard) {
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    const RoomName room(std::string(1, letter));
    if (broker::shard_of(room, 2) == shard) return room;
  }
  FAIL("no room for shard " << shard);
  return RoomName();
}

/// Two workers whose loops are run by hand.
struct TwoWorkers {
  struct Worker {
    ManualExecutor executor;
    int epochs = 0;
    history::MemoryStore store{history::Retention(),
                               [this] { return Epoch("E" + std::to_string(++epochs)); }};
    broker::LocalBroker local{executor, store, {}};
    broker::Shard shard{executor, local};
    std::unique_ptr<broker::ShardedBroker> broker;
  };

  explicit TwoWorkers(broker::ShardedBroker::Options options = {}) {
    const std::vector<broker::Shard*> shards{&workers[0].shard, &workers[1].shard};
    for (std::size_t i = 0; i < 2; ++i) {
      workers[i].broker = std::make_unique<broker::ShardedBroker>(i, shards, options);
    }
  }
  void run(std::size_t worker) { workers[worker].executor.run_until_idle(); }
  void run() {
    for (int i = 0; i < 4; ++i) {
      run(0);
      run(1);
    }
  }
  broker::Broker& broker(std::size_t worker) { return *workers[worker].broker; }

  Worker workers[2];
};

const RoomName kRoom0 = room_of(0);
const RoomName kRoom1 = room_of(1);

TEST_CASE("sharded broker: both workers hear what either publishes", "[broker][sharded]") {
  TwoWorkers two;
  const RoomName room = GENERATE(kRoom0, kRoom1);
  RecordingSink sinks[2];
  for (std::size_t i = 0; i < 2; ++i) two.broker(i).subscribe(room, sinks[i], [](const auto&) {});
  two.run();
  Answer<broker::Published> answers[2];
  for (std::size_t i = 0; i < 2; ++i) {
    two.broker(i).publish(a_message(room, std::to_string(i)), answers[i].done());
  }
  two.run();

  CHECK(sinks[0].seqs(room) == std::vector<Seq>{Seq(1), Seq(2)});
  CHECK(sinks[0].bodies(room) == sinks[1].bodies(room));
  for (const auto& answer : answers) CHECK_FALSE(answer.value().repeat);
}

TEST_CASE("sharded broker: the own shard is reached without a hop", "[broker][sharded]") {
  TwoWorkers two;
  Answer<broker::Published> answer;
  two.broker(0).publish(a_message(kRoom0, "1"), answer.done());
  CHECK(answer.value().seq == Seq(1));
}

TEST_CASE("sharded broker: a repeat is recognised whichever worker it comes through",
          "[broker][sharded][dedup]") {
  TwoWorkers two;
  Answer<broker::Published> first;
  Answer<broker::Published> again;
  two.broker(0).publish(a_message(kRoom1, "a", 1, "1"), first.done());
  two.run();
  two.broker(1).publish(a_message(kRoom1, "a", 1, "1"), again.done());
  two.run();
  CHECK(again.value().repeat);
  CHECK(again.value().seq == first.value().seq);
}

TEST_CASE("sharded broker: nothing comes after unsubscribe, though it was under way",
          "[broker][sharded]") {
  TwoWorkers two;
  RecordingSink sink;
  two.broker(0).subscribe(kRoom1, sink, [](const auto&) {});
  two.run();
  two.broker(1).publish(a_message(kRoom1, "1"), [](const auto&) {});
  two.run(1);  // delivered to worker 0, which has not taken it yet

  SECTION("it is dropped") {
    two.broker(0).unsubscribe(kRoom1, sink);
    two.run();
    CHECK(sink.heard(kRoom1).empty());
  }
  SECTION("it does not belong to the next subscription either") {
    two.broker(0).unsubscribe(kRoom1, sink);
    Answer<broker::RoomHead> head;
    two.broker(0).subscribe(kRoom1, sink, head.done());
    two.broker(1).publish(a_message(kRoom1, "2"), [](const auto&) {});
    two.run();
    CHECK(head.value().head == Seq(2));
    CHECK(sink.heard(kRoom1).empty());
  }
  SECTION("without unsubscribe it comes") {
    two.run();
    CHECK(sink.bodies(kRoom1) == Strings{"1"});
  }
}

TEST_CASE("sharded broker: what a turn delivers goes over in one piece", "[broker][sharded]") {
  TwoWorkers two;
  RecordingSink sink;
  two.broker(0).subscribe(kRoom1, sink, [](const auto&) {});
  two.run();
  for (int i = 0; i < 10; ++i) two.broker(1).publish(a_message(kRoom1, "1"), [](const auto&) {});
  two.run(1);

  std::size_t heard_in_first_task = 0;
  sink.then = [&](const RoomName&, const wire::MessagePtr&) {
    if (sink.heard(kRoom1).size() == 1) {
      two.workers[0].executor.post([&] { heard_in_first_task = sink.heard(kRoom1).size(); });
    }
  };
  two.run(0);

  CHECK(heard_in_first_task == 10);
}

TEST_CASE("sharded broker: a restart is told on the worker's loop, behind what came before",
          "[broker][sharded][restart]") {
  TwoWorkers two;
  const RoomName room = GENERATE(kRoom0, kRoom1);
  const std::size_t home = room == kRoom1 ? 1 : 0;
  RecordingSink sinks[2];
  for (std::size_t i = 0; i < 2; ++i) two.broker(i).subscribe(room, sinks[i], [](const auto&) {});
  two.run();
  Answer<broker::Published> published;
  two.broker(home).publish(a_message(room, "1"), published.done());
  const auto replace = [&] {
    const auto is_it = [&room](const RoomName& name) { return name == room; };
    two.workers[home].store.forget_rooms(is_it);
    two.workers[home].local.begin_anew(is_it);
    two.workers[home].local.announce(is_it);
  };

  SECTION("to all who hear it") {
    std::vector<std::string> events;
    sinks[1 - home].then = [&](const RoomName&, const wire::MessagePtr&) {
      CHECK(sinks[1 - home].restarts(room).empty());
      events.push_back("heard");
    };
    replace();
    CHECK(sinks[1 - home].restarts(room).empty());
    two.run();
    CHECK(events.size() == 1);
    for (auto& sink : sinks) {
      REQUIRE(sink.restarts(room).size() == 1);
      CHECK(sink.restarts(room).front().head == Seq(0));
      CHECK(sink.restarts(room).front().epoch != published.value().epoch);
    }
  }
  SECTION("not to who has left, though it was under way") {
    replace();
    two.run(home);
    two.broker(1 - home).unsubscribe(room, sinks[1 - home]);
    two.run();
    CHECK(sinks[1 - home].restarts(room).empty());
  }
}

TEST_CASE("sharded broker: a subscription refused by its shard is gone", "[broker][sharded]") {
  TwoWorkers two;
  broker::LocalBroker::Options none;
  none.max_rooms = 0;
  broker::LocalBroker full(two.workers[1].executor, two.workers[1].store, none);
  broker::Shard shard(two.workers[1].executor, full);
  broker::ShardedBroker view(0, {&two.workers[0].shard, &shard}, {});
  RecordingSink sink;
  for (int i = 0; i < 2; ++i) {
    Answer<broker::RoomHead> head;
    view.subscribe(kRoom1, sink, head.done());
    two.run();
    CHECK(head.code() == wire::Code::too_many_rooms);
  }
  view.unsubscribe(kRoom1, sink);
  two.run();
  CHECK(full.loaded_rooms() == 0);
}

TEST_CASE("sharded broker: a worker that does not keep up is waited for",
          "[broker][sharded][bounds]") {
  broker::ShardedBroker::Options options;
  options.backlog_bytes = 10'000;
  TwoWorkers two(options);
  RecordingSink slow;
  two.broker(0).subscribe(kRoom1, slow, [](const auto&) {});
  two.run();

  const auto publish_some = [&two] {
    std::size_t taken = 0;
    for (int i = 0; i < 1000; ++i) {
      Answer<broker::Published> answer;
      two.broker(1).publish(a_message(kRoom1, std::string(1000, '1')), answer.done());
      two.run(1);
      if (answer.get()) {
        ++taken;
      } else {
        REQUIRE(answer.code() == wire::Code::busy);
      }
    }
    return taken;
  };
  const std::size_t taken = publish_some();
  CHECK(taken >= 8);
  CHECK(taken <= 10);

  Answer<broker::Published> refused;
  two.broker(0).publish(a_message(kRoom1, "1"), refused.done());
  CHECK(refused.code() == wire::Code::busy);
  Answer<broker::Published> elsewhere;
  two.broker(0).publish(a_message(kRoom0, "1"), elsewhere.done());
  CHECK(elsewhere.value().seq == Seq(1));

  two.run(0);
  CHECK(slow.heard(kRoom1).size() == taken);
  CHECK(publish_some() == taken);
  two.broker(0).unsubscribe(kRoom1, slow);
  two.run();
  CHECK(publish_some() == 1000);
}

TEST_CASE("sharded broker: a store that all shards share is asked for its list once",
          "[broker][sharded]") {
  broker::ShardedBroker::Options options;
  options.shared_store = true;
  TwoWorkers two(options);
  for (auto& worker : two.workers) {  // as two stores over one database would list it
    for (const auto& room : {kRoom0, kRoom1}) {
      worker.local.publish(a_message(room, "1"), [](const auto&) {});
    }
  }
  Answer<std::vector<history::Store::Listed>> answer;
  two.broker(0).rooms(answer.done());
  two.run();

  REQUIRE(answer.value().size() == 2);
  CHECK(answer.value()[0].room == std::min(kRoom0, kRoom1));
  CHECK(answer.value()[1].room == std::max(kRoom0, kRoom1));
}

}  // namespace
}  // namespace chat::tests
