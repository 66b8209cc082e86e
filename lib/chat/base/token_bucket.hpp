#pragma once

#include "chat/base/executor.hpp"

namespace chat::base {

/// Lets through `rate` things a second on average and `burst` at once. Pure: time is an argument.
/// Source: the token bucket of RFC 2697 section 3, with fractional tokens.
class TokenBucket {
 public:
  /// rate <= 0: everything passes. `burst` is at least 1. Starts full.
  TokenBucket(double rate_per_second, double burst, TimePoint now) noexcept;

  /// Takes one token; false when there is none (nothing is taken then).
  bool take(TimePoint now) noexcept;
  /// How long until `take` can succeed; zero when it can now.
  Duration wait(TimePoint now) const noexcept;

 private:
  double tokens_at(TimePoint now) const noexcept;

  float rate_;
  float burst_;
  double tokens_;
  TimePoint updated_;
};

}  // namespace chat::base
