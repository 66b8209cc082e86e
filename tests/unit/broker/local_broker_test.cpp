#include "chat/broker/local_broker.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "chat/history/memory_store.hpp"
#include "chat/room/dedup.hpp"
#include "chat/wire/limits.hpp"
#include "support/broker_probe.hpp"
#include "support/faulty_store.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::Epoch;
using base::RoomName;
using base::Seq;
using broker::LocalBroker;
using Published = Answer<broker::Published>;
using Strings = std::vector<std::string>;
using std::chrono::milliseconds;

const RoomName kOps("ops");
const RoomName kDev("dev");

constexpr FaultyStore::Plan kLate{0, 100, milliseconds(10)};

/// A LocalBroker over a store in memory that can be made late and faulty.
struct Fixture {
  explicit Fixture(LocalBroker::Options options_ = {}, history::Retention retention = {})
      : options(options_), memory(retention, [this] { return next_epoch(); }) {
    restart();
  }

  Epoch next_epoch() { return Epoch("E" + std::to_string(++epochs)); }
  /// A new broker over the same store, as after a restart of the process.
  void restart() {
    broker.reset();
    broker = std::make_unique<LocalBroker>(executor, store, options);
  }
  /// Lets a late store finish.
  void settle() { executor.advance(std::chrono::seconds(1)); }
  Published publish(broker::Publish publish) {
    Published answer;
    broker->publish(std::move(publish), answer.done());
    return answer;
  }
  Answer<broker::RoomHead> subscribe(const RoomName& room, broker::Sink& sink) {
    Answer<broker::RoomHead> answer;
    broker->subscribe(room, sink, answer.done());
    return answer;
  }
  broker::ReadAnswer read(const RoomName& room, const Epoch& epoch, history::Range range) {
    Answer<broker::ReadAnswer> answer;
    broker->read(room, epoch, range, answer.done());
    settle();
    return answer.value();
  }

  LocalBroker::Options options;
  int epochs = 0;
  ManualExecutor executor;
  history::MemoryStore memory;
  FaultyStore store{executor, memory, 1, {}};
  std::unique_ptr<LocalBroker> broker;
};

history::Range after(Seq seq) {
  history::Range range;
  range.kind = history::Range::Kind::after;
  range.seq = seq;
  return range;
}

// ---- on its way into the store

TEST_CASE("local broker: over a store that answers at once, so does it", "[broker][local]") {
  Fixture f;
  RecordingSink sink;
  CHECK(f.subscribe(kOps, sink).value().head == Seq(0));
  CHECK(f.publish(a_message(kOps, "1")).value().seq == Seq(1));
  CHECK(sink.bodies(kOps) == Strings{"1"});
}

TEST_CASE("local broker: delivers only what is stored, then answers", "[broker][local]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.store.set_plan(kLate);
  Strings events;
  sink.then = [&](const RoomName&, const wire::MessagePtr&) { events.push_back("delivered"); };

  f.broker->publish(a_message(kOps, "1"), [&](const auto& published) {
    events.push_back(published ? "answered" : "refused");
  });
  CHECK(events.empty());
  f.settle();

  CHECK(events == Strings{"delivered", "answered"});
}

TEST_CASE("local broker: does not wait for one append with the next", "[broker][local]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.store.set_plan(kLate);

  const auto first = f.publish(a_message(kOps, "1"));
  const auto second = f.publish(a_message(kOps, "2"));

  CHECK(f.store.appends == 2);
  CHECK_FALSE(first.come());
  f.settle();
  CHECK(first.value().seq < second.value().seq);
  CHECK(sink.bodies(kOps) == Strings{"1", "2"});
}

