#pragma once

#include <CLI/CLI.hpp>

namespace chat::tools {

/// Refuses a number with a minus, which CLI11 would take for a very large one.
CLI::Validator from_zero();

}  // namespace chat::tools
