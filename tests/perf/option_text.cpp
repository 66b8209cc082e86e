#include "option_text.hpp"

#include <cmath>
#include <cstdlib>

namespace perf {

double number_of(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value) || value < 0) {
    throw UsageError(option + " needs a number, not '" + text + "'");
  }
  return value;
}

std::size_t count_of(const std::string& option, const std::string& text) {
  const double value = number_of(option, text);
  if (value > 1e9 || value != std::floor(value)) {
    throw UsageError(option + " needs a whole number, not '" + text + "'");
  }
  return static_cast<std::size_t>(value);
}

Address address_of(const std::string& option, const std::string& text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos ? 0 : count_of(option, text.substr(colon + 1));
  if (port == 0 || port > 65535)
    throw UsageError(option + " needs ADDRESS:PORT, not '" + text + "'");
  return {text.substr(0, colon), static_cast<std::uint16_t>(port)};
}

}  // namespace perf
