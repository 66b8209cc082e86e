#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>

namespace chat::tools {
namespace {

/// Of digits, with or without a fraction, and what stands behind it.
std::optional<std::pair<double, std::string>> number_and_rest(const std::string& word) {
  const auto digits = std::min(word.find_first_not_of("0123456789."), word.size());
  if (digits == 0 || digits > 15 || word[0] == '.') return std::nullopt;
  double number = 0;
  const auto [stopped, error] = std::from_chars(word.data(), word.data() + digits, number);
  if (error != std::errc() || stopped != word.data() + digits) return std::nullopt;
  return std::pair(number, word.substr(digits));
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_time(const std::string& word) {
  static const std::map<std::string, std::uint64_t> units{
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 24 * 3'600'000}};
  const auto unit_at = std::min(word.find_first_not_of("0123456789"), word.size());
  const std::string unit = unit_at == word.size() ? "s" : word.substr(unit_at);
  const auto found = units.find(unit);
  if (unit_at == 0 || unit_at > 9 || found == units.end()) return std::nullopt;
  return std::chrono::milliseconds(std::stoull(word.substr(0, unit_at)) * found->second);
}

std::optional<double> parse_rate(const std::string& word) {
  const auto parsed = number_and_rest(word);
  if (!parsed || parsed->first <= 0) return std::nullopt;
  if (parsed->second.empty() || parsed->second == "/s") return parsed->first;
  if (parsed->second == "/m") return parsed->first / 60;
  return std::nullopt;
}

std::optional<double> parse_percent(const std::string& word) {
  const auto parsed = number_and_rest(word);
  if (!parsed || parsed->first > 100) return std::nullopt;
  if (!parsed->second.empty() && parsed->second != "%") return std::nullopt;
  return parsed->first / 100;
}

}  // namespace chat::tools
