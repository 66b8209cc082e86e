#include "chat/bench/report/comparison_html.hpp"

#include "chat/bench/report/amount.hpp"
#include "chat/bench/report/comparison_words.hpp"
#include "chat/bench/report/html_parts.hpp"
#include "chat/bench/report/html_text.hpp"
#include "chat/bench/report/page.hpp"

namespace chat::bench {
namespace {

std::string runs_html(const Comparison& comparison) {
  std::string html = "<section class=\"card\"><h2>Runs</h2><ul class=\"runs\">\n";
  for (std::size_t run = 0; run < comparison.names.size(); ++run) {
    html += "<li>" + swatch_of(run) + "<span class=\"letter\">" + letter_of(run) + "</span><span>" +
            html_name(comparison.names[run]) + " <span class=\"of\">" +
            html_name(comparison.scenarios[run]) + "</span></span></li>\n";
  }
  return html + "</ul></section>\n";
}

std::string outcome_html(const Comparison& comparison) {
  const bool is_bad = !comparison.regressions().empty();
  return std::string("<p class=\"outcome") + (is_bad ? " is-bad" : "") + "\">" +
         html_text(outcome_text(comparison)) + "</p>\n";
}

std::string differences_html(const std::string& title, const std::vector<DifferingFact>& facts) {
  std::vector<Fact> shown;
  shown.reserve(facts.size());
  for (const auto& fact : facts) shown.push_back({fact.name, difference_text(fact)});
  return facts_html(title, shown);
}

std::string verdict_class(Judgement verdict) {
  if (verdict == Judgement::worse) return "bad";
  return verdict == Judgement::better ? "good" : "aside";
}

std::string verdict_html(const ComparedFigure::OfRun& run) {
  std::string html =
      "<span class=\"" + verdict_class(run.verdict) + "\">" + words_of(run.verdict) + "</span>";
  if (run.change) html += "<small>" + change_text(*run.change) + "</small>";
  return html;
}

std::string run_row(const ComparedFigure& figure, std::size_t run) {
  const auto& values = figure.runs[run].values;
  const Spread spread = spread_of(values);
  std::string row = "<tr><th scope=\"row\">" + letter_of(run) + "</th><td>" +
                    (values.empty() ? "–" : html_text(amount(spread.median, figure.unit)));
  if (spread.least < spread.most) {
    row += "<small>" + html_text(range_text(spread.least, spread.most, figure.unit)) + "</small>";
  }
  return row + "</td><td class=\"verdict\">" + (run == 0 ? "" : verdict_html(figure.runs[run])) +
         "</td></tr>\n";
}

std::string figure_html(const ComparedFigure& figure) {
  std::string html = "<table class=\"figure\"><caption>" + html_name(figure.title) +
                     "</caption><thead class=\"unseen\"><tr><th scope=\"col\">run</th>"
                     "<th scope=\"col\">median, least–most</th><th scope=\"col\">against A, ratio "
                     "(its interval)</th></tr></thead><tbody>\n";
  for (std::size_t run = 0; run < figure.runs.size(); ++run) html += run_row(figure, run);
  return html + "</tbody></table>\n";
}

std::string figures_html(const Comparison& comparison) {
  std::string figures;
  std::string nowhere;
  for (const auto& figure : comparison.figures) {
    if (is_nowhere(figure)) {
      nowhere += (nowhere.empty() ? "" : ", ") + html_name(figure.title);
    } else {
      figures += figure_html(figure);
    }
  }
  std::string html =
      "<section class=\"card\"><h2>Figures</h2><p class=\"aside\">Median and least–most of the "
      "repeats; verdict against A, with the ratio and its interval.</p>";
  if (!figures.empty()) html += "<div class=\"figures\">\n" + figures + "</div>";
  if (!nowhere.empty()) html += "<p class=\"good\">✓ none in any run: " + nowhere + "</p>";
  return html + "</section>\n";
}

std::vector<DrawnRun> drawn_runs(const std::vector<ComparedRun>& runs) {
  std::vector<DrawnRun> all;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    all.push_back(drawn(letter_of(run) + " " + runs[run].name, runs[run].report));
  }
  return all;
}

std::vector<DrawnRun> by_letter(std::vector<DrawnRun> runs) {
  for (std::size_t run = 0; run < runs.size(); ++run) runs[run].name = letter_of(run);
  return runs;
}

/// Two columns of parts, each part added to the one that is shorter so far.
class Columns {
 public:
  /// `lines`: as high as so many lines of text, about.
  void add(std::size_t lines, const std::string& part) {
    auto& column = left_.lines <= right_.lines ? left_ : right_;
    column.lines += lines;
    column.html += part;
  }
  std::string html() const {
    return "<div class=\"columns\">\n<div class=\"stack\">\n" + left_.html +
           "</div>\n<div class=\"stack\">\n" + right_.html + "</div>\n</div>\n";
  }

 private:
  struct Column {
    std::size_t lines = 0;
    std::string html;
  };
  Column left_;
  Column right_;
};

std::string first_html(const Comparison& comparison, const std::vector<DrawnRun>& lines) {
  constexpr std::size_t kPercentileLines = 13;
  constexpr std::size_t kPlotLines = 15;
  const std::size_t facts = comparison.workload.size() + comparison.setup.size();
  Columns columns;
  columns.add(5 + lines.size() + 2 * facts,
              runs_html(comparison) +
                  differences_html("Not the same workload", comparison.workload) +
                  differences_html("Not the same setup", comparison.setup));
  columns.add(kPercentileLines, percentiles_html(by_letter(lines)));
  columns.add(kPlotLines, html_of(latency_plot(lines)));
  return columns.html();
}

}  // namespace

std::string comparison_html(const std::vector<ComparedRun>& runs, const Comparison& comparison) {
  const auto lines = drawn_runs(runs);
  std::string body = "<header><p class=\"kind\">Load tests</p><h1>" + std::to_string(runs.size()) +
                     " runs, held against the first</h1></header>\n";
  body += outcome_html(comparison) + loud_html(loud_remarks(comparison));
  body += first_html(comparison, lines) + figures_html(comparison) + "<div class=\"columns\">\n";
  for (const auto& plot : time_plots(lines)) body += html_of(plot);
  body += "</div>\n<section class=\"card\"><h2>The numbers of the plots</h2>";
  for (const auto& run : lines) body += seconds_html(run);
  return html_page("Load tests compared", body + "</section>\n");
}

}  // namespace chat::bench
