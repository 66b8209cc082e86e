#pragma once

#include <string>
#include <vector>

#include "chat/bench/report/comparison.hpp"

namespace chat::bench {

/// `runs` side by side as one HTML page, the runs as lines in the same plots; it needs no script
/// and nothing from outside. `comparison` is of these runs.
std::string comparison_html(const std::vector<ComparedRun>& runs, const Comparison& comparison);

}  // namespace chat::bench
