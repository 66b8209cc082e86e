// A node whose index of the log is on disk: the contract, and what is left after its end.

#include <map>
#include <random>

#include "broker_contract.hpp"
#include "chat/base/log.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/history/sqlite_database.hpp"
#include "chat/history/sqlite_store.hpp"
#include "chat/rabbitmq/log_states.hpp"
#include "chat/rabbitmq/stream_broker.hpp"
#include "chat/rabbitmq/stream_log.hpp"
#include "support/fake_amqp.hpp"
#include "support/faulty_store.hpp"
#include "support/full_disk.hpp"
#include "support/manual_executor.hpp"
#include "support/temp_dir.hpp"

namespace chat::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kVhost = "/";

/// One run of `chat serve --data`, with one worker. Destroying it is its end by a kill: nothing is
/// written that was not asked for before.
class DiskNode {
 public:
  DiskNode(FakeAmqp& amqp, const std::string& directory, const std::string& name)
      : database_(open(directory, name)),
        log_(executor_, amqp.connector(), options(*database_, name)) {
    log_.set_lane_of([](const RoomName&) { return std::size_t{0}; });
    log_.start();
  }

  ManualExecutor& executor() { return executor_; }
  broker::Broker& broker() { return stream_; }
  rabbitmq::StreamLog& log() { return log_; }
  FaultyStore& store() { return store_; }

 private:
  static std::unique_ptr<history::SqliteDatabase> open(const std::string& directory,
                                                       const std::string& name) {
    history::SqliteDatabase::Options options;
    options.directory = directory;
    auto opened =
        history::SqliteDatabase::open(options, [name] { return base::Epoch("unused-" + name); });
    REQUIRE(opened);
    return std::move(*opened);
  }
  static rabbitmq::StreamLog::Options options(history::SqliteDatabase& database,
                                              const std::string& name) {
    rabbitmq::StreamLog::Options options;
    rabbitmq::Endpoint endpoint;
    endpoint.host = "rabbit";
    endpoint.vhost = kVhost;
    endpoint.user = "guest";
    endpoint.password = "guest";
    endpoint.name = name;
    options.endpoints = {endpoint};
    options.node = name;
    options.random_seed = 1;
    options.partitions = 2;
    options.make_epoch = [name, count = 0]() mutable {
      return base::Epoch("E-" + name + "-" + std::to_string(++count));
    };
    for (const auto& [key, mark] : database.marks()) options.marks[std::stoul(key)] = mark;
    options.save = [&database](const rabbitmq::StreamLog::Marks& marks) {
      history::MarkJob job;
      for (const auto& [partition, mark] : marks) job.marks[std::to_string(partition)] = mark;
      database.submit({nullptr, std::move(job)});
    };
    return options;
  }
  static broker::LocalBroker::Options small() {
    broker::LocalBroker::Options options;
    options.snapshot_every = 4;
    return options;
  }

  ManualExecutor executor_;
  rabbitmq::LogStates states_;
  std::unique_ptr<history::SqliteDatabase> database_;
  history::SqliteStore disk_{executor_, *database_, history::Retention(),
                             [this](const RoomName& room) { return states_.birth(room); }};
  FaultyStore store_{executor_, disk_, 1, FaultyStore::Plan()};
  broker::LocalBroker rooms_{executor_, store_, small()};
  rabbitmq::StreamLog log_;
  rabbitmq::StreamBroker stream_{executor_, log_, rooms_, store_, states_};
};

/// A node and RabbitMQ. The node can be ended and started again, over its directory or another.
class DiskWorld final : public BrokerWorld {
 public:
  DiskWorld() {
    base::Log::configure(base::LogFormat::text, base::LogLevel::off);
    start();
  }

  void kill() { node_.reset(); }
  /// As another node of the log, as every start is.
  void start() { start_in(directory_.path()); }
  void start_in(const std::string& directory) {
    node_ = std::make_unique<DiskNode>(amqp, directory, "run" + std::to_string(++runs_));
    run_until(*this, [this] { return node_->log().ready(); });
    run();
  }

