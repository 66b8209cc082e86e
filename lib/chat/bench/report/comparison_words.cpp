#include "chat/bench/report/comparison_words.hpp"

#include <algorithm>
#include <cstddef>

#include "chat/base/text.hpp"
#include "chat/bench/report/amount.hpp"

namespace chat::bench {
namespace {

constexpr std::size_t kLetters = 26;

void append(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

std::string percent(double share) { return amount(100 * share, "%"); }

std::string runs_with_too_few_repeats(const Comparison& comparison) {
  std::string runs;
  for (std::size_t run = 1; run < comparison.names.size(); ++run) {
    const std::size_t figures = comparison.too_few_repeats(run);
    if (figures == 0) continue;
    append(runs, letter_of(run) + " (" + std::to_string(figures) +
                     (figures == 1 ? " figure)" : " figures)"));
  }
  return runs;
}

/// "A, C" of the runs that tell the same as `run`; nothing when an earlier one did.
std::string letters_of_alike(const std::vector<std::string>& texts, std::size_t run) {
  const auto first = std::find(texts.begin(), texts.end(), texts[run]);
  if (first != texts.begin() + static_cast<std::ptrdiff_t>(run)) return {};
  std::string letters;
  for (std::size_t other = run; other < texts.size(); ++other) {
    if (texts[other] == texts[run]) append(letters, letter_of(other));
  }
  return letters;
}

}  // namespace

std::string letter_of(std::size_t run) {
  if (run >= kLetters) return std::to_string(run + 1);
  return {static_cast<char>('A' + static_cast<char>(run))};
}

std::string words_of(Judgement verdict) {
  switch (verdict) {
    case Judgement::first: return "";
    case Judgement::missing: return "not in both";
    case Judgement::same: return "same";
    case Judgement::better: return "better";
    case Judgement::worse: return "WORSE";
    case Judgement::too_few: return "cannot tell: too few repeats";
    case Judgement::too_noisy: return "cannot tell: too noisy";
  }
  return "";
}

std::string change_text(const Change& change) {
  return "× " + amount(change.ratio) + " (" + range_text(change.low, change.high, "×") + ")";
}

std::string difference_text(const DifferingFact& fact) {
  std::string text;
  for (std::size_t run = 0; run < fact.texts.size(); ++run) {
    const std::string letters = letters_of_alike(fact.texts, run);
    if (letters.empty()) continue;
    const auto& told = fact.texts[run];
    text +=
        (text.empty() ? "" : "; ") + letters + ": " + (told.empty() ? "–" : base::visible(told));
  }
  return text;
}

std::vector<std::string> loud_remarks(const Comparison& comparison) {
  std::vector<std::string> remarks;
  std::string names;
  for (const auto& fact : comparison.workload) append(names, base::visible(fact.name));
  if (!names.empty()) remarks.push_back("NOT THE SAME WORKLOAD: they differ in " + names + ".");
  for (std::size_t run = 0; run < comparison.loud.size(); ++run) {
    for (const auto& remark : comparison.loud[run]) {
      remarks.push_back(letter_of(run) + ": " + remark);
    }
  }
  const std::string few = runs_with_too_few_repeats(comparison);
  if (!few.empty()) {
    remarks.push_back("TOO FEW REPEATS to hold " + few + " against A with a confidence of " +
                      percent(comparison.options.confidence) + ".");
  }
  return remarks;
}

bool is_nowhere(const ComparedFigure& flaw) noexcept {
  return flaw.better == Figure::Better::zero &&
         std::all_of(flaw.runs.begin(), flaw.runs.end(), [](const ComparedFigure::OfRun& run) {
           return std::all_of(run.values.begin(), run.values.end(),
                              [](double value) { return value == 0; });
         });
}

std::string outcome_text(const Comparison& comparison) {
  const std::string limits = "noise (confidence " + percent(comparison.options.confidence) +
                             ") and a tolerance of " + percent(comparison.options.tolerance);
  const auto worse = comparison.regressions();
  const bool is_any_compared =
      std::any_of(comparison.figures.begin(), comparison.figures.end(), [](const auto& figure) {
        const auto has_values = [](const auto& run) { return !run.values.empty(); };
        return std::count_if(figure.runs.begin(), figure.runs.end(), has_values) > 1;
      });
  if (comparison.names.size() > 1 && !is_any_compared) {
    return "Nothing was compared: no two of these runs have measured the same.";
  }
  if (worse.empty()) return "No regression was found beyond " + limits + ".";
  std::string list;
  for (const auto& [run, figure] : worse) {
    append(list, base::visible(comparison.figures[figure].title) + " of " + letter_of(run));
  }
  return std::to_string(worse.size()) + (worse.size() == 1 ? " REGRESSION" : " REGRESSIONS") +
         " beyond " + limits + ": " + list + ".";
}

}  // namespace chat::bench
