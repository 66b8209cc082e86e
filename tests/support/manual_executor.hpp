#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "chat/base/executor.hpp"

namespace chat::tests {

/// An Executor on virtual time, turned by hand: nothing happens until the test says so. Posts may
/// come from other threads (a store's), everything else from the test's.
class ManualExecutor final : public base::Executor {
 public:
  void post(base::Task task) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      posted_.push_back(std::move(task));
    }
    arrived_.notify_all();
  }
  void defer(base::Task task) override { deferred_.push_back(std::move(task)); }

  base::TimerId after(base::Duration delay, base::Task task) override {
    const auto id = ++last_id_;
    timers_.emplace(std::make_pair(now_ + std::max(delay, base::Duration::zero()), id),
                    std::move(task));
    return id;
  }
  void cancel(base::TimerId id) override {
    for (auto timer = timers_.begin(); timer != timers_.end(); ++timer) {
      if (timer->first.second != id) continue;
      timers_.erase(timer);
      return;
    }
  }

  base::TimePoint now() const override { return now_; }
  base::WallMs wall_now() const override { return wall_; }
  void set_wall(base::WallMs wall) { wall_ = wall; }

  /// Runs what is ready now, and what that makes ready, timers that are due included.
  void run_until_idle() {
    while (run_one()) {
    }
  }

  /// Lets time pass, running each timer at its time.
  void advance(base::Duration by) {
    const auto end = now_ + by;
    run_until_idle();
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
      move_to(timers_.begin()->first.first);
      run_until_idle();
    }
    move_to(end);
  }

  /// Runs until `done`, waiting for posts of other threads for at most `bound` of real time each;
  /// false when none came in that.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds bound = std::chrono::seconds(30)) {
    for (run_until_idle(); !done(); run_until_idle()) {
      std::unique_lock<std::mutex> lock(mutex_);
      if (!arrived_.wait_for(lock, bound, [this] { return !posted_.empty(); })) return false;
    }
    return true;
  }

 private:
  bool run_one() {
    if (auto task = take_posted()) {
      task();
      return true;
    }
    if (!timers_.empty() && timers_.begin()->first.first <= now_) {
      const auto task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      task();
      return true;
    }
    if (deferred_.empty()) return false;
    const auto task = std::move(deferred_.front());
    deferred_.pop_front();
    task();
    return true;
  }

  base::Task take_posted() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (posted_.empty()) return nullptr;
    auto task = std::move(posted_.front());
    posted_.pop_front();
    return task;
  }

  void move_to(base::TimePoint time) {
    wall_ += std::chrono::duration_cast<std::chrono::milliseconds>(time - now_).count();
    now_ = time;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<base::Task> posted_;  // guarded by mutex_
  std::deque<base::Task> deferred_;
  std::map<std::pair<base::TimePoint, base::TimerId>, base::Task> timers_;
  base::TimePoint now_{std::chrono::hours(1)};
  base::WallMs wall_ = 1'000'000'000'000;
  base::TimerId last_id_ = 0;
};

}  // namespace chat::tests