  broker::Broker& broker() override { return node_->broker(); }
  void run() override {
    // What the store's thread answers comes first.
    node_->executor().run_until([] { return false; }, milliseconds(1));
    pass(milliseconds(10));
  }
  void pass(base::Duration time) {
    for (; time > base::Duration::zero(); time -= milliseconds(1)) {
      server_.advance(milliseconds(1));
      node_->executor().advance(milliseconds(1));
    }
  }
  /// The node notes where it is, as it does every second.
  void save() {
    node_->log().save();
    // Behind the note: what is answered was written.
    Caller(*this).rooms();
  }
  FaultyStore& store() { return node_->store(); }
  rabbitmq::StreamLog::Status status() { return node_->log().status(); }

 private:
  ManualExecutor server_;

 public:
  FakeAmqp amqp{server_, 1};

 private:
  TempDir directory_;
  int runs_ = 0;
  std::unique_ptr<DiskNode> node_;
};

const RoomName kOps("ops");

std::vector<broker::Published> publish(DiskWorld& world, std::uint64_t from, std::uint64_t to) {
  Caller caller(world);
  std::vector<broker::Published> published;
  for (std::uint64_t n = from; n <= to; ++n) {
    published.push_back(caller.publish(a_message(kOps, "client", n, std::to_string(n))).value());
  }
  return published;
}
Strings numbers(std::uint64_t from, std::uint64_t to) {
  Strings numbers;
  for (std::uint64_t n = from; n <= to; ++n) numbers.push_back(std::to_string(n));
  return numbers;
}
Strings history_of(DiskWorld& world) {
  return bodies_of(Caller(world).read(kOps, Epoch(), after(Seq(0), 1000)).page);
}

TEST_CASE("stream over sqlite: a node that starts again reads on from where it was",
          "[broker][stream][sqlite][restart]") {
  DiskWorld world;
  const auto sent = publish(world, 1, 40);
  const auto former = world.status().records_read;
  REQUIRE(former >= 40);
  world.save();
  world.kill();

  world.start();

  // Of the one partition its last record again, of both the new run's hello.
  CHECK(world.status().records_read <= 4);
  CHECK(history_of(world) == numbers(1, 40));
  Caller caller(world);
  RecordingSink sink;
  const auto head = caller.subscribe(kOps, sink);
  CHECK(head.head == sent.back().seq);
  CHECK(head.epoch == sent.back().epoch);
  for (const std::uint64_t n : {1U, 20U, 40U}) {
    const auto again = caller.publish(a_message(kOps, "client", n, "again")).value();
    CHECK(again.repeat);
    CHECK(again.seq == sent[n - 1].seq);
  }
  const auto next = publish(world, 41, 41).front();
  CHECK(next.seq > sent.back().seq);
  CHECK(next.epoch == sent.back().epoch);
  CHECK(sink.bodies(kOps) == numbers(41, 41));
}

TEST_CASE("stream over sqlite: what is on disk behind the note is not kept twice",
          "[broker][stream][sqlite][restart]") {
  DiskWorld world;
  publish(world, 1, 5);
  world.save();
  const auto sent = publish(world, 6, 9);  // in less than the second from note to note
  world.kill();

  world.start();

  CHECK(world.status().records_read >= 4);
  CHECK(history_of(world) == numbers(1, 9));
  const auto again = Caller(world).publish(a_message(kOps, "client", 7, "again")).value();
  CHECK(again.repeat);
  CHECK(again.seq == sent[1].seq);
}

TEST_CASE("stream over sqlite: what others wrote meanwhile is read at the start",
          "[broker][stream][sqlite][restart]") {
  DiskWorld world;
  publish(world, 1, 10);
  world.save();
  world.kill();
  TempDir elsewhere;
  world.start_in(elsewhere.path());
  CHECK(history_of(world) == numbers(1, 10));  // made from the log alone
  publish(world, 11, 30);
  world.kill();

  world.start();

  CHECK(world.status().records_read < 30);
  CHECK(history_of(world) == numbers(1, 30));
}

