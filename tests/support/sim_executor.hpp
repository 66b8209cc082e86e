#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/base/executor.hpp"

namespace chat::tests {

class SimExecutor;

/// The virtual time of a simulated world, shared by the loops that live in it.
///
/// Which of several loops with something to do goes next is drawn from the seed; the same seed
/// gives the same run. Thread: one for the clock and all its executors.
class SimClock {
 public:
  explicit SimClock(std::uint64_t seed) : random_(seed) {}
  SimClock(const SimClock&) = delete;
  SimClock& operator=(const SimClock&) = delete;

  base::TimePoint now() const noexcept { return now_; }
  base::WallMs wall_now() const noexcept;

  /// Runs what is ready now and what that makes ready. Throws when that never ends.
  void run_until_idle();
  /// Lets time pass, running each timer at its time.
  void advance(base::Duration by);

 private:
  friend class SimExecutor;

  bool run_one();
  std::optional<base::TimePoint> next_due() const;

  std::mt19937_64 random_;
  base::TimePoint now_{std::chrono::hours(1)};
  std::vector<SimExecutor*> executors_;
  std::vector<SimExecutor*> ready_;  // scratch of run_one
};

/// One loop on a SimClock: runs its tasks in the order of their posting, in turns as a real loop
/// does. A turn is what was ready when it began; what was deferred by its end follows; only then
/// comes what was posted meanwhile.
///
/// Destroying it forgets what it had to do; not from inside one of its tasks. `clock` must outlive
/// it.
class SimExecutor final : public base::Executor {
 public:
  explicit SimExecutor(SimClock& clock);
  ~SimExecutor() override;
  SimExecutor(const SimExecutor&) = delete;
  SimExecutor& operator=(const SimExecutor&) = delete;

  void post(base::Task task) override { posted_.push_back(std::move(task)); }
  void defer(base::Task task) override { deferred_.push_back(std::move(task)); }
  base::TimerId after(base::Duration delay, base::Task task) override;
  void cancel(base::TimerId id) override;
  base::TimePoint now() const override { return clock_.now(); }
  base::WallMs wall_now() const override { return clock_.wall_now() + wall_offset_; }

  /// While it is held it runs nothing; its timers come late.
  void hold(bool held) noexcept { held_ = held; }
  /// From now on its wall clock is that much ahead of the others'.
  void set_wall_offset(base::WallMs offset) noexcept { wall_offset_ = offset; }

 private:
  friend class SimClock;
  /// A posted task, or the id of a timer that was due.
  struct Ready {
    base::Task task;
    base::TimerId timer;
  };

  bool has_work() const;
  void run_one();
  void begin_turn();
  void end_turn();
  base::Task take_timer(base::TimerId id);
  std::optional<base::TimePoint> next_due() const;

  SimClock& clock_;
  std::deque<base::Task> posted_;
  std::deque<Ready> turn_;
  std::deque<base::Task> deferred_;
  bool turn_open_ = false;  // what is deferred now follows the present turn
  std::map<std::pair<base::TimePoint, base::TimerId>, base::Task> timers_;
  std::unordered_map<base::TimerId, base::TimePoint> due_at_;
  base::TimerId last_timer_ = 0;
  base::WallMs wall_offset_ = 0;
  bool held_ = false;
};

}  // namespace chat::tests