TEST_CASE("local broker: calls that wait for the room to open keep their order",
          "[broker][local]") {
  Fixture f;
  f.store.set_plan(kLate);
  RecordingSink sink;

  const auto before = f.publish(a_message(kOps, "1"));
  const auto head = f.subscribe(kOps, sink);
  const auto behind = f.publish(a_message(kOps, "2"));
  f.settle();

  CHECK(before.value().seq == Seq(1));
  CHECK(behind.value().seq == Seq(2));
  CHECK(f.store.opens == 1);
  CHECK(sink.heard(kOps).size() == 2 - head.value().head.value());
}

TEST_CASE("local broker: what could not be stored is refused and never delivered",
          "[broker][local][faults]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  const auto first = f.publish(a_message(kOps, "a", 1, "1"));

  f.store.fail_appends(1);
  CHECK(f.publish(a_message(kOps, "a", 2, "2")).code() == wire::Code::unavailable);
  const auto again = f.publish(a_message(kOps, "a", 2, "2"));

  CHECK_FALSE(again.value().repeat);
  CHECK(again.value().seq > first.value().seq);
  CHECK(again.value().epoch == first.value().epoch);
  CHECK(sink.bodies(kOps) == Strings{"1", "2"});
  CHECK(f.publish(a_message(kOps, "a", 1, "1")).value().repeat);
}

TEST_CASE("local broker: what waits behind a failed append is refused with it",
          "[broker][local][faults]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.store.set_plan(kLate);

  f.store.fail_appends(1);
  const auto failed = f.publish(a_message(kOps, "a", 1, "1"));
  const auto repeat = f.publish(a_message(kOps, "a", 1, "1"));
  const auto behind = f.publish(a_message(kOps, "b", 1, "2"));
  f.settle();

  CHECK(failed.code() == wire::Code::unavailable);
  CHECK(repeat.code() == wire::Code::unavailable);
  CHECK(behind.code() == wire::Code::unavailable);
  CHECK(sink.heard(kOps).empty());

  const auto again = f.publish(a_message(kOps, "b", 1, "2"));
  f.settle();
  CHECK_FALSE(again.value().repeat);
  CHECK(sink.bodies(kOps) == Strings{"2"});
}

TEST_CASE("local broker: what comes while a failure is under way waits for the room to reopen",
          "[broker][local][faults]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  Published after_failure;
  f.store.fail_appends(1);
  f.store.set_plan(kLate);
  f.broker->publish(a_message(kOps, "a", 1, "1"), [&](const auto& published) {
    REQUIRE_FALSE(published);
    f.broker->publish(a_message(kOps, "a", 1, "1"), after_failure.done());
  });
  f.settle();

  CHECK_FALSE(after_failure.value().repeat);
  CHECK(f.store.opens == 2);
  CHECK(sink.bodies(kOps) == Strings{"1"});
}

TEST_CASE("local broker: a room that cannot be opened refuses who waits, and is tried again",
          "[broker][local][faults]") {
  Fixture f;
  RecordingSink sink;
  f.store.set_plan(kLate);
  f.store.fail_opens(1);

  const auto head = f.subscribe(kOps, sink);
  const auto published = f.publish(a_message(kOps, "1"));
  f.settle();
  CHECK(head.code() == wire::Code::unavailable);
  CHECK(published.code() == wire::Code::unavailable);
  CHECK(f.broker->loaded_rooms() == 0);
  CHECK(f.broker->subscribed_rooms() == 0);

  const auto again = f.subscribe(kOps, sink);
  f.settle();
  CHECK(again.value().head == Seq(0));
}

// ---- after a restart

TEST_CASE("local broker: repeats are recognised after a restart", "[broker][local][dedup]") {
  LocalBroker::Options options;
  options.snapshot_every = 4;
  history::Retention retention;
  retention.room_messages = 2;  // what the snapshot does not know is gone
  Fixture f(options, retention);
  for (std::uint64_t n = 1; n <= 9; ++n) {
    REQUIRE(f.publish(a_message(kOps, "a", n, "1")).come());
  }
  REQUIRE(f.store.snapshots == 2);

  f.restart();

  for (const std::uint64_t n : {1U, 4U, 8U, 9U}) {
    CAPTURE(n);
    const auto again = f.publish(a_message(kOps, "a", n, "1"));
    CHECK(again.value().repeat);
    CHECK(again.value().seq == Seq(n));
  }
  CHECK(f.publish(a_message(kOps, "a", 10, "1")).value().seq == Seq(10));
}