TEST_CASE("stream over sqlite: over another vhost the rooms begin anew",
          "[broker][stream][sqlite][restart]") {
  DiskWorld world;
  const auto former = publish(world, 1, 10).back().epoch;
  world.save();
  world.kill();
  world.amqp.delete_vhost(kVhost);
  world.amqp.create_vhost(kVhost);

  world.start();

  Caller caller(world);
  CHECK(caller.rooms().empty());
  CHECK(history_of(world).empty());
  const auto next = caller.publish(a_message(kOps, "client", 1, "\"new\"")).value();
  CHECK_FALSE(next.repeat);
  CHECK(next.epoch != former);
  CHECK(history_of(world) == Strings{"\"new\""});
  CHECK(caller.read(kOps, former, after(Seq(1))).continuity.kind == Continuity::Kind::other_epoch);
  // And so they stay.
  world.save();
  world.kill();
  world.start();
  CHECK(history_of(world) == Strings{"\"new\""});
}

TEST_CASE("stream over sqlite: while the disk is full messages wait, and none is lost",
          "[broker][stream][sqlite][faults]") {
  DiskWorld world;
  Caller caller(world);
  RecordingSink sink;
  caller.subscribe(kOps, sink);
  publish(world, 1, 3);
  std::vector<Answer<broker::Published>> answers(20);
  {
    const FullDisk full;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto n = 4 + i;
      world.broker().publish(a_message(kOps, "client", n, std::to_string(n)), answers[i].done());
    }
    for (int i = 0; i < 300; ++i) world.run();
    for (const auto& answer : answers) CHECK_FALSE(answer.come());
    CHECK(sink.bodies(kOps) == numbers(1, 3));
  }
  run_until(world, [&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.come(); });
  });
  for (const auto& answer : answers) CHECK_FALSE(answer.value().repeat);
  CHECK(sink.bodies(kOps) == numbers(1, 23));
  CHECK(history_of(world) == numbers(1, 23));
  world.save();
  world.kill();
  world.start();
  CHECK(history_of(world) == numbers(1, 23));
}

TEST_CASE("stream over sqlite: whatever the store refuses, all is kept once and in order",
          "[broker][stream][sqlite][faults][seeded]") {
  std::mt19937_64 random(Catch::rngSeed());
  DiskWorld world;
  Caller caller(world);
  std::map<RoomName, RecordingSink> sinks;
  for (const char* name : {"ops", "dev", "кухня"}) {
    caller.subscribe(RoomName(name), sinks[RoomName(name)]);
  }
  FaultyStore::Plan plan;
  plan.fails_percent = 10;
  plan.late_percent = 30;
  world.store().set_plan(plan);
  std::map<RoomName, Strings> sent;
  std::vector<Answer<broker::Published>> answers(300);
  for (auto& answer : answers) {
    const auto& room = std::next(sinks.begin(), static_cast<std::ptrdiff_t>(random() % 3))->first;
    const auto n = sent[room].size();
    sent[room].push_back(std::to_string(n));
    world.broker().publish(a_message(room, "client", n, sent[room].back()), answer.done());
    if (random() % 4 == 0) world.run();
  }
  run_until(world, [&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.come(); });
  });
  for (const auto& answer : answers) CHECK(answer.get());
  world.store().set_plan(FaultyStore::Plan());
  for (auto& [room, sink] : sinks) {
    CHECK(sink.bodies(room) == sent[room]);
    CHECK(sink.restarts(room).empty());
    CHECK(bodies_of(caller.read(room, Epoch(), after(Seq(0), 1000)).page) == sent[room]);
  }
}

}  // namespace

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<DiskWorld>(); }

}  // namespace chat::tests
