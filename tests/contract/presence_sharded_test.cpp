#include "chat/broker/local_presence.hpp"
#include "chat/broker/sharded_broker.hpp"
#include "chat/broker/sharded_presence.hpp"
#include "presence_contract.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

/// Two shards, as the first worker sees them.
class ShardedWorld final : public PresenceWorld {
 public:
  broker::Presence& presence() override { return view_; }
  void advance(base::Duration time) override {
    // Both loops as one clock: what one posts to the other is taken within the same millisecond.
    const auto end = executors_[0].now() + time;
    do {
      const auto left = end - executors_[0].now();
      const auto step = std::min<base::Duration>(left, std::chrono::milliseconds(1));
      for (auto& executor : executors_) executor.advance(step);
      for (int hop = 0; hop < 4; ++hop) executors_[hop % 2].advance({});
    } while (executors_[0].now() < end);
  }

 private:
  static constexpr broker::LocalPresence::Options kOptions{std::chrono::milliseconds(200), 5};

  ManualExecutor executors_[2];
  broker::LocalPresence locals_[2]{{executors_[0], kOptions}, {executors_[1], kOptions}};
  broker::ShardedPresence view_{0, {{executors_[0], locals_[0]}, {executors_[1], locals_[1]}}};
};

TEST_CASE("sharded presence: the contract's rooms live in both shards", "[presence][sharded]") {
  REQUIRE(broker::shard_of(RoomName("ops"), 2) != broker::shard_of(RoomName("кухня"), 2));
}

}  // namespace

std::unique_ptr<PresenceWorld> make_presence_world() { return std::make_unique<ShardedWorld>(); }

}  // namespace chat::tests