TEST_CASE("local broker: a snapshot does not know of messages behind its append",
          "[broker][local][dedup]") {
  LocalBroker::Options options;
  options.snapshot_every = 2;
  Fixture f(options);
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.store.set_plan(kLate);
  std::vector<Published> answers;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    if (n == 5) f.store.fail_appends(1);
    answers.push_back(f.publish(a_message(kOps, "a", n, "1")));
  }
  f.settle();
  REQUIRE(answers[3].value().seq == Seq(4));
  REQUIRE(answers[4].code() == wire::Code::unavailable);
  f.broker->unsubscribe(kOps, sink);
  f.restart();

  const auto last = f.publish(a_message(kOps, "a", 5, "1"));
  f.settle();
  CHECK_FALSE(last.value().repeat);
  CHECK(last.value().seq == Seq(5));
}

TEST_CASE("local broker: a room's times never go back", "[broker][local][time]") {
  LocalBroker::Options options;
  options.snapshot_every = GENERATE(1U, 1000U);  // with 1, nothing is behind the snapshot
  Fixture f(options);
  f.executor.set_wall(5000);
  f.publish(a_message(kOps, "1"));

  f.executor.set_wall(4000);
  f.publish(a_message(kOps, "a", 1, "2"));
  f.restart();
  f.publish(a_message(kOps, "a", 2, "3"));
  f.executor.set_wall(6000);
  f.publish(a_message(kOps, "a", 3, "4"));

  std::vector<base::WallMs> times;
  for (const auto& message : f.read(kOps, Epoch(), {}).page.messages) times.push_back(message->at);
  CHECK(times == std::vector<base::WallMs>{5000, 5000, 5000, 6000});
}

TEST_CASE("local broker: gives out no seq beyond 2^53-1", "[broker][local]") {
  Fixture f;
  auto last_but_one = std::make_shared<wire::Message>();
  last_but_one->seq = Seq(wire::kMaxInteger - 2);
  f.memory.open(kOps, [](const auto&) {});
  f.memory.append({kOps, {last_but_one}, ""}, [](const auto&) {});

  CHECK(f.publish(a_message(kOps, "1")).value().seq == Seq(wire::kMaxInteger - 1));
  CHECK(f.publish(a_message(kOps, "2")).code() == wire::Code::unavailable);
  CHECK(f.publish(a_message(kOps, "3")).code() == wire::Code::unavailable);
}

// ---- bounds

TEST_CASE("local broker: no more rooms are subscribed than allowed", "[broker][local][bounds]") {
  LocalBroker::Options options;
  options.max_rooms = 1;
  Fixture f(options);
  RecordingSink sink;
  RecordingSink other;
  REQUIRE(f.subscribe(kOps, sink).come());

  CHECK(f.subscribe(kDev, sink).code() == wire::Code::too_many_rooms);
  CHECK(f.publish(a_message(kDev, "1")).code() == wire::Code::too_many_rooms);
  CHECK(f.subscribe(kOps, other).value().head == Seq(0));
  CHECK(f.publish(a_message(kOps, "1")).value().seq == Seq(1));

  f.broker->unsubscribe(kOps, sink);
  f.broker->unsubscribe(kOps, other);
  CHECK(f.subscribe(kDev, sink).value().head == Seq(0));
  CHECK(f.broker->subscribed_rooms() == 1);
}

