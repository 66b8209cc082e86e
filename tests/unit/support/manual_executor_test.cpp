#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

namespace chat::tests {
namespace {

using std::chrono::milliseconds;
using Strings = std::vector<std::string>;

struct Fixture {
  base::Task note(const std::string& event) {
    return [this, event] { events.push_back(event); };
  }
  ManualExecutor executor;
  Strings events;
};

TEST_CASE("manual executor: nothing runs before the test says so, then in order", "[support]") {
  Fixture f;
  f.executor.post(f.note("1"));
  f.executor.post(f.note("2"));
  CHECK(f.events.empty());
  f.executor.run_until_idle();
  CHECK(f.events == Strings{"1", "2"});
}

TEST_CASE("manual executor: what a task posts runs too, behind what was there", "[support]") {
  Fixture f;
  f.executor.post([&] { f.executor.post(f.note("posted")); });
  f.executor.post(f.note("there"));
  f.executor.run_until_idle();
  CHECK(f.events == Strings{"there", "posted"});
}

TEST_CASE("manual executor: deferred work comes at the end of the turn", "[support]") {
  Fixture f;
  f.executor.defer(f.note("deferred"));
  f.executor.post([&] { f.executor.post(f.note("posted")); });
  f.executor.after({}, f.note("timer"));
  f.executor.run_until_idle();
  CHECK(f.events == Strings{"posted", "timer", "deferred"});
}

TEST_CASE("manual executor: timers run at their time, in the order of their times", "[support]") {
  Fixture f;
  const auto start = f.executor.now();
  const auto wall = f.executor.wall_now();
  base::TimePoint ran_at;
  f.executor.after(milliseconds(20), [&] { ran_at = f.executor.now(); });
  f.executor.after(milliseconds(10), f.note("10"));
  f.executor.after(milliseconds(10), f.note("10 again"));
  f.executor.after(milliseconds(31), f.note("31"));

  f.executor.advance(milliseconds(9));
  CHECK(f.events.empty());
  f.executor.advance(milliseconds(21));

  CHECK(f.events == Strings{"10", "10 again"});
  CHECK(ran_at == start + milliseconds(20));
  CHECK(f.executor.now() == start + milliseconds(30));
  CHECK(f.executor.wall_now() == wall + 30);
  f.executor.advance(milliseconds(1));
  CHECK(f.events.back() == "31");
}

TEST_CASE("manual executor: a timer that starts itself again runs as often as its time came",
          "[support]") {
  Fixture f;
  std::function<void()> tick = [&] {
    f.events.push_back("tick");
    f.executor.after(milliseconds(10), tick);
  };
  f.executor.after(milliseconds(10), tick);
  f.executor.advance(milliseconds(35));
  CHECK(f.events.size() == 3);
}

TEST_CASE("manual executor: a delay that is not positive runs at the next turn", "[support]") {
  Fixture f;
  f.executor.after(milliseconds(-5), f.note("late"));
  CHECK(f.events.empty());
  f.executor.run_until_idle();
  CHECK(f.events == Strings{"late"});
}

TEST_CASE("manual executor: a cancelled timer never runs, a cancel of none is nothing",
          "[support]") {
  Fixture f;
  const auto gone = f.executor.after(milliseconds(1), f.note("gone"));
  const auto stays = f.executor.after(milliseconds(1), f.note("stays"));
  CHECK(gone != 0);
  CHECK(gone != stays);
  f.executor.cancel(gone);
  f.executor.cancel(gone);
  f.executor.cancel(0);
  f.executor.advance(milliseconds(2));
  f.executor.cancel(stays);
  CHECK(f.events == Strings{"stays"});
}

TEST_CASE("manual executor: waits for the post of another thread", "[support]") {
  Fixture f;
  std::thread other([&] { f.executor.post(f.note("from elsewhere")); });
  CHECK(f.executor.run_until([&] { return !f.events.empty(); }));
  other.join();
  CHECK_FALSE(f.executor.run_until([] { return false; }, milliseconds(1)));
}

}  // namespace
}  // namespace chat::tests
