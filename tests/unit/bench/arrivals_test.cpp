#include "chat/bench/arrivals.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <vector>

namespace chat::tests {
namespace {

using bench::Arrivals;
using bench::Due;

std::vector<Due> plan(Arrivals::Kind kind, double rate, std::size_t senders, std::uint64_t seed,
                      std::size_t count) {
  Arrivals arrivals(kind, rate, senders, seed);
  std::vector<Due> dues;
  for (std::size_t i = 0; i < count; ++i) dues.push_back(arrivals.next());
  return dues;
}

TEST_CASE("arrivals: even ones keep their distance, also after a million", "[bench][arrivals]") {
  const auto dues = plan(Arrivals::Kind::even, 3000, 7, 1, 1'000'001);
  CHECK(dues[0].at_ns == 0);
  CHECK(dues[1].at_ns == 333'333);
  CHECK(dues[3000].at_ns == 1'000'000'000);
  CHECK(dues[999'000].at_ns == 333'000'000'000);
}

TEST_CASE("arrivals: even ones take all senders in turn", "[bench][arrivals]") {
  const auto dues = plan(Arrivals::Kind::even, 100, 5, GENERATE(1U, 2U, 3U), 20);
  std::set<std::size_t> first;
  for (std::size_t i = 0; i < 5; ++i) first.insert(dues[i].sender);
  CHECK(first == std::set<std::size_t>{0, 1, 2, 3, 4});
  for (std::size_t i = 5; i < dues.size(); ++i) CHECK(dues[i].sender == dues[i - 5].sender);
}

TEST_CASE("arrivals: Poisson's have the mean and the spread of independent people",
          "[bench][arrivals]") {
  constexpr std::size_t kCount = 200'000;
  const auto dues = plan(Arrivals::Kind::poisson, 1000, 4, 1, kCount);
  double sum = 0;
  double squares = 0;
  std::vector<std::size_t> by_sender(4);
  for (std::size_t i = 1; i < kCount; ++i) {
    REQUIRE(dues[i].at_ns >= dues[i - 1].at_ns);
    const auto gap = static_cast<double>(dues[i].at_ns - dues[i - 1].at_ns);
    sum += gap;
    squares += gap * gap;
    ++by_sender[dues[i].sender];
  }
  const double mean = sum / kCount;
  CHECK(mean == Approx(1e6).epsilon(0.01));
  // An exponential distribution's deviation is its mean.
  CHECK(std::sqrt(squares / kCount - mean * mean) == Approx(1e6).epsilon(0.02));
  for (const auto count : by_sender) {
    CHECK(static_cast<double>(count) == Approx(kCount / 4.0).epsilon(0.02));
  }
}

TEST_CASE("arrivals: a seed plans the same again, another one does not", "[bench][arrivals]") {
  const auto kind = GENERATE(Arrivals::Kind::even, Arrivals::Kind::poisson);
  const auto same = [](const Due& a, const Due& b) {
    return a.at_ns == b.at_ns && a.sender == b.sender;
  };
  const auto dues = plan(kind, 50, 30, 7, 60);
  const auto again = plan(kind, 50, 30, 7, 60);
  const auto other = plan(kind, 50, 30, 8, 60);
  CHECK(std::equal(dues.begin(), dues.end(), again.begin(), same));
  CHECK_FALSE(std::equal(dues.begin(), dues.end(), other.begin(), same));
}

}  // namespace
}  // namespace chat::tests
