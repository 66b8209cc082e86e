#pragma once

#include <array>

#include "chat/base/histogram.hpp"

namespace chat::bench {

/// A percentile that every report shows.
struct Percentile {
  const char* title;  ///< "p99.9"
  double quantile;    ///< 0.999; 1 is the highest
};

constexpr std::array<Percentile, 6> kPercentiles{{
    {"p50", 0.5},
    {"p90", 0.9},
    {"p95", 0.95},
    {"p99", 0.99},
    {"p99.9", 0.999},
    {"max", 1},
}};

/// The relative error of a percentile, at most.
constexpr double kPercentileError = 1.0 / (1U << base::Histogram::kSubBits);

constexpr double kNsPerMs = 1e6;

}  // namespace chat::bench
