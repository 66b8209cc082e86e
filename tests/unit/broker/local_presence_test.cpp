#include "chat/broker/local_presence.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::MemberKey;
using base::RoomName;
using std::chrono::milliseconds;
using std::chrono::seconds;

const RoomName kOps("ops");

struct CountingSink final : broker::PresenceSink {
  void on_presence(const RoomName&, const wire::Presence& presence) override {
    ++told;
    last_count = presence.count;
  }
  void on_typing(const RoomName&, const std::string&) override {}
  void on_renamed(const RoomName&, MemberKey, const std::string&) override {}
  int told = 0;
  std::size_t last_count = 0;
};

void enter(broker::LocalPresence& presence, std::uint64_t key, broker::PresenceSink& sink) {
  presence.enter(kOps, MemberKey(key), "", sink, [](const auto& entered) { REQUIRE(entered); });
}

TEST_CASE("local presence: the larger the room, the longer changes gather", "[broker][presence]") {
  ManualExecutor executor;
  broker::LocalPresence presence(executor, {});
  CountingSink sink;
  for (std::uint64_t key = 1; key <= 5000; ++key) enter(presence, key, sink);
  executor.advance(milliseconds(250));
  REQUIRE(sink.last_count == 5000);
  sink.told = 0;

  enter(presence, 5001, sink);
  executor.advance(milliseconds(1000));  // 5,001 members: 1,000.2 ms
  CHECK(sink.told == 0);
  executor.advance(milliseconds(1));
  CHECK(sink.told == 1);
  CHECK(sink.last_count == 5001);
}

TEST_CASE("local presence: an empty room leaves no timer behind", "[broker][presence]") {
  ManualExecutor executor;
  CountingSink sink;
  {
    broker::LocalPresence presence(executor, {});
    enter(presence, 1, sink);
    presence.leave(kOps, MemberKey(1), sink);
    executor.advance(seconds(1));
    enter(presence, 2, sink);
  }
  executor.advance(seconds(1));
  CHECK(sink.told == 0);
}

TEST_CASE("local presence: leaving what was not entered changes nothing", "[broker][presence]") {
  ManualExecutor executor;
  broker::LocalPresence presence(executor, {});
  CountingSink sink;
  presence.leave(kOps, MemberKey(9), sink);
  enter(presence, 1, sink);
  presence.leave(kOps, MemberKey(9), sink);

  executor.advance(seconds(1));

  CHECK(sink.told == 1);
  CHECK(sink.last_count == 1);
}

}  // namespace
}  // namespace chat::tests
