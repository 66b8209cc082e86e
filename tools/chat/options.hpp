#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace chat::tools {

/// A time on the command line: "250ms", "10s", "5m", "2h", "7d"; a bare number is seconds. nullopt
/// when it is none, or has more than nine digits.
std::optional<std::chrono::milliseconds> parse_time(const std::string& word);

/// The same in words.
constexpr const char* kTimeForm =
    "a time (250ms, 10s, 5m, 2h, 7d; a bare number is seconds; at most 365d)";

/// The longest that a verb may be told to wait: more does not fit on its clock.
constexpr std::chrono::hours kMostTime{365 * 24};

/// A rate on the command line: "100/s", "0.5/s", "600/m"; a bare number is a second's. Above 0.
std::optional<double> parse_rate(const std::string& word);
constexpr const char* kRateForm =
    "a rate above 0 (100/s, 0.5/s, 600/m; a bare number is a second's)";

/// "5%", "0.1%"; a bare number is percent, too. Gives a share of 1; nullopt when it is none from 0%
/// to 100%.
std::optional<double> parse_percent(const std::string& word);
constexpr const char* kPercentForm = "a percentage from 0% to 100%";

}  // namespace chat::tools
