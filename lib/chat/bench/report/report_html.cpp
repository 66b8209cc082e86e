#include "chat/bench/report/report_html.hpp"

#include <algorithm>

#include "chat/bench/report/amount.hpp"
#include "chat/bench/report/html_parts.hpp"
#include "chat/bench/report/html_text.hpp"
#include "chat/bench/report/page.hpp"
#include "chat/bench/report/remarks.hpp"

namespace chat::bench {
namespace {

std::string header_html(const Report& report) {
  return "<header><p class=\"kind\">Load test</p><h1>" + html_name(report.scenario) +
         "</h1></header>\n";
}

std::size_t repeats_of(const Report& report) {
  std::size_t repeats = 0;
  for (const auto& figure : report.figures) repeats = std::max(repeats, figure.values.size());
  return repeats;
}

/// A figure that fewer repeats measured than the others says so.
std::string figure_row(const Figure& figure, std::size_t repeats) {
  const Spread spread = spread_of(figure.values);
  const std::size_t measured = figure.values.size();
  std::string range;
  if (measured > 1) range = range_text(spread.least, spread.most, figure.unit);
  if (measured < repeats) {
    range +=
        (range.empty() ? "" : ", ") + std::to_string(measured) + " of " + std::to_string(repeats);
  }
  return "<tr><th scope=\"row\">" + html_name(figure.title) + "</th><td class=\"spread\">" +
         html_text(amount(spread.median, figure.unit)) +
         (repeats > 1 ? "<small>" + html_text(range) + "</small>" : "") + "</td></tr>\n";
}

std::string figures_html(const Report& report) {
  const std::size_t repeats = repeats_of(report);
  std::string rows;
  for (const auto& figure : report.figures) {
    if (figure.better == Figure::Better::zero || figure.values.empty()) continue;
    rows += figure_row(figure, repeats);
  }
  if (rows.empty()) return {};
  const std::string measured =
      repeats > 1 ? "median<small>least–most of " + std::to_string(repeats) + " repeats</small>"
                  : "measured";
  return "<section class=\"card\"><h2>Figures</h2><table><thead><tr><th scope=\"col\">figure</th>"
         "<th scope=\"col\" class=\"spread\">" +
         measured + "</th></tr></thead><tbody>\n" + rows + "</tbody></table></section>\n";
}

std::string flaw_row(const Figure& figure) {
  std::string each;
  for (const double value : figure.values) {
    each += (each.empty() ? "" : ", ") + amount(value, figure.unit);
  }
  const bool is_flaw = spread_of(figure.values).most > 0;
  return "<tr><th scope=\"row\">" + html_name(figure.title) + "</th><td" +
         (is_flaw ? " class=\"bad\">" : ">") + html_text(each) + "</td></tr>\n";
}

std::string flaws_html(const Report& report) {
  const std::string remark = flawless_remark(report);
  if (!remark.empty()) {
    return "<section class=\"card\"><h2>Flaws</h2><p class=\"good\">✓ " + html_text(remark) +
           "</p></section>\n";
  }
  std::string rows;
  for (const auto& figure : report.figures) {
    if (figure.better == Figure::Better::zero && !figure.values.empty()) rows += flaw_row(figure);
  }
  if (rows.empty()) return {};
  return "<section class=\"card\"><h2>Flaws</h2><table><thead><tr><th scope=\"col\">flaw</th>"
         "<th scope=\"col\">in each repeat</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></section>\n";
}

std::string objective_row(const Objective& objective) {
  const std::string measured =
      objective.is_measured ? amount(objective.measured, objective.unit) : "not measured";
  return "<tr><th scope=\"row\">" + html_name(objective.title) + "</th><td class=\"spread\">" +
         (objective.is_met ? "<span class=\"good\">✓ met</span>"
                           : "<span class=\"bad\">✗ MISSED</span>") +
         "<small>" + html_text(measured) + "</small></td></tr>\n";
}

std::string objectives_html(const std::vector<Objective>& objectives) {
  if (objectives.empty()) return {};
  std::string rows;
  for (const auto& objective : objectives) rows += objective_row(objective);
  return "<section class=\"card\"><h2>Objectives</h2><table><thead><tr><th scope=\"col\">objective"
         "</th><th scope=\"col\" class=\"spread\">verdict<small>measured</small></th></tr></thead>"
         "<tbody>\n" +
         rows + "</tbody></table></section>\n";
}

std::string search_html(const Search& search) {
  if (search.of.empty()) return {};
  const auto level = [&search](double value) { return html_text(amount(value, search.unit)); };
  std::string html = "<section class=\"card\"><h2>Highest " + html_name(search.of) + "</h2><p>" +
                     (search.held < 0 ? "No level held" : level(search.held) + " held");
  if (search.failed >= 0) {
    html += ", " + level(search.failed) + " did not: " + html_text(search.why) + ".";
  } else {
    html += ", and none that was tried failed.";
  }
  html +=
      "</p><table><thead><tr><th scope=\"col\">run</th><th scope=\"col\">level</th>"
      "<th scope=\"col\">verdict</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < search.levels.size(); ++i) {
    const bool held = i < search.holds.size() && search.holds[i];
    html += "<tr><th scope=\"row\">" + std::to_string(i + 1) + "</th><td>" +
            level(search.levels[i]) +
            (held ? "</td><td class=\"good\">✓ held" : "</td><td class=\"bad\">✗ failed") +
            "</td></tr>\n";
  }
  return html + "</tbody></table></section>\n";
}

std::string notes_html(const std::vector<std::string>& notes) {
  if (notes.empty()) return {};
  std::string html = "<section class=\"card\"><h2>Notes</h2><ul>\n";
  for (const auto& note : notes) html += "<li>" + html_name(note) + "</li>\n";
  return html + "</ul></section>\n";
}

std::string stack(const std::string& parts) {
  return "<div class=\"stack\">\n" + parts + "</div>\n";
}

}  // namespace

std::string to_html(const Report& report) {
  const DrawnRun run = drawn(report.scenario, report);
  const DrawnRun all_repeats{"all repeats", run.latency, {}};
  const bool has_latency = run.latency->count() > 0;
  std::string body = header_html(report) + loud_html(loud_remarks(report));
  body += "<div class=\"columns\">\n";
  body += stack(facts_html("What was asked for", report.workload) + flaws_html(report) +
                objectives_html(report.objectives) + search_html(report.search) +
                html_of(latency_plot({all_repeats})));
  body += stack(figures_html(report) + (has_latency ? percentiles_html({all_repeats}) : ""));
  body += "</div>\n<div class=\"columns three\">\n";
  for (const auto& plot : time_plots(run)) body += html_of(plot);
  body += "</div>\n";
  const std::string seconds = seconds_html(run);
  if (!seconds.empty()) {
    body += "<section class=\"card\"><h2>The numbers of the plots</h2>" + seconds + "</section>\n";
  }
  body += "<div class=\"columns\">\n" + facts_html("Where it ran", report.setup) +
          notes_html(report.notes) + "</div>\n";
  return html_page("Load test: " + report.scenario, body);
}

}  // namespace chat::bench
