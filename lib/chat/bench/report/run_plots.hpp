#pragma once

#include <string>
#include <vector>

#include "chat/bench/report/plot.hpp"
#include "chat/bench/report/report.hpp"
#include "chat/bench/report/timeline.hpp"

namespace chat::bench {

/// A run to be drawn: what it is called in legends, and its numbers.
struct DrawnRun {
  std::string name;
  const base::Histogram* latency;  ///< outlives this
  Timeline timeline;
};

/// Its timeline is as fine as a plot can show.
DrawnRun drawn(const std::string& name, const Report& report);

/// Latency by percentile: a line for each run.
Plot latency_plot(const std::vector<DrawnRun>& runs);

/// Of one run by second: each line has the spread over the repeats as a band.
std::vector<Plot> time_plots(const DrawnRun& run);

/// Of several runs by second: a plot for each thing, a line for each run.
std::vector<Plot> time_plots(const std::vector<DrawnRun>& runs);

}  // namespace chat::bench
