#include "broker_contract.hpp"
#include "broker_plan.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "support/faulty_store.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::RoomName;

class LocalWorld final : public BrokerWorld {
 public:
  broker::Broker& broker() override { return broker_; }
  void run() override { executor_.run_until_idle(); }

 private:
  ManualExecutor executor_;
  history::MemoryStore store_{history::Retention(), [] { return base::Epoch("E1"); }};
  broker::LocalBroker broker_{executor_, store_, {}};
};

/// One LocalBroker over a store that answers late and fails.
class FaultyLocalWorld final : public PlanWorld {
 public:
  FaultyLocalWorld(std::uint64_t seed, broker::LocalBroker::Options options)
      : options_(options), store_(executor_, memory_, seed, plan_of(seed)) {
    restart();
  }

  std::vector<broker::Broker*> views() override { return {broker_.get()}; }
  void go_on(std::mt19937_64& random) override {
    executor_.advance(std::chrono::milliseconds(random() % 8));
  }
  void finish() override { executor_.advance(std::chrono::seconds(10)); }
  void restart() override {
    broker_.reset();
    broker_ = std::make_unique<broker::LocalBroker>(executor_, store_, options_);
  }
  std::vector<wire::MessagePtr> log(const RoomName& room) override {
    history::Range all;
    all.limit = 100'000;
    all.max_bytes = 1U << 30;
    std::vector<wire::MessagePtr> messages;
    memory_.read(room, all, [&messages](const auto& page) { messages = page.value().messages; });
    return messages;
  }

 private:
  static FaultyStore::Plan plan_of(std::uint64_t seed) {
    const unsigned late[] = {0, 30, 100};
    const unsigned fails[] = {0, 5, 30};
    return {fails[seed % 3], late[seed / 3 % 3], std::chrono::milliseconds(20)};
  }

  broker::LocalBroker::Options options_;
  int epochs_ = 0;
  ManualExecutor executor_;
  history::MemoryStore memory_{history::Retention(),
                               [this] { return base::Epoch("E" + std::to_string(++epochs_)); }};
  FaultyStore store_;
  std::unique_ptr<broker::LocalBroker> broker_;
};

TEST_CASE("local broker: keeps its promises over a store that fails", "[broker][faults][seeded]") {
  for (std::uint64_t i = 0; i < 300; ++i) {
    const std::uint64_t seed = Catch::rngSeed() * 1000ULL + i;
    CAPTURE(seed);
    broker::LocalBroker::Options options;
    options.snapshot_every = 3;
    options.queue_limit_per_room = 8;
    options.idle_rooms = seed % 2;
    options.max_rooms = 2 + seed % 2;
    FaultyLocalWorld world(seed, options);
    BrokerPlan(world, seed).play(3, 120);
  }
}

}  // namespace

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<LocalWorld>(); }

}  // namespace chat::tests
