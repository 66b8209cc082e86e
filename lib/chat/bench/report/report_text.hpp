#pragma once

#include <string>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// `report` as lines for a terminal of 100 columns or more. What a stranger's text has that a
/// terminal would obey is made visible.
std::string to_text(const Report& report);

/// loud_remarks as lines between asterisks; empty when there is none.
std::string loud_text(const Report& report);

}  // namespace chat::bench
