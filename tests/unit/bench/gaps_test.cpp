#include "chat/bench/gaps.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

namespace chat::tests {
namespace {

using bench::Gaps;

TEST_CASE("gaps: what is missing is there until it is taken, once", "[bench][gaps]") {
  Gaps gaps;
  gaps.add(3, 6);
  CHECK(gaps.size() == 3);
  CHECK(gaps.take(4));
  CHECK_FALSE(gaps.take(4));
  CHECK_FALSE(gaps.take(2));
  CHECK_FALSE(gaps.take(6));
  CHECK(gaps.size() == 2);
  CHECK(gaps.below(5) == 1);
}

TEST_CASE("gaps: as a set of numbers would have it", "[bench][gaps]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int round = 0; round < 500; ++round) {
    Gaps gaps;
    std::set<std::uint32_t> numbers;
    std::uint32_t end = 0;
    for (int turn = 0; turn < 50; ++turn) {
      if (random() % 4 == 0) {
        const std::uint32_t first = end + static_cast<std::uint32_t>(random() % 3);
        end = first + 1 + static_cast<std::uint32_t>(random() % 5);
        gaps.add(first, end);
        for (std::uint32_t i = first; i < end; ++i) numbers.insert(i);
      }
      const auto number = static_cast<std::uint32_t>(random() % (end + 2));
      REQUIRE(gaps.take(number) == (numbers.erase(number) > 0));
      const auto limit = static_cast<std::uint32_t>(random() % (end + 2));
      REQUIRE(gaps.size() == numbers.size());
      REQUIRE(gaps.below(limit) ==
              static_cast<std::size_t>(std::distance(numbers.begin(), numbers.lower_bound(limit))));
    }
  }
}

TEST_CASE("gaps: a wide one costs no more than a narrow one", "[bench][gaps]") {
  Gaps gaps;
  gaps.add(0, UINT32_MAX);
  CHECK(gaps.take(UINT32_MAX - 1));
  CHECK(gaps.take(0));
  CHECK(gaps.size() == UINT32_MAX - 2U);
}

}  // namespace
}  // namespace chat::tests
