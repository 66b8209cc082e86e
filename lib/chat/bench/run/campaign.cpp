#include "chat/bench/run/campaign.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "chat/bench/knee.hpp"
#include "chat/bench/run/summary.hpp"

namespace chat::bench {
namespace {

/// The level in a plan; a number of members is whole.
Plan at_level(Plan plan, Campaign::Search search, double level) {
  if (search == Campaign::Search::rate) {
    plan.rate = level;
  } else {
    plan.members = static_cast<std::size_t>(std::llround(level));
    const std::size_t others = plan.affected > 0 ? 1 : 0;  // who is affected does not speak
    plan.senders = std::min(plan.senders, std::max<std::size_t>(plan.members - others, 1));
  }
  return plan;
}

/// There is no number of members between them.
bool are_neighbours(const Knee::Found& found) {
  return found.held && found.failed && std::round(*found.failed) - std::round(*found.held) <= 1;
}

}  // namespace

Campaign::Campaign(Options options, const Dialect& dialect, Crew& crew, ServerMeter* meter,
                   Watch watch, std::function<bool()> is_stopped)
    : options_(std::move(options)),
      dialect_(dialect),
      crew_(crew),
      meter_(meter),
      watch_(std::move(watch)),
      is_stopped_(std::move(is_stopped)) {}

tl::expected<Report, TrialFailure> Campaign::run() {
  return options_.search == Search::none ? repeat() : search();
}

tl::expected<TrialResult, TrialFailure> Campaign::run_once(Plan plan, const std::string& level) {
  const std::size_t number = runs_++;
  plan.run += "_" + std::to_string(number);
  plan.seed += number;
  const std::size_t runs = options_.search == Search::none ? options_.repeats : 0;
  Trial::Watch watch;
  if (watch_) {
    watch = [&](const Progress& progress) { watch_(number, runs, level, progress); };
  }
  Trial trial(plan, crew_, meter_, std::move(watch), is_stopped_);
  return trial.run();
}

tl::expected<Report, TrialFailure> Campaign::repeat() {
  std::vector<TrialResult> results;
  while (results.size() < options_.repeats && !is_stopped_()) {
    auto result = run_once(options_.plan, {});
    if (!result && results.empty()) return tl::unexpected(result.error());
    if (!result) {
      failure_ = result.error();
      break;
    }
    results.push_back(std::move(*result));
  }
  Report report = summary_of(options_.plan, dialect_, results);
  report.objectives = judge(options_.bounds, report);
  report.is_interrupted = report.is_interrupted || is_stopped_() || failure_;
  return report;
}

// ---- the search

/// Empty when the level holds.
std::string Campaign::why_not(const Report& report) const {
  for (const auto& objective : judge(options_.bounds, report)) {
    if (!objective.is_met) return objective.title + " is not met";
  }
  for (const auto& figure : report.figures) {
    if (figure.better == Figure::Better::zero && spread_of(figure.values).most > 0) {
      return figure.title + ": " + std::to_string(std::llround(spread_of(figure.values).most));
    }
  }
  for (const auto& warning : report.warnings) return warning.substr(0, warning.find(':'));
  return {};
}

tl::expected<Report, TrialFailure> Campaign::search() {
  const bool is_rate = options_.search == Search::rate;
  Knee::Options knee_options;
  knee_options.first = is_rate ? options_.plan.rate : static_cast<double>(options_.plan.members);
  knee_options.least = is_rate ? 1 : 2;
  Knee knee(knee_options);
  bench::Search found;
  found.of = is_rate ? "rate" : "members";
  found.unit = is_rate ? "/s" : "";
  std::map<double, std::vector<TrialResult>> results;
  while (const auto next = knee.next()) {
    if (is_stopped_() || (!is_rate && are_neighbours(knee.found()))) break;
    const double level = is_rate ? *next : std::round(*next);
    const std::string title = found.of + " " + std::to_string(std::llround(level)) + found.unit;
    const Plan plan = at_level(options_.plan, options_.search, level);
    auto result = run_once(plan, title);
    if (!result && !result.error().is_crowded) {
      if (!knee.found().held) return tl::unexpected(result.error());
      failure_ = result.error();
      break;
    }
    if (result && result->is_interrupted) break;
    const auto why = result ? why_not(summary_of(plan, dialect_, {*result})) : result.error().why;
    if (!why.empty()) found.why = why;
    found.levels.push_back(level);
    found.holds.push_back(why.empty());
    if (result) results[level].push_back(std::move(*result));
    knee.on_run(why.empty());
  }
  const auto& [held, failed] = knee.found();
  found.held = held ? (is_rate ? *held : std::round(*held)) : -1;
  found.failed = failed ? (is_rate ? *failed : std::round(*failed)) : -1;
  const double shown = held ? found.held : found.failed;
  const Plan plan =
      shown < 0 ? options_.plan : at_level(options_.plan, options_.search, std::max(shown, 1.0));
  const std::string title = found.of + " " + std::to_string(std::llround(shown)) + found.unit;
  while (held && results[shown].size() < options_.repeats && !is_stopped_() && !failure_) {
    auto result = run_once(plan, title);
    if (!result) {
      failure_ = result.error();
      break;
    }
    results[shown].push_back(std::move(*result));
  }
  Report report = summary_of(plan, dialect_, results[shown]);
  report.objectives = judge(options_.bounds, report);
  report.search = std::move(found);
  report.is_interrupted = is_stopped_() || failure_;
  return report;
}

}  // namespace chat::bench
