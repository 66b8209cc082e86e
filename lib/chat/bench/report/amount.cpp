#include "chat/bench/report/amount.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace chat::bench {
namespace {

constexpr int kDigits = 3;         // significant ones
constexpr int kLongExponent = 15;  // from here on a number is shown with its exponent …
constexpr int kTinyExponent = -5;  // … and up to here
constexpr double kMostWhole = 9007199254740992.0;  // 2^53

std::string digits(double value, std::chars_format format, int precision) {
  std::array<char, 64> buffer;
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format, precision);
  return {buffer.data(), written.ptr};
}

/// "1234567.5" with commas.
std::string grouped(std::string text) {
  const std::size_t begin = text.rfind('-') == 0 ? 1 : 0;
  std::size_t at = std::min(text.find('.'), text.size());
  while (at > begin + 3) text.insert(at -= 3, ",");
  return text;
}

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

bool is_counted(double value, std::string_view unit) {
  return unit.empty() && std::abs(value) < kMostWhole && std::floor(value) == value;
}

/// Two significant digits of what is missing to 100.
std::string near_hundred(double percent) {
  const int behind = 1 - static_cast<int>(std::floor(std::log10(100 - percent)));
  return without_trailing_zeros(
      digits(percent, std::chars_format::fixed, std::clamp(behind, 1, 9)));
}

std::string number_text(double value, std::string_view unit) {
  if (is_counted(value, unit)) return grouped(digits(value + 0.0, std::chars_format::fixed, 0));
  return unit == "%" && value > 99 && value < 100 ? near_hundred(value) : amount(value);
}

}  // namespace

std::string amount(double value) {
  if (std::isnan(value)) return "?";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  if (value == 0) return "0";
  const std::string rounded = digits(value, std::chars_format::scientific, kDigits - 1);
  const std::size_t mark = rounded.find('e');
  const int exponent = std::atoi(rounded.c_str() + mark + 1);
  if (exponent >= kLongExponent || exponent <= kTinyExponent) {
    return without_trailing_zeros(rounded.substr(0, mark)) + "e" + std::to_string(exponent);
  }
  const int behind = std::max(0, kDigits - 1 - exponent);
  double shown = value;
  std::from_chars(rounded.data(), rounded.data() + rounded.size(), shown);
  return grouped(without_trailing_zeros(digits(shown, std::chars_format::fixed, behind)));
}

std::string amount(double value, std::string_view unit) {
  return number_text(value, unit) + unit_behind(unit);
}

std::string exact_amount(double value, std::string_view unit) {
  std::array<char, 512> buffer;
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return grouped({buffer.data(), written.ptr}) + unit_behind(unit);
}

std::string count_text(std::uint64_t count) { return grouped(std::to_string(count)); }

std::string range_text(double least, double most, std::string_view unit) {
  const std::string from = number_text(least, unit);
  const std::string to = number_text(most, unit);
  return from == to ? from : from + "–" + to;
}

std::string unit_behind(std::string_view unit) {
  const bool stands_apart = !unit.empty() && unit.front() != '%' && unit.front() != '/';
  return (stands_apart ? " " : "") + std::string(unit);
}

}  // namespace chat::bench
