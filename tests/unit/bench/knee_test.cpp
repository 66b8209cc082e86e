#include "chat/bench/knee.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <random>

namespace chat::tests {
namespace {

using bench::Knee;

/// Runs until it is found; the number of runs.
std::size_t search(Knee& knee, const std::function<bool(double)>& holds) {
  std::size_t runs = 0;
  while (const auto level = knee.next()) {
    REQUIRE(++runs < 1000);
    knee.on_run(holds(*level));
  }
  return runs;
}

TEST_CASE("knee: it is found between a level that held and one that did not, as near as asked",
          "[bench][knee]") {
  const double truth = GENERATE(3.0, 99.0, 100.0, 101.0, 1234.5, 876'543.0);
  CAPTURE(truth);
  Knee knee({});
  const auto runs = search(knee, [truth](double level) { return level <= truth; });
  REQUIRE(knee.found().held);
  REQUIRE(knee.found().failed);
  CHECK(*knee.found().held <= truth);
  CHECK(*knee.found().failed > truth);
  CHECK(*knee.found().failed <= *knee.found().held * 1.05);
  CHECK(runs <= 2 * 20);
}

TEST_CASE("knee: a server that holds at all levels has none, nor one that holds at none",
          "[bench][knee]") {
  Knee::Options options;
  options.most = 5000;
  options.least = 10;
  Knee fast(options);
  search(fast, [](double) { return true; });
  CHECK(fast.found().held == 5000.0);
  CHECK_FALSE(fast.found().failed);
  Knee dead(options);
  search(dead, [](double) { return false; });
  CHECK_FALSE(dead.found().held);
  CHECK(dead.found().failed == 10.0);
}

TEST_CASE("knee: most of the runs judge a level", "[bench][knee]") {
  Knee::Options options;
  options.repeats = 3;
  Knee knee(options);
  knee.on_run(true);
  CHECK(knee.next() == 100.0);
  knee.on_run(false);
  CHECK(knee.next() == 100.0);
  knee.on_run(true);
  CHECK(knee.next() == 200.0);
  knee.on_run(false);
  knee.on_run(false);
  CHECK(*knee.next() == Approx(141.42).epsilon(0.001));
}

TEST_CASE("knee: runs that are wrong now and then hardly move it", "[bench][knee]") {
  std::mt19937_64 random(Catch::rngSeed());
  Knee::Options options;
  options.repeats = 5;
  std::size_t near = 0;
  for (int i = 0; i < 200; ++i) {
    Knee knee(options);
    search(knee, [&random](double level) { return (level <= 3000) == (random() % 20 != 0); });
    if (knee.found().held && *knee.found().held > 2700 && *knee.found().held < 3300) ++near;
  }
  CHECK(near > 180);
}

}  // namespace
}  // namespace chat::tests
