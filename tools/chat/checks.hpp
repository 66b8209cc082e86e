#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace chat::tools {

// Checks of an option's value. What they answer is what the option takes; usage_error.hpp makes a
// sentence of it.

/// Decimal digits, from `least` to `most`.
CLI::Validator whole_number(std::uint64_t least = 0,
                            std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
/// A number from 0, with or without a fraction.
CLI::Validator number_from_zero();
/// The same, from `least` (≥ 0) to `most`.
CLI::Validator number_between(double least, double most);
/// Of these two the one for `target`, as far as it can hold it.
template <class Number>
CLI::Validator number_for(const Number& /*target*/) {
  if constexpr (std::is_integral_v<Number>) {
    return whole_number(0, std::numeric_limits<Number>::max());
  } else {
    return number_from_zero();
  }
}

/// What parse_time takes, at most kMostTime.
CLI::Validator time_value();

/// What parse_rate takes, and what parse_percent takes.
CLI::Validator rate_value();
CLI::Validator percent_value();

/// What parse_since takes, or nothing.
CLI::Validator since_value();

/// One of these words.
CLI::Validator one_of(std::vector<std::string> words);

/// One of these words, which becomes its number: for an option with an enumeration behind it
/// (CLI::Option::transform).
CLI::Validator number_of_word(std::vector<std::pair<std::string, int>> words);

/// The words that an option takes by one of these two; none where it takes others.
std::vector<std::string> words_of(const CLI::Option& option);

}  // namespace chat::tools
