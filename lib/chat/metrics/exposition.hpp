#pragma once

#include <string>

#include "chat/metrics/stats.hpp"

namespace chat::metrics {

/// `stats` (all workers added up) in Prometheus' text format 0.0.4.
std::string to_prometheus(const WorkerStats& stats, bool ready);

}  // namespace chat::metrics
