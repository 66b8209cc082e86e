#include "chat/bench/crowd.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

namespace chat::tests {
namespace {

using bench::room_sizes;
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

}  // namespace
}  // namespace chat::tests
