#include "chat/bench/report/comparison_words.hpp"

#include <utility>

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
    if (comparison.has_too_few_repeats(run)) append(runs, letter_of(run));
  }
  return runs;
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
    const auto& told = fact.texts[run];
    append(text, letter_of(run) + " " + (told.empty() ? "–" : base::visible(told)));
  }
  return text;
}

std::vector<std::string> loud_remarks(const Comparison& comparison) {
  std::vector<std::string> remarks;
  for (const auto& fact : comparison.workload) {
    remarks.push_back("NOT THE SAME WORKLOAD: " + base::visible(fact.name) + ": " +
                      difference_text(fact));
  }
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

std::string outcome_text(const Comparison& comparison) {
  const std::string limits = "noise (confidence " + percent(comparison.options.confidence) +
                             ") and a tolerance of " + percent(comparison.options.tolerance);
  const auto worse = comparison.regressions();
  if (worse.empty()) return "No regression was found beyond " + limits + ".";
  std::string list;
  for (const auto& [run, figure] : worse) {
    append(list, base::visible(comparison.figures[figure].title) + " of " + letter_of(run));
  }
  return std::to_string(worse.size()) + (worse.size() == 1 ? " REGRESSION" : " REGRESSIONS") +
         " beyond " + limits + ": " + list + ".";
}

}  // namespace chat::bench
