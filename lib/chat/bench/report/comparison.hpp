#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/bench/change.hpp"
#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// A report and how it is called: its file, or "now".
struct ComparedRun {
  std::string name;
  Report report;
};

/// What a figure of one run says against the same of the first.
enum class Judgement {
  first,     ///< it is the first, or a figure that is only shown
  missing,   ///< one of the two did not measure it, or in another unit
  same,      ///< as far as the tolerance: no difference, or none beyond it
  better,    ///< beyond noise and tolerance, as the next
  worse,     ///< or: a flaw that the first had not
  too_few,   ///< cannot tell: too few repeats for the confidence that is asked for
  too_noisy  ///< cannot tell: the interval has both "the same" and a change beyond the tolerance
};

struct ComparedFigure {
  struct OfRun {
    std::vector<double> values;    ///< in the order of the repeats; empty: not measured
    std::optional<Change> change;  ///< against the first run; none when it cannot be computed
    Judgement verdict = Judgement::first;
  };

  std::string name;
  std::string title;
  std::string unit;
  Figure::Better better = Figure::Better::neither;
  std::vector<OfRun> runs;  ///< as many as there are runs
};

/// A fact that is not the same in all runs; an empty text where a run does not tell it.
struct DifferingFact {
  std::string name;
  std::vector<std::string> texts;  ///< as many as there are runs
};

struct Regression {
  std::size_t run;     ///< its number, from 0
  std::size_t figure;  ///< in Comparison::figures
};

struct CompareOptions {
  double confidence = 0.95;  ///< that a change is none of chance; between 0 and 1
  double tolerance = 0.05;   ///< a change by less than this share is none that matters; ≥ 0
};

/// Several runs side by side, each against the first. A value.
struct Comparison {
  CompareOptions options;
  std::vector<std::string> names;       ///< of the runs
  std::vector<std::string> scenarios;   ///< of the runs
  std::vector<ComparedFigure> figures;  ///< in the first run's order, then what others add
  std::vector<DifferingFact> workload;  ///< what makes them hard to compare; the scenario too
  std::vector<DifferingFact> setup;     ///< what may be the reason of a change
  std::vector<std::vector<std::string>> loud;  ///< loud_remarks of each run

  std::vector<Regression> regressions() const;
  /// How many figures of the run cannot be told from the first's for want of repeats.
  std::size_t too_few_repeats(std::size_t run) const noexcept;
};

/// A figure is worse when its change is beyond noise (Change::is_beyond_noise), its middle is
/// beyond the tolerance, and that is not the way it is better; a figure that is better at zero, and
/// was zero in all repeats of the first, is worse whenever it is not. One that is better neither
/// way is only shown. Pure. `runs` is not empty.
Comparison compare(const std::vector<ComparedRun>& runs, const CompareOptions& options = {});

}  // namespace chat::bench
