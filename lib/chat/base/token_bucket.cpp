#include "chat/base/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace chat::base {
namespace {

/// Rounding of the arithmetic below. What it lets through early is owed afterwards, so it never
/// adds up.
constexpr double kRounding = 1e-6;

}  // namespace

TokenBucket::TokenBucket(double rate_per_second, double burst, TimePoint now) noexcept
    : rate_(static_cast<float>(rate_per_second)),
      burst_(static_cast<float>(std::max(burst, 1.0))),
      tokens_(static_cast<double>(burst_)),
      updated_(now) {}

bool TokenBucket::take(TimePoint now) noexcept {
  if (!(rate_ > 0)) return true;
  const double tokens = tokens_at(now);
  if (tokens < 1 - kRounding) return false;
  tokens_ = tokens - 1;
  updated_ = std::max(updated_, now);
  return true;
}

Duration TokenBucket::wait(TimePoint now) const noexcept {
  if (!(rate_ > 0)) return Duration::zero();
  const double missing = 1 - tokens_at(now);
  if (missing <= kRounding) return Duration::zero();
  constexpr double kLongest = 1e18;  // 31 years; more would overflow when added to a time
  return Duration(static_cast<Duration::rep>(
      std::min(std::ceil(missing / static_cast<double>(rate_) * 1e9), kLongest)));
}

double TokenBucket::tokens_at(TimePoint now) const noexcept {
  const Duration elapsed = std::max(now - updated_, Duration::zero());
  const double gained = std::chrono::duration<double>(elapsed).count() * static_cast<double>(rate_);
  return std::min(tokens_ + gained, static_cast<double>(burst_));
}

}  // namespace chat::base
