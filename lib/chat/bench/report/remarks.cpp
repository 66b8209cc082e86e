#include "chat/bench/report/remarks.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/bench/report/amount.hpp"

namespace chat::bench {
namespace {

using Better = Figure::Better;

/// What it means that there is none, of the flaws that a load test counts.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNone{{
    {"lost", "nothing lost"},
    {"duplicated", "nothing twice"},
    {"misordered", "one order"},
    {"order_mismatch", "one order"},
    {"foreign", "nothing foreign"},
    {"not_sent", "all sent"},
    {"unacked", "all acknowledged"},
    {"refused", "nothing refused"},
    {"disconnects", "no connection lost"},
}};

std::string none_of(const Figure& figure) {
  for (const auto& [name, words] : kNone) {
    if (figure.name == name) return std::string(words);
  }
  return "no " + base::visible(figure.title);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string flaws_text(const Report& report) {
  std::vector<std::string> flaws;
  for (const auto& figure : report.figures) {
    const double most = spread_of(figure.values).most;
    if (figure.better != Better::zero || most <= 0) continue;
    flaws.push_back(base::visible(figure.title) + " " + amount(most, figure.unit));
  }
  return joined(flaws);
}

}  // namespace

std::vector<std::string> loud_remarks(const Report& report) {
  std::vector<std::string> remarks;
  if (report.is_interrupted) {
    remarks.emplace_back("INTERRUPTED: this is only what was measured until then.");
  }
  if (report.is_flawed()) {
    remarks.push_back("FLAWED, at most in a repeat: " + flaws_text(report) + ".");
  }
  for (const auto& warning : report.warnings) remarks.push_back(base::visible(warning));
  return remarks;
}

std::string flawless_remark(const Report& report) {
  if (report.is_flawed()) return {};
  std::vector<std::string> parts;
  for (const auto& figure : report.figures) {
    if (figure.better != Better::zero || figure.values.empty()) continue;
    std::string none = none_of(figure);
    const bool is_said = std::find(parts.begin(), parts.end(), none) != parts.end();
    if (!is_said) parts.push_back(std::move(none));
  }
  return joined(parts);
}

}  // namespace chat::bench
