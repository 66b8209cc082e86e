#pragma once

#include <time.h>

#include <cstdint>

#include "chat/bench/run/clock.hpp"
#include "chat/bench/run/messages.hpp"

namespace chat::bench {

/// CPU time of this process so far, ns.
inline std::uint64_t own_cpu() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

/// Makes ticks of counts that only grow. Thread: one.
class Recorder {
 public:
  /// What has been counted so far.
  struct Counts {
    std::uint64_t sent = 0;
    std::uint64_t deliveries = 0;
    std::uint64_t acked = 0;
    std::uint64_t bytes = 0;
  };

  /// The window is [begin, begin + length), ns of CLOCK_MONOTONIC.
  void start(std::uint64_t now, std::uint64_t begin, std::uint64_t length, const Counts& counts);
  /// The window ends earlier.
  void end_window(std::uint64_t now) noexcept;
  std::uint64_t begin() const noexcept { return begin_; }
  std::uint64_t length() const noexcept { return length_; }
  std::uint64_t end() const noexcept { return begin_ + length_; }

  /// A delivery has come; it counts for latency when it was planned in the window.
  void record(std::uint64_t now, std::uint64_t planned) noexcept {
    if (planned - begin_ < length_) latency_.record(now - planned);
  }

  /// Before it waits: what was counted so far. It is what there was at the window's begin, if that
  /// passes meanwhile.
  void note(const Counts& counts) noexcept { noted_ = counts; }
  /// When the last tick ended: the window has all of its ticks when this is its end, or later.
  std::uint64_t last() const noexcept { return last_; }
  /// When the next tick is to be taken.
  std::uint64_t next() const noexcept { return next_; }
  /// What was counted since the last one.
  Tick take(std::uint64_t now, const Counts& counts_now);

 private:
  std::uint64_t begin_ = UINT64_MAX;
  std::uint64_t length_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t cpu_ = 0;
  Counts counts_;
  Counts noted_;
  base::Histogram latency_;
};

}  // namespace chat::bench
