#include "chat/bench/arrivals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace chat::bench {

Arrivals::Arrivals(Kind kind, double per_second, std::size_t senders, std::uint64_t seed)
    : kind_(kind), interval_ns_(1e9 / per_second), random_(seed), senders_(senders) {
  if (kind == Kind::poisson) return;
  order_.resize(senders);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  for (std::size_t i = senders; i > 1; --i) std::swap(order_[i - 1], order_[random_() % i]);
}

Due Arrivals::next() {
  if (kind_ == Kind::even) {
    const std::uint64_t turn = turn_++;
    const double at = static_cast<double>(turn) * interval_ns_;  // a sum would drift
    return {static_cast<std::uint64_t>(at), order_[turn % order_.size()]};
  }
  at_ns_ += gap();
  return {static_cast<std::uint64_t>(at_ns_), static_cast<std::size_t>(random_() % senders_)};
}

/// Exponentially distributed. By hand: std::exponential_distribution differs between libraries.
double Arrivals::gap() noexcept {
  constexpr double kSteps = 9007199254740992.0;  // 2^53
  const double uniform = (static_cast<double>(random_() >> 11U) + 0.5) / kSteps;
  return -std::log(uniform) * interval_ns_;
}

}  // namespace chat::bench
