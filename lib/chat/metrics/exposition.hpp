#pragma once

#include <string>

#include "chat/metrics/stats.hpp"

namespace chat::metrics {

/// `stats` (all workers added up) in Prometheus' text format 0.0.4. `draining`: readiness is off.
std::string to_prometheus(const WorkerStats& stats, bool draining);

}  // namespace chat::metrics