TEST_CASE("local broker: past the queue of all rooms publishes are refused as busy",
          "[broker][local][bounds]") {
  LocalBroker::Options options;
  options.queue_bytes_total = 3000;
  Fixture f(options);
  f.store.set_plan(kLate);
  const std::string body(700, '1');
  const bool fails = GENERATE(false, true);
  for (int round = 0; round < 3; ++round) {  // what has left the queue does not count any more
    if (fails) f.store.fail_opens(2);
    const auto first = f.publish(a_message(RoomName("a"), body));
    const auto second = f.publish(a_message(RoomName("b"), body));
    CHECK(f.publish(a_message(RoomName("c"), body)).code() == wire::Code::busy);
    f.settle();
    CHECK(first.come());
    CHECK(second.come());
    if (!fails) CHECK(first.value().seq == second.value().seq);
  }
  // One always passes.
  CHECK(f.publish(a_message(RoomName("a"), std::string(5000, '1'))).come() == false);
  f.settle();
}

TEST_CASE("local broker: past a room's queue publishes are refused as busy",
          "[broker][local][bounds]") {
  LocalBroker::Options options;
  options.queue_limit_per_room = 3;
  options.queue_bytes_per_room = 100;
  Fixture f(options);
  RecordingSink sink;
  const bool open = GENERATE(false, true);  // waiting for the room, or in flight
  if (open) f.subscribe(kOps, sink);
  f.store.set_plan(kLate);

  SECTION("by number") {
    std::vector<Published> taken;
    for (int i = 0; i < 3; ++i) taken.push_back(f.publish(a_message(kOps, "1")));
    CHECK(f.publish(a_message(kOps, "1")).code() == wire::Code::busy);
    CHECK(f.publish(a_message(kDev, "1")).come() == false);
    f.settle();
    for (const auto& answer : taken) CHECK(answer.value().seq > Seq(0));
  }
  SECTION("by bytes") {
    for (int i = 0; i < 3; ++i) {  // what has left the queue does not count any more
      const auto first = f.publish(a_message(kOps, std::string(60, '1')));
      CHECK(f.publish(a_message(kOps, std::string(60, '1'))).code() == wire::Code::busy);
      const auto small = f.publish(a_message(kOps, std::string(40, '1')));
      f.settle();
      CHECK(first.value().seq < small.value().seq);
    }
  }
  SECTION("but one always passes") {
    const auto large = f.publish(a_message(kOps, std::string(1000, '1')));
    f.settle();
    CHECK(large.value().seq == Seq(1));
  }
  f.store.set_plan({});
  CHECK_FALSE(f.publish(a_message(kOps, std::string(100, '1'))).value().repeat);
}

TEST_CASE("local broker: rooms that nobody needs are let go, the oldest first",
          "[broker][local][bounds]") {
  LocalBroker::Options options;
  options.idle_rooms = 2;
  Fixture f(options);
  f.publish(a_message(RoomName("a"), "1"));
  f.publish(a_message(RoomName("b"), "1"));
  f.publish(a_message(RoomName("a"), "2"));
  CHECK(f.store.opens == 2);

  f.publish(a_message(RoomName("c"), "1"));  // "b" was used least recently
  CHECK(f.broker->loaded_rooms() == 2);
  CHECK(f.store.releases == 1);
  f.publish(a_message(RoomName("a"), "3"));
  CHECK(f.store.opens == 3);
  CHECK(f.publish(a_message(RoomName("b"), "2")).value().seq == Seq(2));
  CHECK(f.store.opens == 4);
}

TEST_CASE("local broker: a room is kept while it is subscribed", "[broker][local][bounds]") {
  LocalBroker::Options options;
  options.idle_rooms = 0;
  Fixture f(options);
  RecordingSink sink;
  f.subscribe(kOps, sink);
  for (int i = 0; i < 3; ++i) f.publish(a_message(kDev, "1"));
  f.publish(a_message(kOps, "1"));
  CHECK(f.broker->loaded_rooms() == 1);
  CHECK(sink.heard(kOps).size() == 1);

  f.broker->unsubscribe(kOps, sink);
  CHECK(f.broker->loaded_rooms() == 0);
}

