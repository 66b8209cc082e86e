#pragma once

#include <vector>

#include "chat/bench/dialect.hpp"
#include "chat/bench/report/report.hpp"
#include "chat/bench/run/plan.hpp"
#include "chat/bench/run/trial.hpp"

namespace chat::bench {

/// What some runs of one plan have to say, as figures with a value of each run: all of a Report but
/// its set-up, its objectives and what a search found. A run that was interrupted before anybody
/// was in has none. Pure.
Report summary_of(const Plan& plan, const Dialect& dialect, std::vector<TrialResult> results);

}  // namespace chat::bench
