#include "chat/bench/report/report_text.hpp"

#include <algorithm>

#include "chat/base/text.hpp"
#include "chat/bench/report/amount.hpp"
#include "chat/bench/report/percentiles.hpp"
#include "chat/bench/report/remarks.hpp"
#include "chat/bench/report/text_block.hpp"

namespace chat::bench {
namespace {

using base::visible;
using Rows = std::vector<std::vector<std::string>>;

std::string facts_text(const std::vector<Fact>& facts) {
  std::size_t width = 0;
  for (const auto& fact : facts) width = std::max(width, base::columns(visible(fact.name)));
  std::string text;
  for (const auto& fact : facts) {
    std::string name = "  " + visible(fact.name);
    name.append(width + 4 - base::columns(name), ' ');
    text += wrapped_text(name, visible(fact.text));
  }
  return text;
}

std::size_t repeats_of(const Report& report) {
  std::size_t repeats = 0;
  for (const auto& figure : report.figures) repeats = std::max(repeats, figure.values.size());
  return repeats;
}

/// A figure that fewer repeats measured than the others says so.
std::string range_of(const Figure& figure, const Spread& spread, std::size_t repeats) {
  std::string range;
  if (figure.values.size() > 1) range = range_text(spread.least, spread.most, figure.unit);
  if (figure.values.size() < repeats) {
    range += (range.empty() ? "" : ", ") + std::to_string(figure.values.size()) + " of " +
             std::to_string(repeats);
  }
  return range;
}

std::string figures_text(const Report& report) {
  const std::size_t repeats = repeats_of(report);
  Rows rows{{"figure", repeats > 1 ? "median" : "measured",
             repeats > 1 ? "least–most of " + std::to_string(repeats) + " repeats" : ""}};
  for (const auto& figure : report.figures) {
    if (figure.better == Figure::Better::zero || figure.values.empty()) continue;
    const Spread spread = spread_of(figure.values);
    rows.push_back({visible(figure.title), amount(spread.median, visible(figure.unit)),
                    range_of(figure, spread, repeats)});
  }
  return rows.size() > 1 ? table_text(rows, "lrl", 2) : "";
}

std::string latency_text(const base::Histogram& latency) {
  if (latency.count() == 0) return "  no deliveries\n";
  Rows rows(2);
  for (const auto& [title, quantile] : kPercentiles) {
    rows[0].emplace_back(title);
    rows[1].push_back(amount(static_cast<double>(latency.quantile(quantile)) / kNsPerMs, "ms"));
  }
  return table_text(rows, "rrrrrr", 2) +
         wrapped_text("  ", "of " + count_text(latency.count()) +
                                (latency.count() == 1 ? " delivery" : " deliveries") +
                                " in all repeats; a percentile is off by " +
                                amount(100 * kPercentileError) + "% at most");
}

std::string flaws_text(const Report& report) {
  Rows rows;
  for (const auto& figure : report.figures) {
    if (figure.better != Figure::Better::zero || figure.values.empty()) continue;
    std::string each;
    for (const double value : figure.values) {
      each += (each.empty() ? "" : ", ") + amount(value, visible(figure.unit));
    }
    const bool is_flaw = spread_of(figure.values).most > 0;
    rows.push_back({visible(figure.title), each, is_flaw ? "FLAW" : ""});
  }
  const std::string remark = flawless_remark(report);
  return remark.empty() ? table_text(rows, "lll", 2) : wrapped_text("  ", remark);
}

std::string objectives_text(const std::vector<Objective>& objectives) {
  Rows rows;
  for (const auto& objective : objectives) {
    rows.push_back({objective.is_met ? "met" : "MISSED", visible(objective.title),
                    objective.is_measured ? amount(objective.measured, visible(objective.unit))
                                          : "not measured"});
  }
  return table_text(rows, "llr", 2);
}

std::string search_text(const Search& search) {
  if (search.of.empty()) return {};
  const auto level = [&search](double value) { return amount(value, visible(search.unit)); };
  std::string text = search.held < 0 ? "no level held" : level(search.held) + " held";
  if (search.failed >= 0) {
    text += ", " + level(search.failed) + " did not: " + visible(search.why);
  } else {
    text += ", and none that was tried failed";
  }
  std::string runs;
  for (std::size_t i = 0; i < search.levels.size(); ++i) {
    const bool held = i < search.holds.size() && search.holds[i];
    runs += (runs.empty() ? "" : ", ") + level(search.levels[i]) + (held ? "" : " failed");
  }
  return wrapped_text("  highest " + visible(search.of) + ": ", text) +
         wrapped_text("  runs: ", runs);
}

std::string notes_text(const std::vector<std::string>& notes) {
  std::string text;
  for (const auto& note : notes) text += wrapped_text("  - ", visible(note));
  return text;
}

std::string section(const std::string& title, const std::string& text) {
  return text.empty() ? "" : "\n" + title + "\n" + text;
}

}  // namespace

std::string loud_text(const Report& report) {
  std::string text;
  for (const auto& remark : loud_remarks(report)) text += wrapped_text("*** ", remark + " ***");
  return text;
}

std::string to_text(const Report& report) {
  const std::string loud = loud_text(report);
  std::string text = loud + (loud.empty() ? "" : "\n");
  text += visible(report.scenario) + "\n" + facts_text(report.workload);
  text += section("figures", figures_text(report));
  text += section("latency", latency_text(report.latency));
  text += section("flaws", flaws_text(report));
  text += section("objectives", objectives_text(report.objectives));
  text += section("search", search_text(report.search));
  text += section("setup", facts_text(report.setup));
  text += section("notes", notes_text(report.notes));
  return text + (loud.empty() ? "" : "\n" + loud);
}

}  // namespace chat::bench