TEST_CASE("local broker: reads of rooms that never were leave no trace", "[broker][local][read]") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f.read(RoomName("r" + std::to_string(i)), Epoch(), {});
  CHECK(f.store.opens == 0);
  CHECK(f.broker->loaded_rooms() == 0);
  CHECK(f.epochs == 0);
}

// ---- reads

TEST_CASE("local broker: a read after a cursor that retention has passed says so",
          "[broker][local][read]") {
  history::Retention retention;
  retention.room_messages = 2;
  Fixture f({}, retention);
  RecordingSink sink;
  if (GENERATE(false, true)) f.subscribe(kOps, sink);
  for (int i = 0; i < 5; ++i) f.publish(a_message(kOps, "1"));
  const Epoch epoch = f.read(kOps, Epoch(), {}).epoch;

  const auto gap = f.read(kOps, epoch, after(Seq(1)));
  CHECK(gap.continuity.kind == room::Continuity::Kind::trimmed);
  CHECK(gap.continuity.first == Seq(4));
  CHECK(gap.page.messages.size() == 2);

  const auto whole = f.read(kOps, epoch, after(Seq(3)));
  CHECK(whole.continuity.kind == room::Continuity::Kind::whole);
  CHECK(whole.page.messages.size() == 2);
}

TEST_CASE("local broker: messages past their age are dropped by expire", "[broker][local]") {
  history::Retention retention;
  retention.age_ms = 1000;
  Fixture f({}, retention);
  f.executor.set_wall(10'000);
  f.publish(a_message(kOps, "1"));
  f.executor.set_wall(12'000);
  f.publish(a_message(kOps, "2"));

  f.broker->expire();

  const auto answer = f.read(kOps, Epoch(), after(Seq(0)));
  CHECK(answer.continuity.kind == room::Continuity::Kind::trimmed);
  REQUIRE(answer.page.messages.size() == 1);
  CHECK(answer.page.messages[0]->body == "2");
}

TEST_CASE("local broker: a read that fails is answered so", "[broker][local][read][faults]") {
  Fixture f;
  f.publish(a_message(kOps, "1"));
  f.store.set_plan({100, 0, milliseconds(1)});
  Answer<broker::ReadAnswer> answer;
  f.broker->read(kOps, Epoch(), {}, answer.done());
  CHECK(answer.code() == wire::Code::unavailable);
}

// ---- messages that a log elsewhere has placed

broker::Publish placed(const RoomName& room, const std::string& body, std::uint64_t seq,
                       base::WallMs at = 500) {
  auto publish = a_message(room, body);
  publish.seq = Seq(seq);
  publish.at = at;
  return publish;
}

broker::Publish placed(const RoomName& room, const std::string& client, std::uint64_t n,
                       const std::string& body, std::uint64_t seq) {
  auto publish = a_message(room, client, n, body);
  publish.seq = Seq(seq);
  publish.at = 500;
  return publish;
}

TEST_CASE("local broker: a placed message keeps its seq and its time", "[broker][local][placed]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  CHECK(f.publish(placed(kOps, "1", 1024, 700)).value().seq == Seq(1024));
  // Clocks of two nodes: the log's order counts.
  CHECK(f.publish(placed(kOps, "2", 5000, 600)).value().seq == Seq(5000));

  CHECK(sink.seqs(kOps) == std::vector<Seq>{Seq(1024), Seq(5000)});
  CHECK(sink.heard(kOps)[0]->at == 700);
  CHECK(sink.heard(kOps)[1]->at == 600);
  const auto page = f.read(kOps, Epoch("E1"), after(Seq(1023))).page;
  CHECK(page.head == Seq(5000));
  CHECK(page.messages.size() == 2);
}

TEST_CASE("local broker: a placed message at or below the head is passed over and answered",
          "[broker][local][placed]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.publish(placed(kOps, "1", 100));
  f.publish(placed(kOps, "2", 200));
  const auto seq = GENERATE(std::uint64_t{100}, std::uint64_t{150}, std::uint64_t{200});
  const auto again = f.publish(placed(kOps, "3", seq));
  CHECK(again.value().repeat);
  CHECK(again.value().seq == Seq(seq));
  CHECK(sink.bodies(kOps) == Strings{"1", "2"});
}

TEST_CASE("local broker: one that is still being stored answers its repeat when it is stored",
          "[broker][local][placed]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.store.set_plan(kLate);
  const auto first = f.publish(placed(kOps, "1", 100));
  const auto again = f.publish(placed(kOps, "1", 100));
  CHECK_FALSE(again.come());
  f.settle();
  CHECK_FALSE(first.value().repeat);
  CHECK(again.value().repeat);
  CHECK(sink.bodies(kOps) == Strings{"1"});
}

TEST_CASE("local broker: repeats among placed messages are judged",
          "[broker][local][placed][dedup]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.publish(placed(kOps, "ann", 1000, "1", 100));
  const auto again = f.publish(placed(kOps, "ann", 1000, "1", 200));
  CHECK(again.value().repeat);
  CHECK(again.value().seq == Seq(100));
  for (std::uint64_t n = 1; n <= room::kDedupWindow; ++n) {
    f.publish(placed(kOps, "ann", 1000 + n, "2", 200 + n));
  }
  CHECK(f.publish(placed(kOps, "ann", 999, "3", 5000)).code() == wire::Code::stale_n);
  CHECK(sink.heard(kOps).size() == 1 + room::kDedupWindow);
}

TEST_CASE("local broker: placed messages are never refused because there are too many",
          "[broker][local][placed][bounds]") {
  LocalBroker::Options options;
  options.queue_limit_per_room = 1;
  options.queue_bytes_per_room = 1;
  options.queue_bytes_total = 1;
  options.max_rooms = 1;
  Fixture f(options);
  f.store.set_plan(kLate);
  std::vector<Published> answers;
  for (std::uint64_t seq = 1; seq <= 10; ++seq) {
    answers.push_back(f.publish(placed(seq % 2 == 0 ? kOps : kDev, "12345", seq)));
  }
  CHECK(f.publish(a_message(kOps, "1")).code() == wire::Code::busy);
  f.settle();
  for (const auto& answer : answers) CHECK_FALSE(answer.value().repeat);
}

// ---- what is recognised without a publish

TEST_CASE("local broker: recognises what has been delivered, in rooms that are loaded",
          "[broker][local][recognise]") {
  using Verdict = room::Dedup::Verdict;
  Fixture f;
  const base::ClientId ann("ann");
  CHECK(f.broker->recognise(kOps, ann, 7).verdict == Verdict::fresh);
  CHECK(f.broker->loaded_rooms() == 0);

  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.publish(a_message(kOps, "ann", 1000, "1"));
  CHECK(f.broker->recognise(kOps, ann, 1000).verdict == Verdict::repeat);
  CHECK(f.broker->recognise(kOps, ann, 1000).seq == Seq(1));
  CHECK(f.broker->recognise(kOps, ann, 1001).verdict == Verdict::fresh);
  CHECK(f.broker->recognise(kDev, ann, 1000).verdict == Verdict::fresh);

  f.store.set_plan(kLate);
  f.publish(a_message(kOps, "ann", 1001, "2"));
  CHECK(f.broker->recognise(kOps, ann, 1001).verdict == Verdict::fresh);
  f.settle();
  CHECK(f.broker->recognise(kOps, ann, 1001).verdict == Verdict::repeat);
  for (std::uint64_t n = 1; n <= room::kDedupWindow; ++n) {
    f.publish(a_message(kOps, "ann", 2000 + n, "3"));
    f.settle();
  }
  CHECK(f.broker->recognise(kOps, ann, 1000).verdict == Verdict::stale);
}

// ---- logs that are replaced

/// The store forgets a room, and the broker begins it anew.
void replace(Fixture& f, const RoomName& which) {
  const auto is_it = [which](const RoomName& room) { return room == which; };
  f.memory.forget_rooms(is_it);
  f.broker->begin_anew(is_it);
  f.broker->announce(is_it);
}

TEST_CASE("local broker: restart tells who hears a room, once, of its new log",
          "[broker][local][restart]") {
  Fixture f;
  RecordingSink ann;
  RecordingSink bob;
  f.subscribe(kOps, ann);
  f.subscribe(kOps, bob);
  f.subscribe(kDev, bob);
  f.publish(a_message(kOps, "1"));

  replace(f, kOps);

  for (RecordingSink* const sink : {&ann, &bob}) {
    REQUIRE(sink->restarts(kOps).size() == 1);
    CHECK(sink->restarts(kOps).front().epoch == Epoch("E3"));
    CHECK(sink->restarts(kOps).front().head == Seq(0));
    CHECK(sink->restarts(kDev).empty());
  }
  CHECK(f.publish(placed(kOps, "2", 50)).value().epoch == Epoch("E3"));
  CHECK(ann.bodies(kOps) == Strings{"1", "2"});
  CHECK(f.publish(a_message(kDev, "3")).value().epoch == Epoch("E2"));
}

TEST_CASE(
    "local broker: what is read again for a room that began anew is kept, and told as one restart",
    "[broker][local][restart]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.publish(placed(kOps, "1", 10));
  const auto is_ops = [](const RoomName& room) { return room == kOps; };
  f.memory.forget_rooms(is_ops);
  f.broker->begin_anew(is_ops);

  for (const std::uint64_t seq : {std::uint64_t{10}, std::uint64_t{20}}) {
    auto again = placed(kOps, std::to_string(seq), seq);
    again.quiet = true;
    CHECK(f.publish(std::move(again)).value().seq == Seq(seq));
  }
  CHECK(sink.restarts(kOps).empty());
  f.broker->announce(is_ops);

  CHECK(sink.bodies(kOps) == Strings{"1"});
  REQUIRE(sink.restarts(kOps).size() == 1);
  CHECK(sink.restarts(kOps).front().head == Seq(20));
  f.publish(placed(kOps, "3", 30));
  CHECK(sink.bodies(kOps) == Strings{"1", "3"});
}

TEST_CASE("local broker: a room that nobody hears begins anew when it is needed",
          "[broker][local][restart]") {
  Fixture f;
  f.publish(a_message(kOps, "ann", 1, "1"));
  CHECK(f.broker->loaded_rooms() == 1);
  replace(f, kOps);
  CHECK(f.broker->loaded_rooms() == 0);
  CHECK(f.epochs == 1);
  const auto again = f.publish(a_message(kOps, "ann", 1, "1"));
  CHECK_FALSE(again.value().repeat);
  CHECK(again.value().epoch == Epoch("E2"));
}

TEST_CASE("local broker: whoever is told of a restart may leave, and send others away",
          "[broker][local][restart]") {
  struct Leaving final : broker::Sink {
    void on_message(const RoomName&, const wire::MessagePtr&) override { ++heard; }
    void on_restart(const RoomName& room, const broker::RoomHead&) override {
      ++told;
      for (broker::Sink* const sink : leaves) broker->unsubscribe(room, *sink);
    }
    LocalBroker* broker = nullptr;
    std::vector<broker::Sink*> leaves;
    int told = 0;
    int heard = 0;
  };
  Fixture f;
  Leaving first;
  Leaving second;
  Leaving third;
  for (Leaving* const sink : {&first, &second, &third}) {
    sink->broker = f.broker.get();
    f.subscribe(kOps, *sink);
  }
  first.leaves = {&first, &second};

  replace(f, kOps);
  f.publish(a_message(kOps, "1"));

  CHECK(first.told == 1);
  CHECK(second.told == 0);
  CHECK(third.told == 1);
  CHECK(first.heard == 0);
  CHECK(second.heard == 0);
  CHECK(third.heard == 1);
}

TEST_CASE("local broker: the last to leave on a restart takes the room along",
          "[broker][local][restart]") {
  struct Leaving final : broker::Sink {
    void on_message(const RoomName&, const wire::MessagePtr&) override {}
    void on_restart(const RoomName& room, const broker::RoomHead&) override {
      broker->unsubscribe(room, *this);
    }
    LocalBroker* broker = nullptr;
  };
  LocalBroker::Options options;
  options.idle_rooms = 0;
  Fixture f(options);
  Leaving sink;
  sink.broker = f.broker.get();
  f.subscribe(kOps, sink);
  replace(f, kOps);
  CHECK(f.broker->subscribed_rooms() == 0);
  CHECK(f.broker->loaded_rooms() == 0);
}

TEST_CASE("local broker: what is published while a restart is told comes behind it",
          "[broker][local][restart][reentrant]") {
  struct Speaking final : broker::Sink {
    void on_message(const RoomName&, const wire::MessagePtr& message) override {
      events.push_back(message->body);
    }
    void on_restart(const RoomName& room, const broker::RoomHead&) override {
      events.emplace_back("restart");
      broker->publish(a_message(room, "from " + name), [](const auto&) {});
    }
    LocalBroker* broker = nullptr;
    std::string name;
    Strings events;
  };
  Fixture f;
  Speaking ann;
  Speaking bob;
  for (Speaking* const sink : {&ann, &bob}) {
    sink->broker = f.broker.get();
    f.subscribe(kOps, *sink);
  }
  ann.name = "ann";
  bob.name = "bob";
  replace(f, kOps);
  CHECK(ann.events == Strings{"restart", "from ann", "from bob"});
  CHECK(bob.events == ann.events);
}

TEST_CASE("local broker: a store that is late with the new log delays what is told",
          "[broker][local][restart]") {
  Fixture f;
  RecordingSink sink;
  f.subscribe(kOps, sink);
  f.publish(a_message(kOps, "1"));
  f.store.set_plan(kLate);
  replace(f, kOps);
  const auto behind = f.publish(a_message(kOps, "2"));
  f.settle();
  REQUIRE(sink.restarts(kOps).size() == 1);
  CHECK(sink.restarts(kOps).front().epoch == Epoch("E2"));
  CHECK(behind.value().epoch == Epoch("E2"));
}

TEST_CASE("local broker: a room born above a floor reads as trimmed below it",
          "[broker][local][birth]") {
  ManualExecutor executor;
  history::MemoryStore store(history::Retention(), [](const RoomName&) {
    return history::Birth{Epoch("LOG"), Seq(1000)};
  });
  LocalBroker broker(executor, store, {});
  RecordingSink sink;
  Answer<broker::RoomHead> head;
  broker.subscribe(kOps, sink, head.done());
  CHECK(head.value().head == Seq(1000));
  CHECK(head.value().epoch == Epoch("LOG"));
  broker.publish(placed(kOps, "1", 1500), [](const auto&) {});

  const auto read = [&broker](std::uint64_t seq) {
    Answer<broker::ReadAnswer> answer;
    broker.read(kOps, Epoch("LOG"), after(Seq(seq)), answer.done());
    return answer.value();
  };
  using Kind = room::Continuity::Kind;
  CHECK(read(1000).continuity.kind == Kind::whole);
  CHECK(read(1000).page.messages.size() == 1);
  CHECK(read(999).continuity.kind == Kind::trimmed);
  CHECK(read(999).continuity.first == Seq(1001));
  CHECK(read(1501).continuity.kind == Kind::other_epoch);
}

}  // namespace
}  // namespace chat::tests
