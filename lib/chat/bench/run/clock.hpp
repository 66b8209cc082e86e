#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace chat::bench {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

/// ns of CLOCK_MONOTONIC.
inline std::uint64_t monotonic_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

/// ns of CLOCK_MONOTONIC, so long from now; a negative time is none.
inline std::uint64_t monotonic_after(std::chrono::nanoseconds time) noexcept {
  return monotonic_ns() + static_cast<std::uint64_t>(time.count() > 0 ? time.count() : 0);
}

/// From now until then, for ppoll and the like; zero when that is over.
inline timespec time_until(std::uint64_t until_ns) noexcept {
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t left = until_ns > now ? until_ns - now : 0;
  return {static_cast<time_t>(left / kNanosPerSecond), static_cast<long>(left % kNanosPerSecond)};
}

}  // namespace chat::bench
