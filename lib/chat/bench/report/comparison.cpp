#include "chat/bench/report/comparison.hpp"

#include <algorithm>

#include "chat/bench/report/remarks.hpp"

namespace chat::bench {
namespace {

using Better = Figure::Better;
using OfRun = ComparedFigure::OfRun;

// ---- a figure

bool are_all_zero(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return value == 0; });
}

/// Where neither way is known: zeros, which have no ratio.
Judgement verdict_without_ratio(Better better, const std::vector<double>& before,
                                const std::vector<double>& after) {
  if (are_all_zero(before) && are_all_zero(after)) return Judgement::same;
  if (better != Better::zero) return Judgement::too_noisy;
  if (are_all_zero(before)) return Judgement::worse;
  return are_all_zero(after) ? Judgement::better : Judgement::too_noisy;
}

bool is_within(const Change& change, const CompareOptions& options) {
  const double most = 1 + options.tolerance;
  return change.low >= 1 / most && change.high <= most;
}

Judgement verdict_of(const Change& change, Better better, const CompareOptions& options) {
  if (change.confidence < options.confidence) return Judgement::too_few;
  const double most = 1 + options.tolerance;
  const bool is_beyond_tolerance = change.ratio > most || change.ratio < 1 / most;
  if (change.is_beyond_noise(options.confidence)) {
    if (!is_beyond_tolerance) return Judgement::same;
    const bool has_risen = change.ratio > 1;
    return has_risen == (better == Better::higher) ? Judgement::better : Judgement::worse;
  }
  return is_within(change, options) ? Judgement::same : Judgement::too_noisy;
}

OfRun against(const Figure& first, const Figure& figure, const CompareOptions& options) {
  OfRun now{figure.values, std::nullopt, Judgement::missing};
  if (first.values.empty() || figure.values.empty() || first.unit != figure.unit) return now;
  now.change = change_between(first.values, figure.values, options.confidence);
  if (first.better == Better::neither) {
    now.verdict = Judgement::first;
  } else if (now.change) {
    now.verdict = verdict_of(*now.change, first.better, options);
  } else {
    now.verdict = verdict_without_ratio(first.better, first.values, figure.values);
  }
  return now;
}

ComparedFigure compare_figure(const Figure& kind, const std::vector<ComparedRun>& runs,
                              const CompareOptions& options) {
  ComparedFigure compared{kind.name, kind.title, kind.unit, kind.better, {}};
  const Figure* const first = runs.front().report.figure(kind.name);
  for (const auto& run : runs) {
    const Figure* const figure = run.report.figure(kind.name);
    if (figure == nullptr) {
      compared.runs.push_back({{}, std::nullopt, Judgement::missing});
    } else if (figure == first) {
      compared.runs.push_back({figure->values, std::nullopt, Judgement::first});
    } else {
      compared.runs.push_back(against(first == nullptr ? Figure{} : *first, *figure, options));
    }
  }
  return compared;
}

std::vector<ComparedFigure> compare_figures(const std::vector<ComparedRun>& runs,
                                            const CompareOptions& options) {
  std::vector<ComparedFigure> figures;
  for (const auto& run : runs) {
    for (const auto& figure : run.report.figures) {
      const bool is_known =
          std::any_of(figures.begin(), figures.end(),
                      [&figure](const ComparedFigure& known) { return known.name == figure.name; });
      if (!is_known) figures.push_back(compare_figure(figure, runs, options));
    }
  }
  return figures;
}

// ---- facts

using Facts = std::vector<Fact> Report::*;

std::string text_of(const std::vector<Fact>& facts, const std::string& name) {
  for (const auto& fact : facts) {
    if (fact.name == name) return fact.text;
  }
  return {};
}

bool are_alike(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(),
                     [&texts](const std::string& text) { return text == texts.front(); });
}

std::vector<DifferingFact> differing(const std::vector<ComparedRun>& runs, Facts facts) {
  std::vector<std::string> seen;
  std::vector<DifferingFact> differing;
  for (const auto& each : runs) {
    for (const auto& fact : each.report.*facts) {
      if (std::find(seen.begin(), seen.end(), fact.name) != seen.end()) continue;
      seen.push_back(fact.name);
      DifferingFact found{fact.name, {}};
      for (const auto& run : runs) found.texts.push_back(text_of(run.report.*facts, fact.name));
      if (!are_alike(found.texts)) differing.push_back(std::move(found));
    }
  }
  return differing;
}

}  // namespace

std::vector<Regression> Comparison::regressions() const {
  std::vector<Regression> worse;
  for (std::size_t run = 1; run < names.size(); ++run) {
    for (std::size_t figure = 0; figure < figures.size(); ++figure) {
      if (figures[figure].runs[run].verdict == Judgement::worse) worse.push_back({run, figure});
    }
  }
  return worse;
}

std::size_t Comparison::too_few_repeats(std::size_t run) const noexcept {
  std::size_t count = 0;
  for (const auto& figure : figures) {
    if (figure.runs[run].verdict == Judgement::too_few) ++count;
  }
  return count;
}

Comparison compare(const std::vector<ComparedRun>& runs, const CompareOptions& options) {
  Comparison comparison;
  comparison.options = options;
  for (const auto& run : runs) {
    comparison.names.push_back(run.name);
    comparison.scenarios.push_back(run.report.scenario);
    comparison.loud.push_back(loud_remarks(run.report));
  }
  comparison.figures = compare_figures(runs, options);
  comparison.workload = differing(runs, &Report::workload);
  if (!are_alike(comparison.scenarios)) {
    comparison.workload.insert(comparison.workload.begin(), {"scenario", comparison.scenarios});
  }
  comparison.setup = differing(runs, &Report::setup);
  return comparison;
}

}  // namespace chat::bench
