#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// What a figure must keep to.
struct Bound {
  enum class Side { at_most, at_least };

  std::string written;  ///< "p99=50ms"
  std::string figure;   ///< its name in a report: "latency_p99"
  std::string title;    ///< "latency p99"
  Side side = Side::at_most;
  double limit = 0;
  std::string unit;  ///< "ns", "µs", "ms", "s" or "%"
};

/// Reads NAME=VALUE:
///
/// | name | figure | value |
/// | --- | --- | --- |
/// | p50 p90 p95 p99 p99.9 max | latency_p50 … latency_p99.9, latency_max | TIME: at most |
/// | join_p50 … join_max | the same: time to join | TIME: at most |
/// | rejoin_p50 … rejoin_max | the same: time to join again | TIME: at most |
/// | back_p50 … back_max | the same: time to be back | TIME: at most |
/// | reach | reach | PERCENT: at least |
///
/// TIME is a number with its unit (ns, us or µs, ms, s), above 0; PERCENT is 0% to 100%. The error
/// says what is understood.
tl::expected<Bound, std::string> parse_bound(std::string_view text);

/// Holds the median over the repeats of each bound's figure against it. Without that figure a
/// percentile of the latency is taken from the histogram of all repeats; another bound is not
/// measured then, and not met.
std::vector<Objective> judge(const std::vector<Bound>& bounds, const Report& report);

}  // namespace chat::bench
