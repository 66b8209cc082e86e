#include "chat/bench/change.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace chat::tests {
namespace {

using bench::change_between;
using Values = std::vector<double>;

TEST_CASE("change: the ratio, and what is known of it", "[bench][change]") {
  const auto change = change_between({10, 11, 12, 13}, {20, 22, 24, 26}, 0.95);
  REQUIRE(change);
  CHECK(change->ratio == Approx(2).epsilon(0.02));
  CHECK(change->low == Approx(20.0 / 13));
  CHECK(change->high == Approx(2.6));
  CHECK(change->confidence == Approx(1 - 2.0 / 70));  // one of 70 orders, on either side
  CHECK(change->is_beyond_noise(0.95));
}

TEST_CASE("change: how sure it can be depends on the number of repeats", "[bench][change]") {
  const auto confidence = [](std::size_t count) {
    return change_between(Values(count, 1.0), Values(count, 2.0), 0.95)->confidence;
  };
  CHECK(confidence(1) == 0);
  CHECK(confidence(2) == Approx(1 - 2.0 / 6));
  CHECK(confidence(3) == Approx(0.9));
  CHECK(confidence(5) >= 0.95);
  CHECK(confidence(20) >= 0.95);
  CHECK(confidence(20) < 0.96);
  CHECK_FALSE(change_between({1}, {100}, 0.95)->is_beyond_noise(0.95));
  CHECK_FALSE(change_between({1, 1, 1}, {9, 9, 9}, 0.95)->is_beyond_noise(0.95));
  CHECK(change_between({1, 1, 1}, {9, 9, 9}, 0.9)->is_beyond_noise(0.9));
}

TEST_CASE("change: the ends of five against five are those of the tables", "[bench][change]") {
  // Two of the 25 ratios may be left out on either side (critical value 2 at 0.05, two-sided).
  Values before;
  Values after;
  for (int i = 0; i < 5; ++i) {
    before.push_back(std::pow(2, -5 * i));
    after.push_back(std::pow(2, i));
  }
  const auto change = change_between(before, after, 0.95);
  CHECK(change->low == 4);                     // 1, 2, then 4
  CHECK(change->high == std::pow(2, 24 - 2));  // up to 2^24, without 2^24 and 2^23
  CHECK(change->ratio == std::pow(2, 12));
}

TEST_CASE("change: without a value, or with one that is not above 0, nothing can be said",
          "[bench][change]") {
  CHECK_FALSE(change_between({}, {1}, 0.95));
  CHECK_FALSE(change_between({1}, {}, 0.95));
  CHECK_FALSE(change_between({1, 0}, {1, 2}, 0.95));
  CHECK_FALSE(change_between({1, 2}, {-1, 2}, 0.95));
}

TEST_CASE("change: runs of the same thing differ beyond noise as seldom as is said",
          "[bench][change]") {
  std::mt19937_64 random(Catch::rngSeed());
  std::lognormal_distribution<double> figure(3, 0.4);
  std::size_t alarms = 0;
  std::size_t hits = 0;
  constexpr std::size_t kTries = 2000;
  for (std::size_t i = 0; i < kTries; ++i) {
    Values before(6);
    Values after(6);
    Values slower(6);
    for (auto& value : before) value = figure(random);
    for (auto& value : after) value = figure(random);
    for (auto& value : slower) value = figure(random) * 3;
    if (change_between(before, after, 0.95)->is_beyond_noise(0.95)) ++alarms;
    if (change_between(before, slower, 0.95)->is_beyond_noise(0.95)) ++hits;
  }
  CHECK(alarms < kTries * 6 / 100);
  CHECK(hits > kTries * 95 / 100);
}

}  // namespace
}  // namespace chat::tests
