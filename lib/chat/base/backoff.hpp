#pragma once

#include <cstdint>

#include "chat/base/executor.hpp"

namespace chat::base {

/// Full-jitter exponential back-off: the k-th wait is uniform in [0, min(cap, base * 2^k)].
/// Source: M. Brooker, "Exponential Backoff And Jitter" (2015). Pure: randomness is an argument.
class Backoff {
 public:
  Backoff(Duration base, Duration cap) noexcept : base_(base), cap_(cap) {}

  /// The next wait; `random` is uniform over all 64-bit values.
  Duration next(std::uint64_t random) noexcept;
  /// Starts again at the shortest wait (after a success).
  void reset() noexcept { attempt_ = 0; }

 private:
  Duration base_;
  Duration cap_;
  unsigned attempt_ = 0;
};

}  // namespace chat::base
