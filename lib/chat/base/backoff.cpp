#include "chat/base/backoff.hpp"

#include <algorithm>

namespace chat::base {
namespace {

/// base * 2^attempt, at most `cap`, without overflow.
Duration grown(Duration base, Duration cap, unsigned attempt) noexcept {
  constexpr unsigned kShiftBits = 62;
  if (attempt > kShiftBits || base.count() > (cap.count() >> attempt)) return cap;
  return base * (std::int64_t{1} << attempt);
}

}  // namespace

Duration Backoff::next(std::uint64_t random) noexcept {
  const Duration base = std::max(base_, Duration::zero());
  const Duration cap = std::max(cap_, Duration::zero());
  const Duration bound = grown(base, cap, attempt_);
  if (bound < cap) ++attempt_;
  const auto choices = static_cast<std::uint64_t>(bound.count()) + 1;
  return Duration(static_cast<std::int64_t>(random % choices));
}

}  // namespace chat::base
