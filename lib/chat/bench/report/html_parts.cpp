#include "chat/bench/report/html_parts.hpp"

#include <array>

#include "chat/bench/report/amount.hpp"
#include "chat/bench/report/html_text.hpp"
#include "chat/bench/report/percentiles.hpp"

namespace chat::bench {
namespace {

struct Column {
  const char* title;
  std::optional<Spread> Moment::*measured;
  double scale;
};

constexpr std::array<Column, 6> kColumns{{
    {"deliveries/s", &Moment::deliveries, 1},
    {"messages/s", &Moment::sent, 1},
    {"p50, ms", &Moment::p50_ms, 1},
    {"p99, ms", &Moment::p99_ms, 1},
    {"server, % of a core", &Moment::server, 100},
    {"generator, % of a core", &Moment::generator, 100},
}};

std::string row_of(const Moment& moment) {
  std::string row = "<tr><th scope=\"row\">" + amount(moment.at_s) + "</th>";
  for (const auto& column : kColumns) {
    const auto& measured = moment.*column.measured;
    row += "<td>" + (measured ? amount(column.scale * measured->median) : "–") + "</td>";
  }
  return row + "</tr>\n";
}

}  // namespace

std::string loud_html(const std::vector<std::string>& remarks) {
  if (remarks.empty()) return {};
  std::string html =
      "<section class=\"loud\" aria-labelledby=\"loud-title\"><h2 id=\"loud-title\">"
      "Read this first</h2><ul>\n";
  for (const auto& remark : remarks) html += "<li>" + html_text(remark) + "</li>\n";
  return html + "</ul></section>\n";
}

std::string facts_html(const std::string& title, const std::vector<Fact>& facts) {
  if (facts.empty()) return {};
  std::string html = "<section class=\"card\"><h2>" + html_text(title) + "</h2><dl>\n";
  for (const auto& fact : facts) {
    html += "<dt>" + html_name(fact.name) + "</dt><dd>" + html_name(fact.text) + "</dd>\n";
  }
  return html + "</dl></section>\n";
}

std::string scrolled(const std::string& name, const std::string& table) {
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + html_text(name) +
         "\">" + table + "</div>\n";
}

std::string percentiles_html(const std::vector<DrawnRun>& runs) {
  std::string table = "<table><caption>ms, over all repeats; off by " +
                      amount(100 * kPercentileError) +
                      "% at most</caption><thead><tr><th scope=\"col\">percentile</th>";
  for (const auto& run : runs) table += "<th scope=\"col\">" + html_name(run.name) + "</th>";
  table += "</tr></thead><tbody>\n";
  for (const auto& [title, quantile] : kPercentiles) {
    table += "<tr><th scope=\"row\">" + std::string(title) + "</th>";
    for (const auto& run : runs) {
      const bool has_any = run.latency->count() > 0;
      const auto ns = static_cast<double>(run.latency->quantile(quantile));
      table += "<td>" + (has_any ? amount(ns / kNsPerMs) : "–") + "</td>";
    }
    table += "</tr>\n";
  }
  table += "<tr><th scope=\"row\">deliveries</th>";
  for (const auto& run : runs) table += "<td>" + count_text(run.latency->count()) + "</td>";
  return "<section class=\"card\"><h2>Latency</h2>" +
         scrolled("Latency by percentile", table + "</tr></tbody></table>") + "</section>\n";
}

std::string seconds_html(const DrawnRun& run) {
  if (run.timeline.moments.empty()) return {};
  std::string table =
      "<table><caption>The median over the repeats</caption><thead><tr><th "
      "scope=\"col\">second</th>";
  for (const auto& column : kColumns) {
    table += "<th scope=\"col\">" + std::string(column.title) + "</th>";
  }
  table += "</tr></thead><tbody>\n";
  for (const auto& moment : run.timeline.moments) table += row_of(moment);
  return "<details><summary>" + html_name(run.name) + " by second</summary>" +
         scrolled(run.name + " by second", table + "</tbody></table>") + "</details>\n";
}

}  // namespace chat::bench
