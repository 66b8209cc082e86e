#include "chat/bench/report/report_csv.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include "chat/base/text.hpp"

namespace chat::bench {
namespace {

std::string cell(std::string_view raw) {
  constexpr std::string_view kBeginsFormula = "=+-@";
  const std::string text = base::visible(raw);
  std::string safe;
  if (!text.empty() && kBeginsFormula.find(text.front()) != std::string_view::npos) safe = "'";
  safe += text;
  if (safe.find_first_of(",\"") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

std::string number(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

}  // namespace

std::string to_csv(const Report& report) {
  std::string csv = "scenario,figure,unit,repeat,value\n";
  for (const auto& figure : report.figures) {
    const std::string row =
        cell(report.scenario) + "," + cell(figure.name) + "," + cell(figure.unit) + ",";
    for (std::size_t i = 0; i < figure.values.size(); ++i) {
      csv += row + std::to_string(i + 1) + "," + number(figure.values[i]) + "\n";
    }
  }
  return csv;
}

}  // namespace chat::bench
