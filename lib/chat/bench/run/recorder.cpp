#include "chat/bench/run/recorder.hpp"

#include <algorithm>

namespace chat::bench {
namespace {

constexpr std::uint64_t kStoodStill = 10'000'000;  // ns: nothing that it does takes so long

}  // namespace

void Recorder::start(std::uint64_t now, std::uint64_t begin, std::uint64_t length,
                     const Counts& counts) {
  begin_ = begin;
  length_ = length;
  last_ = now;
  next_ = std::min(begin, now + kNanosPerSecond);
  cpu_ = own_cpu();
  counts_ = noted_ = counts;
  latency_.clear();
}

void Recorder::end_window(std::uint64_t now) noexcept {
  begin_ = std::min(begin_, now);
  length_ = std::min(length_, now - begin_);
}

/// Ticks end each second of the warm-up, at the window's begin, each second behind it, and at its
/// end. A process that stood still over the begin makes up for it in the window, so that is part of
/// it.
Tick Recorder::take(std::uint64_t now, const Counts& counts_now) {
  const bool slept_over_begin = last_ < begin_ && now > begin_ + kStoodStill;
  const std::uint64_t until = slept_over_begin ? begin_ : now;
  const Counts counts = slept_over_begin ? noted_ : counts_now;
  const std::uint64_t cpu = own_cpu();
  Tick tick;
  tick.second =
      last_ >= begin_ ? static_cast<std::int64_t>((last_ - begin_) / kNanosPerSecond) : -1;
  tick.length_s = static_cast<double>(until - last_) / static_cast<double>(kNanosPerSecond);
  tick.is_measured = last_ >= begin_ && last_ < end();
  tick.sent = counts.sent - counts_.sent;
  tick.deliveries = counts.deliveries - counts_.deliveries;
  tick.acked = counts.acked - counts_.acked;
  tick.bytes = counts.bytes - counts_.bytes;
  tick.cpu_s = static_cast<double>(cpu - cpu_) / static_cast<double>(kNanosPerSecond);
  tick.latency = latency_;
  latency_.clear();
  last_ = until;
  cpu_ = cpu;
  counts_ = counts;
  next_ = now >= begin_ ? begin_ + ((now - begin_) / kNanosPerSecond + 1) * kNanosPerSecond
                        : std::min(begin_, now + kNanosPerSecond);
  if (now < end()) next_ = std::min(next_, end());
  return tick;
}

}  // namespace chat::bench
