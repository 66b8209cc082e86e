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

}  // namespace chat::tools
