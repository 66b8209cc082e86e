#include "chat/broker/typing_gate.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace chat::tests {
namespace {

using base::RoomName;
using base::TimePoint;
using std::chrono::milliseconds;

TEST_CASE("typing gate: a name passes once a second in each room", "[broker][typing]") {
  broker::TypingGate gate;
  const TimePoint start{};
  const RoomName ops("ops");

  CHECK(gate.pass(ops, "ann", start));
  CHECK_FALSE(gate.pass(ops, "ann", start));
  CHECK(gate.pass(ops, "bob", start));
  CHECK(gate.pass(RoomName("dev"), "ann", start));
  CHECK_FALSE(gate.pass(ops, "ann", start + milliseconds(999)));
  CHECK(gate.pass(ops, "ann", start + milliseconds(1000)));
  CHECK_FALSE(gate.pass(ops, "ann", start + milliseconds(1999)));
}

TEST_CASE("typing gate: remembers the last second only", "[broker][typing]") {
  broker::TypingGate gate;
  TimePoint now{};
  for (int i = 0; i < 1000; ++i) {
    gate.pass(RoomName("ops"), "m" + std::to_string(i), now);
    now += milliseconds(100);
  }
  CHECK(gate.remembered() == 10);
}

}  // namespace
}  // namespace chat::tests
