#include "checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "options.hpp"
#include "since.hpp"

namespace chat::tools {
namespace {

/// "auto, always or never".
std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 < words.size() ? ", " : " or ") + words[i];
  }
  return text;
}

/// "{auto,always,never}", for words_of.
std::string in_braces(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "{" : ",") + word;
  return text + "}";
}

std::string range_of(std::uint64_t least, std::uint64_t most, bool is_bounded) {
  const auto from = "a whole number from " + std::to_string(least);
  return is_bounded ? from + " to " + std::to_string(most) : from;
}

std::optional<double> number_of(const std::string& word) {
  if (word.empty() || std::isdigit(static_cast<unsigned char>(word[0])) == 0) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(word.c_str(), &end);
  return *end == '\0' && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return CLI::Validator(
      [least, most](const std::string& word) {
        std::uint64_t number = 0;
        const char* const end = word.data() + word.size();
        const auto [stopped, error] = std::from_chars(word.data(), end, number);
        const bool is_number = !word.empty() && stopped == end;
        if (is_number && error == std::errc() && number >= least && number <= most) {
          return std::string();
        }
        // A bound that nobody meets is not worth a word.
        const bool has_bound = most <= std::numeric_limits<std::uint32_t>::max();
        return range_of(least, most, is_number || has_bound);
      },
      "");
}

CLI::Validator number_from_zero() {
  return CLI::Validator(
      [](const std::string& word) {
        return number_of(word) ? std::string() : std::string("a number from 0");
      },
      "");
}

CLI::Validator number_between(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& word) {
        const auto number = number_of(word);
        const bool is_good = number && *number >= least && *number <= most;
        return is_good ? std::string() : fmt::format("a number from {:g} to {:g}", least, most);
      },
      "");
}

CLI::Validator time_value() {
  return CLI::Validator(
      [](const std::string& word) {
        const auto time = parse_time(word);
        return time && *time <= kMostTime ? std::string() : std::string(kTimeForm);
      },
      "");
}

CLI::Validator rate_value() {
  return CLI::Validator(
      [](const std::string& word) { return parse_rate(word) ? std::string() : kRateForm; }, "");
}

CLI::Validator percent_value() {
  return CLI::Validator(
      [](const std::string& word) { return parse_percent(word) ? std::string() : kPercentForm; },
      "");
}

CLI::Validator since_value() {
  return CLI::Validator(
      [](const std::string& word) {
        const bool is_good = word.empty() || parse_since(word, 0).has_value();
        return is_good ? std::string()
                       : "EPOCH:SEQ, all, a time ago (10m, 2h, 7d) or a moment "
                         "(2026-11-25T10:00:00Z)";
      },
      "");
}

CLI::Validator one_of(std::vector<std::string> words) {
  const auto description = in_braces(words);
  return CLI::Validator(
      [words = std::move(words)](const std::string& word) {
        const bool is_known = std::find(words.begin(), words.end(), word) != words.end();
        return is_known ? std::string() : listed(words);
      },
      description);
}

std::vector<std::string> words_of(const CLI::Option& option) {
  const auto name = option.get_type_name();
  const auto begin = name.find(":{");
  if (begin == std::string::npos) return {};
  const auto end = std::min(name.find('}', begin), name.size());
  std::vector<std::string> words;
  for (std::size_t at = begin + 2; at < end;) {
    const auto comma = std::min(name.find(',', at), end);
    words.push_back(name.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

CLI::Validator number_of_word(std::vector<std::pair<std::string, int>> words) {
  std::vector<std::string> names;
  for (const auto& [name, number] : words) names.push_back(name);
  const auto description = in_braces(names);
  return CLI::Validator(
      [words = std::move(words), names = std::move(names)](std::string& word) {
        for (const auto& [name, number] : words) {
          if (name != word) continue;
          word = std::to_string(number);
          return std::string();
        }
        return listed(names);
      },
      description);
}

}  // namespace chat::tools
