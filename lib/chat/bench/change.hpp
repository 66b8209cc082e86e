#pragma once

#include <optional>
#include <vector>

namespace chat::bench {

/// One figure of some runs against the same figure of others.
struct Change {
  double ratio;  ///< after / before: the median of the ratios of each run to each (Hodges-Lehmann)
  double low;    ///< the true ratio is between `low` …
  double high;   ///< … and `high`, inclusive, …
  double confidence;  ///< … in so many of 1 cases, whatever the figure's distribution

  /// It is not 1, as far as can be told: never with less confidence than `wanted`.
  bool is_beyond_noise(double wanted) const noexcept {
    return confidence >= wanted && (low > 1 || high < 1);
  }
};

/// Compares repeats of a figure that is above 0, on the scale of its logarithm: a distribution-free
/// interval from the Wilcoxon rank sum (M. Hollander, D. Wolfe, Nonparametric Statistical Methods,
/// 1999, section 4.3). The interval is the narrowest with at least the confidence `wanted` (between
/// 0 and 1); where there are too few repeats for that, the widest with the confidence that it has:
/// 4 against 4 are enough for 0.95, 3 against 3 give 0.9, 1 against 1 give 0. nullopt when one side
/// is empty or has a value that is not above 0.
std::optional<Change> change_between(const std::vector<double>& before,
                                     const std::vector<double>& after, double wanted);

}  // namespace chat::bench
