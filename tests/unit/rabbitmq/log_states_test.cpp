#include "chat/rabbitmq/log_states.hpp"

#include <catch2/catch.hpp>

namespace chat::tests {
namespace {

using base::Epoch;
using base::RoomName;
using base::Seq;
using history::Birth;
using rabbitmq::LogStates;

constexpr std::size_t kPartitions = 4;

/// The first room of a partition, or the one after.
RoomName room_in(std::size_t partition, int which = 0) {
  for (int i = 0;; ++i) {
    RoomName room("r" + std::to_string(i));
    if (rabbitmq::partition_of(room, kPartitions) == partition && which-- == 0) return room;
  }
}

TEST_CASE("log states: without a log nothing is known", "[rabbitmq][log_states]") {
  const LogStates states;
  CHECK(states.partitions() == 0);
  CHECK_FALSE(states.knows(RoomName("ops")));
  CHECK(states.birth(RoomName("ops")).epoch == Epoch());
}

TEST_CASE("log states: a room begins as its partition's log", "[rabbitmq][log_states]") {
  LogStates states;
  states.set(2, kPartitions, {Epoch("E2"), Seq(50)}, false);
  CHECK(states.partitions() == kPartitions);
  CHECK(states.partition(room_in(2)) == 2);
  CHECK(states.knows(room_in(2)));
  CHECK(states.birth(room_in(2)).epoch == Epoch("E2"));
  CHECK(states.birth(room_in(2)).floor == Seq(50));
  CHECK_FALSE(states.knows(room_in(1)));
  CHECK(states.birth(room_in(1)).epoch == Epoch());
}

TEST_CASE("log states: another log takes the place of the former, its floor too",
          "[rabbitmq][log_states]") {
  LogStates states;
  states.set(2, kPartitions, {Epoch("E2"), Seq(50)}, false);
  states.set(1, kPartitions, {Epoch("E1"), Seq(10)}, false);
  states.set(2, kPartitions, {Epoch("E3"), Seq(0)}, false);
  CHECK(states.birth(room_in(2)).epoch == Epoch("E3"));
  CHECK(states.birth(room_in(2)).floor == Seq(0));
  CHECK(states.birth(room_in(1)).epoch == Epoch("E1"));
}

TEST_CASE(
    "log states: what was forgotten of a room raises the floor of its partition, never lowers",
    "[rabbitmq][log_states]") {
  LogStates states;
  states.forgotten(RoomName("ops"), Seq(5));  // no log yet: nothing to raise
  states.set(1, kPartitions, {Epoch("E1"), Seq(10)}, false);
  states.set(2, kPartitions, {Epoch("E2"), Seq(10)}, false);
  states.forgotten(room_in(2), Seq(70));
  states.forgotten(room_in(2, 1), Seq(60));
  CHECK(states.birth(room_in(2)).floor == Seq(70));
  CHECK(states.birth(room_in(2, 1)).floor == Seq(70));
  CHECK(states.birth(room_in(2)).epoch == Epoch("E2"));
  CHECK(states.birth(room_in(1)).floor == Seq(10));
}

TEST_CASE("log states: a partition is current from the end of its log until it begins anew",
          "[rabbitmq][log_states]") {
  LogStates states;
  CHECK_FALSE(states.is_current(room_in(1)));
  states.set(1, kPartitions, {Epoch("E1"), Seq(0)}, true);
  CHECK_FALSE(states.is_current(room_in(1)));
  CHECK(states.set_current(1));
  CHECK_FALSE(states.set_current(1));
  CHECK(states.is_current(room_in(1)));
  CHECK_FALSE(states.is_current(room_in(2)));
  states.set(1, kPartitions, {Epoch("E1"), Seq(0)}, true);
  CHECK(states.is_current(room_in(1)));
  states.set(1, kPartitions, {Epoch("E2"), Seq(0)}, false);
  CHECK_FALSE(states.is_current(room_in(1)));
}

}  // namespace
}  // namespace chat::tests
