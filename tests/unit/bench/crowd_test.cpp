#include "chat/bench/crowd.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "chat/bench/arrivals.hpp"

namespace chat::tests {
namespace {

using bench::Arrivals;
using bench::room_sizes;
using bench::RoomSize;
using Sizes = std::vector<std::size_t>;

TEST_CASE("crowd: without an exponent all rooms are alike", "[bench][crowd]") {
  CHECK(room_sizes(1, 500, 0) == Sizes{500});
  CHECK(room_sizes(4, 25, 0) == Sizes{25, 25, 25, 25});
  CHECK(room_sizes(3, 1, 0) == Sizes{1, 1, 1});
}

TEST_CASE("crowd: with one they follow Zipf's law, nobody is left over and no room is empty",
          "[bench][crowd]") {
  const auto rooms = GENERATE(std::size_t{1}, 2, 7, 100, 1000);
  const auto members = GENERATE(std::size_t{1}, 2, 10, 333);
  const auto exponent = GENERATE(0.5, 1.0, 2.0);
  CAPTURE(rooms, members, exponent);
  const auto sizes = room_sizes(rooms, members, exponent);
  CHECK(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}) == rooms * members);
  CHECK(*std::min_element(sizes.begin(), sizes.end()) >= 1);
  for (std::size_t i = 1; i < sizes.size(); ++i) CHECK(sizes[i] <= sizes[i - 1] + 1);
}

TEST_CASE("crowd: the second room of Zipf's law has half of the first", "[bench][crowd]") {
  const auto sizes = room_sizes(1000, 1000, 1);
  CHECK(static_cast<double>(sizes[1]) / static_cast<double>(sizes[0]) == Approx(0.5).epsilon(0.01));
  CHECK(static_cast<double>(sizes[9]) / static_cast<double>(sizes[0]) == Approx(0.1).epsilon(0.01));
}

TEST_CASE("crowd: the rooms have the sizes of Zipf's law, and senders as they were asked for",
          "[bench][crowd]") {
  const auto exponent = GENERATE(0.0, 1.0, 2.0);
  const auto senders = GENERATE(std::size_t{0}, 1, 3, 1000);
  CAPTURE(exponent, senders);
  const auto sizes = room_sizes(20, 10, exponent);
  const auto rooms = bench::crowd(20, 10, exponent, senders);
  REQUIRE(rooms.size() == sizes.size());
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    CHECK(rooms[i].members == sizes[i]);
    CHECK(rooms[i].senders >= 1);
    CHECK(rooms[i].senders == (senders == 0 ? sizes[i] : std::min(senders, sizes[i])));
  }
}

/// How many of 200,000 messages each room gets.
std::vector<double> messages_of(const std::vector<RoomSize>& rooms, Arrivals::Kind kind) {
  std::vector<std::size_t> room_of;
  for (std::size_t room = 0; room < rooms.size(); ++room) {
    room_of.insert(room_of.end(), rooms[room].senders, room);
  }
  Arrivals arrivals(kind, 1000, room_of.size(), Catch::rngSeed());
  std::vector<double> messages(rooms.size());
  for (int i = 0; i < 200'000; ++i) ++messages[room_of[arrivals.next().sender]];
  return messages;
}

TEST_CASE("crowd: a room is as loud as it has senders, however they are planned",
          "[bench][crowd][arrivals]") {
  const auto kind = GENERATE(Arrivals::Kind::even, Arrivals::Kind::poisson);
  const auto senders = GENERATE(std::size_t{0}, 1, 5);
  const auto rooms = bench::crowd(10, 20, 1, senders);
  const double all = std::accumulate(
      rooms.begin(), rooms.end(), 0.0,
      [](double sum, const RoomSize& room) { return sum + static_cast<double>(room.senders); });
  const auto messages = messages_of(rooms, kind);
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    const double due = 200'000 * static_cast<double>(rooms[i].senders) / all;
    CHECK(messages[i] == Approx(due).margin(6 * std::sqrt(due)));
  }
}

}  // namespace
}  // namespace chat::tests
