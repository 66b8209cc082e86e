#pragma once

#include <string>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// A row for each figure and repeat below the heading `scenario,figure,unit,repeat,value`, in the
/// manner of RFC 4180, with LF; repeats from 1, values with all their digits. What a
/// terminal would obey is made visible; a text that a spreadsheet would take for a formula gets an
/// apostrophe in front.
std::string to_csv(const Report& report);

}  // namespace chat::bench
