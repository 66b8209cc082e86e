#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chat/bench/report/comparison.hpp"

namespace chat::bench {

/// How a run is called where there is little room: "A", "B" … "Z", "27".
std::string letter_of(std::size_t run);

/// "cannot tell: too few repeats"; nothing for Judgement::first.
std::string words_of(Judgement verdict);

/// "× 1.23 (1.1–1.31)".
std::string change_text(const Change& change);

/// "A, C: 100/s; B: 200/s", safe to show.
std::string difference_text(const DifferingFact& fact);

/// What must not be overlooked, each one line that is safe to show: remarks of the runs, workloads
/// that are not alike, too few repeats. Empty when there is nothing.
std::vector<std::string> loud_remarks(const Comparison& comparison);

/// A count of flaws that is 0, or was not counted, in every run.
bool is_nowhere(const ComparedFigure& flaw) noexcept;

/// What came of it in one line: "2 regressions: latency p99 of B, …", or that there is none.
std::string outcome_text(const Comparison& comparison);

}  // namespace chat::bench
