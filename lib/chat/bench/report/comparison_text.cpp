#include "chat/bench/report/comparison_text.hpp"

#include "chat/base/text.hpp"
#include "chat/bench/report/amount.hpp"
#include "chat/bench/report/comparison_words.hpp"
#include "chat/bench/report/text_block.hpp"

namespace chat::bench {
namespace {

using base::visible;
using Rows = std::vector<std::vector<std::string>>;

std::string loud_text(const Comparison& comparison) {
  std::string text;
  for (const auto& remark : loud_remarks(comparison)) {
    text += wrapped_text("*** ", remark + " ***");
  }
  return text;
}

std::string runs_text(const Comparison& comparison) {
  std::string text;
  for (std::size_t run = 0; run < comparison.names.size(); ++run) {
    text += wrapped_text(letter_of(run) + "  ", visible(comparison.names[run]) + " (" +
                                                    visible(comparison.scenarios[run]) + ")");
  }
  return text;
}

void append_figure(Rows& rows, const ComparedFigure& figure) {
  const std::string unit = visible(figure.unit);
  for (std::size_t run = 0; run < figure.runs.size(); ++run) {
    const auto& [values, change, verdict] = figure.runs[run];
    const Spread spread = spread_of(values);
    rows.push_back({run == 0 ? visible(figure.title) : "", letter_of(run),
                    values.empty() ? "–" : amount(spread.median, unit),
                    values.size() > 1 ? range_text(spread.least, spread.most, unit) : "",
                    change ? change_text(*change) : "", run == 0 ? "" : words_of(verdict)});
  }
}

std::string figures_text(const Comparison& comparison) {
  Rows rows{{"figure", "run", "median", "least–most", "against A", ""}};
  std::string nowhere;
  for (const auto& figure : comparison.figures) {
    if (is_nowhere(figure)) {
      nowhere += (nowhere.empty() ? "" : ", ") + visible(figure.title);
    } else {
      append_figure(rows, figure);
    }
  }
  return table_text(rows, "llrlll", 0) +
         (nowhere.empty() ? "" : wrapped_text("none in any run: ", nowhere));
}

std::string facts_text(const std::string& title, const std::vector<DifferingFact>& facts) {
  if (facts.empty()) return {};
  std::string text = "\n" + title + "\n";
  for (const auto& fact : facts) {
    text += wrapped_text("  " + visible(fact.name) + ": ", difference_text(fact));
  }
  return text;
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
  const std::string loud = loud_text(comparison);
  std::string text = loud + (loud.empty() ? "" : "\n");
  text += runs_text(comparison) + "\n" + figures_text(comparison);
  text += facts_text("not the same workload", comparison.workload);
  text += facts_text("not the same setup", comparison.setup);
  text += (loud.empty() ? "" : "\n") + loud;
  return text + "\n" + wrapped_text("", outcome_text(comparison));
}

}  // namespace chat::bench
