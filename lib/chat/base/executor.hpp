#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace chat::base {

using Duration = std::chrono::nanoseconds;
/// A point on the monotonic clock of an Executor; comparable within one process only.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// Milliseconds since the Unix epoch (UTC), as messages carry them.
using WallMs = std::int64_t;

using Task = std::function<void()>;
/// Names a timer of one Executor; 0 = none.
using TimerId = std::uint64_t;

/// One loop: runs tasks one at a time, in the order of their posting.
///
/// Seam between logic and clock: real programs use transport::AsioExecutor, tests a virtual clock.
/// Thread: `post` from any thread; everything else on the loop's own thread.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Runs `task` on the loop, never inside this call. Posts from another thread are handed over
  /// in batches, one wake-up per batch.
  virtual void post(Task task) = 0;
  /// Runs `task` on the loop at the end of the present turn: after everything that was already
  /// ready when the turn began. Work that gathers during a turn (flushes) is done here.
  virtual void defer(Task task) = 0;
  /// Runs `task` once after `delay` (at once, but not inside this call, when it is not positive).
  virtual TimerId after(Duration delay, Task task) = 0;
  /// Forgets a timer; nothing happens when it has run or is 0.
  virtual void cancel(TimerId id) = 0;
  virtual TimePoint now() const = 0;
  virtual WallMs wall_now() const = 0;
};

}  // namespace chat::base
