#pragma once

#include <string>

#include "chat/metrics/process.hpp"
#include "chat/metrics/stats.hpp"

namespace chat::metrics {

/// `stats` (all workers added up) and the process they are of in Prometheus' text format 0.0.4.
std::string to_prometheus(const WorkerStats& stats, const ProcessStats& process, bool ready);

}  // namespace chat::metrics
