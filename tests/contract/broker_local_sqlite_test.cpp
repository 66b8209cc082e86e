#include "broker_contract.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/history/sqlite_database.hpp"
#include "chat/history/sqlite_store.hpp"
#include "support/manual_executor.hpp"
#include "support/temp_dir.hpp"

namespace chat::tests {
namespace {

class SqliteWorld final : public BrokerWorld {
 public:
  SqliteWorld() { open(); }

  broker::Broker& broker() override { return *broker_; }
  void run() override { executor_.run_until_idle(); }

  /// Ends the process, as it were, and starts it over the same directory.
  void restart() {
    broker_.reset();
    store_.reset();
    database_.reset();
    open();
  }

 private:
  void open() {
    history::SqliteDatabase::Options options;
    options.directory = directory_.path();
    auto database = history::SqliteDatabase::open(options, [] { return base::Epoch("E1"); });
    REQUIRE(database);
    database_ = std::move(*database);
    store_ = std::make_unique<history::SqliteStore>(executor_, *database_, history::Retention());
    broker::LocalBroker::Options small;
    small.snapshot_every = 4;
    broker_ = std::make_unique<broker::LocalBroker>(executor_, *store_, small);
  }

  TempDir directory_;
  ManualExecutor executor_;
  std::unique_ptr<history::SqliteDatabase> database_;
  std::unique_ptr<history::SqliteStore> store_;
  std::unique_ptr<broker::LocalBroker> broker_;
};

TEST_CASE("local broker over sqlite: order, history and dedup survive a restart",
          "[broker][sqlite][dedup]") {
  SqliteWorld world;
  Caller caller(world);
  const RoomName room("ops");
  std::vector<broker::Published> sent;
  for (std::uint64_t n = 1; n <= 10; ++n) {
    sent.push_back(caller.publish(a_message(room, "a", n, std::to_string(n))).value());
  }

  world.restart();

  RecordingSink sink;
  CHECK(caller.subscribe(room, sink).head == sent.back().seq);
  for (std::uint64_t n = 1; n <= 10; ++n) {
    const auto again = caller.publish(a_message(room, "a", n, "again")).value();
    CHECK(again.repeat);
    CHECK(again.seq == sent[n - 1].seq);
    CHECK(again.epoch == sent[n - 1].epoch);
  }
  CHECK(caller.publish(a_message(room, "a", 11, "11")).value().seq > sent.back().seq);
  const auto page = caller.read(room, sent[0].epoch, after(sent[7].seq));
  CHECK(bodies_of(page.page) == Strings{"9", "10", "11"});
  CHECK(sink.bodies(room) == Strings{"11"});
}

}  // namespace

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<SqliteWorld>(); }

}  // namespace chat::tests
