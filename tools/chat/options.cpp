#include "options.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

namespace chat::tools {

std::optional<std::chrono::milliseconds> parse_time(const std::string& word) {
  static const std::map<std::string, std::uint64_t> units{
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 24 * 3'600'000}};
  const auto unit_at = std::min(word.find_first_not_of("0123456789"), word.size());
  const std::string unit = unit_at == word.size() ? "s" : word.substr(unit_at);
  const auto found = units.find(unit);
  if (unit_at == 0 || unit_at > 9 || found == units.end()) return std::nullopt;
  return std::chrono::milliseconds(std::stoull(word.substr(0, unit_at)) * found->second);
}

}  // namespace chat::tools
