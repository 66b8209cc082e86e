#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// A second, or several, of all repeats together: the spread over the repeats that measured it.
struct Moment {
  double at_s = 0;
  std::optional<Spread> deliveries;  ///< a second, as the next
  std::optional<Spread> sent;
  std::optional<Spread> p50_ms;  ///< none when nothing came, as the next
  std::optional<Spread> p99_ms;
  std::optional<Spread> generator;  ///< share of a core
  std::optional<Spread> server;     ///< share of a core; none when it is not known
};

struct Timeline {
  std::size_t step_s = 1;  ///< how many seconds a moment is
  std::vector<Moment> moments;
};

/// At most `most` moments, of as many seconds as that needs. In a moment's seconds rates and CPU
/// are averaged; of latencies the worst second counts.
Timeline timeline_of(const Report& report, std::size_t most);

}  // namespace chat::bench
