#pragma once

#include <string>

#include "chat/bench/report/comparison.hpp"

namespace chat::bench {

/// `comparison` as lines for a terminal of 120 columns, safe to show.
std::string comparison_text(const Comparison& comparison);

}  // namespace chat::bench
