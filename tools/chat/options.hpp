#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace chat::tools {

/// A time on the command line: "250ms", "10s", "5m", "2h", "7d"; a bare number is seconds. nullopt
/// when it is none.
std::optional<std::chrono::milliseconds> parse_time(const std::string& word);

}  // namespace chat::tools
