#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/dialect.hpp"
#include "chat/bench/report/objective.hpp"
#include "chat/bench/report/report.hpp"
#include "chat/bench/run/crew.hpp"
#include "chat/bench/run/plan.hpp"
#include "chat/bench/run/server_meter.hpp"
#include "chat/bench/run/trial.hpp"

namespace chat::bench {

/// A load test: runs of a plan, one after the other, or a search for the highest level that holds.
/// Each run has rooms of its own. Thread: one.
class Campaign {
 public:
  enum class Search : std::uint8_t { none, rate, members };
  struct Options {
    Plan plan;  ///< its `run` begins the names of all runs; its machines are the crew's
    std::size_t repeats = 1;  ///< of a search: so many, at least, at the level that was found
    std::vector<Bound> bounds;
    Search search = Search::none;  ///< from the plan's rate or members on
  };
  /// `of`: which run goes on, from 0; `runs`: how many there will be, 0: not known.
  using Watch = std::function<void(std::size_t of, std::size_t runs, const std::string& level,
                                   const Progress& progress)>;

  /// All outlive it; `meter` may be null. `is_stopped` as in Trial.
  Campaign(Options options, const Dialect& dialect, Crew& crew, ServerMeter* meter, Watch watch,
           std::function<bool()> is_stopped);

  /// Once. All of a report but its set-up; when it was stopped, or a run failed behind others, of
  /// the runs that there were.
  tl::expected<Report, TrialFailure> run();
  /// Behind `run`: what has ended it early; nothing: no failure.
  const std::optional<TrialFailure>& failure() const noexcept { return failure_; }

 private:
  tl::expected<Report, TrialFailure> repeat();
  tl::expected<Report, TrialFailure> search();
  tl::expected<TrialResult, TrialFailure> run_once(Plan plan, const std::string& level);
  std::string why_not(const Report& report) const;

  const Options options_;
  const Dialect& dialect_;
  Crew& crew_;
  ServerMeter* const meter_;
  const Watch watch_;
  const std::function<bool()> is_stopped_;
  std::size_t runs_ = 0;
  std::optional<TrialFailure> failure_;
};

}  // namespace chat::bench
