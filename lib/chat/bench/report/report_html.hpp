#pragma once

#include <string>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// `report` as one HTML page with plots, which needs no script and nothing from outside.
std::string to_html(const Report& report);

}  // namespace chat::bench
