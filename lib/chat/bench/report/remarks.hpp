#pragma once

#include <string>
#include <vector>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// Why what a report says must be read with care, the gravest first: "INTERRUPTED: …", "FLAWED …",
/// and the report's warnings. Of one line each, safe to show. Empty when there is nothing.
std::vector<std::string> loud_remarks(const Report& report);

/// What its counts of flaws say when all are 0: "nothing lost, nothing twice, one order", as far as
/// it was measured. Empty when one is not 0, or none was counted.
std::string flawless_remark(const Report& report);

}  // namespace chat::bench
