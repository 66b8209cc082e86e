#include "support/sim_executor.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace chat;
using namespace std::chrono_literals;
using tests::SimClock;
using tests::SimExecutor;

namespace {

/// What two loops with three tasks each do, in the order of `seed`.
std::string interleaving(std::uint64_t seed) {
  SimClock clock(seed);
  SimExecutor first(clock);
  SimExecutor second(clock);
  std::string done;
  for (const char task : {'a', 'b', 'c'}) first.post([&done, task] { done += task; });
  for (const char task : {'x', 'y', 'z'}) second.post([&done, task] { done += task; });
  clock.run_until_idle();
  return done;
}

std::string only(const std::string& text, const std::string& wanted) {
  std::string kept;
  for (const char c : text) {
    if (wanted.find(c) != std::string::npos) kept += c;
  }
  return kept;
}

}  // namespace

TEST_CASE("sim executor: each loop keeps its order, the seed says which goes first",
          "[support][sim]") {
  bool differs = false;
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const auto done = interleaving(seed);
    CHECK(only(done, "abc") == "abc");
    CHECK(only(done, "xyz") == "xyz");
    CHECK(done == interleaving(seed));
    differs = differs || done != interleaving(seed + 1);
  }
  CHECK(differs);
}

TEST_CASE("sim executor: deferred work follows what was ready and precedes what came later",
          "[support][sim]") {
  SimClock clock(1);
  SimExecutor loop(clock);
  std::vector<std::string> done;
  loop.post([&] {
    done.emplace_back("first");
    loop.defer([&] {
      done.emplace_back("deferred");
      loop.defer([&] { done.emplace_back("deferred later"); });
    });
    loop.post([&] { done.emplace_back("posted meanwhile"); });
  });
  loop.post([&] { done.emplace_back("second"); });
  clock.run_until_idle();
  CHECK(done == std::vector<std::string>{"first", "second", "deferred", "posted meanwhile",
                                         "deferred later"});
}

TEST_CASE("sim executor: timers of all loops run at their time, in one order of time",
          "[support][sim]") {
  SimClock clock(1);
  SimExecutor first(clock);
  SimExecutor second(clock);
  const auto start = clock.now();
  const auto wall = clock.wall_now();
  std::vector<std::pair<std::string, base::Duration>> done;
  const auto note = [&](const char* what) {
    return [&done, &clock, start, what] { done.emplace_back(what, clock.now() - start); };
  };
  first.after(20ms, note("late"));
  second.after(10ms, [&] {
    note("early")();
    second.after(5ms, note("between"));
  });
  first.after(31ms, note("after the end"));
  clock.advance(30ms);
  CHECK(done == std::vector<std::pair<std::string, base::Duration>>{
                    {"early", 10ms}, {"between", 15ms}, {"late", 20ms}});
  CHECK(clock.now() - start == 30ms);
  CHECK(clock.wall_now() - wall == 30);
}

TEST_CASE("sim executor: a timer that is due can still be cancelled", "[support][sim]") {
  SimClock clock(1);
  SimExecutor loop(clock);
  int runs = 0;
  base::TimerId second = 0;
  loop.after(1ms, [&] {
    ++runs;
    loop.cancel(second);
  });
  second = loop.after(1ms, [&] { ++runs; });
  clock.advance(2ms);
  CHECK(runs == 1);
  loop.cancel(second);
  loop.cancel(0);
}

TEST_CASE("sim executor: what a destroyed loop had to do is never done", "[support][sim]") {
  SimClock clock(1);
  bool ran = false;
  {
    SimExecutor loop(clock);
    loop.post([&] { ran = true; });
    loop.after(0ms, [&] { ran = true; });
  }
  clock.advance(1s);
  CHECK_FALSE(ran);
}

TEST_CASE("sim executor: a held loop runs nothing, and then what was due", "[support][sim]") {
  SimClock clock(1);
  SimExecutor loop(clock);
  std::string ran;
  loop.hold(true);
  loop.post([&] { ran += "posted "; });
  loop.after(1ms, [&] { ran += "timer"; });
  clock.advance(1s);
  CHECK(ran.empty());
  loop.hold(false);
  clock.advance(0ms);
  CHECK(ran == "posted timer");
}

TEST_CASE("sim executor: its wall clock can be wrong", "[support][sim]") {
  SimClock clock(1);
  SimExecutor loop(clock);
  loop.set_wall_offset(-5000);
  CHECK(loop.wall_now() == clock.wall_now() - 5000);
}
