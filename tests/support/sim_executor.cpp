#include "support/sim_executor.hpp"

#include <algorithm>
#include <stdexcept>

namespace chat::tests {
namespace {

/// Tasks at one moment of virtual time; more means that they make each other for ever.
constexpr std::size_t kTasksAtOnce = 2'000'000;
constexpr base::WallMs kWallAtStart = 1'700'000'000'000;

}  // namespace

// ---- the clock

base::WallMs SimClock::wall_now() const noexcept {
  return kWallAtStart +
         std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
}

void SimClock::run_until_idle() {
  for (std::size_t tasks = 0; run_one(); ++tasks) {
    if (tasks > kTasksAtOnce) throw std::runtime_error("the simulated loops never come to rest");
  }
}

void SimClock::advance(base::Duration by) {
  const auto end = now_ + by;
  run_until_idle();
  for (auto due = next_due(); due && *due <= end; due = next_due()) {
    now_ = std::max(now_, *due);
    run_until_idle();
  }
  now_ = end;
}

bool SimClock::run_one() {
  ready_.clear();
  for (SimExecutor* executor : executors_) {
    if (executor->has_work()) ready_.push_back(executor);
  }
  if (ready_.empty()) return false;
  const auto chosen = ready_.size() == 1 ? 0 : static_cast<std::size_t>(random_() % ready_.size());
  ready_[chosen]->run_one();
  return true;
}

std::optional<base::TimePoint> SimClock::next_due() const {
  std::optional<base::TimePoint> first;
  for (const SimExecutor* executor : executors_) {
    const auto due = executor->next_due();
    if (due && (!first || *due < *first)) first = due;
  }
  return first;
}

// ---- a loop

SimExecutor::SimExecutor(SimClock& clock) : clock_(clock) { clock_.executors_.push_back(this); }

SimExecutor::~SimExecutor() {
  auto& all = clock_.executors_;
  all.erase(std::find(all.begin(), all.end(), this));
}

base::TimerId SimExecutor::after(base::Duration delay, base::Task task) {
  const auto id = ++last_timer_;
  const auto due = now() + std::max(delay, base::Duration::zero());
  timers_.emplace(std::make_pair(due, id), std::move(task));
  due_at_.emplace(id, due);
  return id;
}

void SimExecutor::cancel(base::TimerId id) { take_timer(id); }

base::Task SimExecutor::take_timer(base::TimerId id) {
  const auto due = due_at_.find(id);
  if (due == due_at_.end()) return nullptr;
  const auto timer = timers_.find({due->second, id});
  auto task = std::move(timer->second);
  timers_.erase(timer);
  due_at_.erase(due);
  return task;
}

std::optional<base::TimePoint> SimExecutor::next_due() const {
  if (held_ || timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

bool SimExecutor::has_work() const {
  if (held_) return false;
  if (!turn_.empty() || !posted_.empty() || !deferred_.empty()) return true;
  const auto due = next_due();
  return due && *due <= now();
}

void SimExecutor::run_one() {
  if (turn_.empty() && turn_open_) end_turn();
  if (turn_.empty()) begin_turn();
  if (turn_.empty()) end_turn();
  Ready next = std::move(turn_.front());
  turn_.pop_front();
  const auto task = next.timer == 0 ? std::move(next.task) : take_timer(next.timer);
  if (task) task();
}

void SimExecutor::begin_turn() {
  for (auto& task : std::exchange(posted_, {})) turn_.push_back({std::move(task), 0});
  for (const auto& [key, task] : timers_) {
    if (key.first > now()) break;
    turn_.push_back({nullptr, key.second});
  }
  turn_open_ = true;
}

void SimExecutor::end_turn() {
  for (auto& task : std::exchange(deferred_, {})) turn_.push_back({std::move(task), 0});
  turn_open_ = false;
}

}  // namespace chat::tests
