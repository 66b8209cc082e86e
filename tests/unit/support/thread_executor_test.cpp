#include "support/thread_executor.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace chat::tests {
namespace {

using std::chrono::milliseconds;
using Strings = std::vector<std::string>;

/// Runs `task` on the executor and waits for it.
void run(ThreadExecutor& executor, const base::Task& task) {
  std::promise<void> done;
  executor.post([&] {
    task();
    done.set_value();
  });
  REQUIRE(done.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
}

TEST_CASE("thread executor: tasks run on one thread of its own, in order", "[support][threads]") {
  ThreadExecutor executor;
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  for (int i = 0; i < 100; ++i) {
    executor.post([&, i] {
      order.push_back(i);
      threads.push_back(std::this_thread::get_id());
    });
  }
  executor.stop();

  REQUIRE(order.size() == 100);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(order[static_cast<std::size_t>(i)] == i);
    REQUIRE(threads[static_cast<std::size_t>(i)] == threads[0]);
  }
  CHECK(threads[0] != std::this_thread::get_id());
}

TEST_CASE("thread executor: posts of several threads all run", "[support][threads]") {
  int ran = 0;
  {
    ThreadExecutor executor;
    std::vector<std::thread> others;
    for (int t = 0; t < 3; ++t) {
      others.emplace_back([&] {
        for (int i = 0; i < 100; ++i) executor.post([&ran] { ++ran; });
      });
    }
    for (auto& other : others) other.join();
  }
  CHECK(ran == 300);
}

TEST_CASE("thread executor: deferred work comes behind the turn, before the next",
          "[support][threads]") {
  Strings events;
  ThreadExecutor executor;
  executor.post([&] {
    executor.post([&] { events.push_back("next turn"); });
    executor.defer([&] {
      events.push_back("deferred");
      executor.defer([&] { events.push_back("deferred again"); });
    });
    events.push_back("task");
  });
  executor.stop();
  CHECK(events == Strings{"task", "deferred", "deferred again", "next turn"});
}

TEST_CASE("thread executor: timers run in the order of their times, not before them",
          "[support][threads]") {
  ThreadExecutor executor;
  Strings events;
  std::promise<void> done;
  base::TimePoint started;
  base::TimePoint ended;
  run(executor, [&] {
    started = executor.now();
    executor.after(milliseconds(3), [&] {
      events.push_back("3");
      ended = executor.now();
      done.set_value();
    });
    executor.after(milliseconds(1), [&] { events.push_back("1"); });
    const auto gone = executor.after(milliseconds(2), [&] { events.push_back("2"); });
    executor.cancel(gone);
    executor.cancel(0);
  });
  REQUIRE(done.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  executor.stop();
  CHECK(events == Strings{"1", "3"});
  CHECK(ended - started >= milliseconds(3));
}

TEST_CASE("thread executor: its end does not wait for timers", "[support][threads]") {
  bool ran = false;
  {
    ThreadExecutor executor;
    run(executor, [&] { executor.after(std::chrono::hours(1), [&] { ran = true; }); });
    executor.stop();
    executor.stop();
  }
  CHECK_FALSE(ran);
}

}  // namespace
}  // namespace chat::tests
