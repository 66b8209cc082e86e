#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "chat/base/executor.hpp"

namespace chat::tests {

/// An Executor on a thread of its own, for tests that want real threads. Its destructor runs what
/// has been posted until then and joins.
class ThreadExecutor final : public base::Executor {
 public:
  ThreadExecutor() : thread_([this] { run(); }) {}
  ~ThreadExecutor() override { stop(); }

  /// Runs what was posted before, then ends the thread. No call after it.
  void stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void post(base::Task task) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      posted_.push_back(std::move(task));
    }
    wake_.notify_one();
  }
  void defer(base::Task task) override { deferred_.push_back(std::move(task)); }
  base::TimerId after(base::Duration delay, base::Task task) override {
    timers_.emplace(std::make_pair(now() + delay, ++last_timer_), std::move(task));
    return last_timer_;
  }
  void cancel(base::TimerId id) override {
    for (auto timer = timers_.begin(); timer != timers_.end(); ++timer) {
      if (timer->first.second != id) continue;
      timers_.erase(timer);
      return;
    }
  }
  base::TimePoint now() const override { return std::chrono::steady_clock::now(); }
  base::WallMs wall_now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }

 private:
  void run() {
    while (true) {
      auto turn = next_turn();
      if (turn.empty()) return;
      for (auto& task : turn) task();
      while (!deferred_.empty()) {
        for (auto& task : std::exchange(deferred_, {})) task();
      }
    }
  }

  /// What is to be run next; empty when the thread is to end.
  std::vector<base::Task> next_turn() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      auto turn = std::exchange(posted_, {});
      while (!timers_.empty() && timers_.begin()->first.first <= now()) {
        turn.push_back(std::move(timers_.begin()->second));
        timers_.erase(timers_.begin());
      }
      if (!turn.empty() || stopping_) return turn;
      if (timers_.empty()) {
        wake_.wait(lock);
      } else {
        wake_.wait_until(lock, timers_.begin()->first.first);
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<base::Task> posted_;  // guarded by mutex_
  bool stopping_ = false;           // guarded by mutex_
  std::vector<base::Task> deferred_;
  std::map<std::pair<base::TimePoint, base::TimerId>, base::Task> timers_;
  base::TimerId last_timer_ = 0;
  std::thread thread_;  // last: it uses the others
};

}  // namespace chat::tests
