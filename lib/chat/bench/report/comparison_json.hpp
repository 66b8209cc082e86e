#pragma once

#include <string>

#include "chat/bench/report/comparison.hpp"

namespace chat::bench {

/// `comparison` as one JSON object of the format "chat-bench-comparison/1" (docs/bench.md), laid
/// out for people. Runs have numbers from 0; what does not exist, or is not finite, is null.
std::string comparison_json(const Comparison& comparison);

}  // namespace chat::bench
