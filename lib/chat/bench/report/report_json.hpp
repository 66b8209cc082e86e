#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// What a saved report may have at most; a longer one is refused.
constexpr std::size_t kMostReportBytes = std::size_t{64} << 20;
constexpr std::size_t kMostRepeats = 100;  ///< values of a figure
constexpr std::size_t kMostFigures = 256;

/// `report` as one JSON object of the format "chat-bench/1" (docs/bench.md), laid out for people.
/// Numbers are written so that report_from_json has the same again; one that is not finite is null.
std::string to_json(const Report& report);

/// What to_json wrote, by whomever: what can be computed from the rest (medians, percentiles) and
/// what is not known is passed over. The error says what is wrong where: "figures[3].better is
/// \"best\", …". Never throws.
tl::expected<Report, std::string> report_from_json(std::string_view text);

}  // namespace chat::bench
