#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/histogram.hpp"

namespace chat::bench {

/// What a load test measured of one thing, each repeat by itself.
struct Figure {
  /// Which way is an improvement.
  enum class Better : std::uint8_t {
    lower,
    higher,
    neither,  ///< it only says something about the run
    zero,     ///< a count of flaws: whatever is above 0 is one
  };

  std::string name;   ///< for programs, as in docs/bench.md: "latency_p99"
  std::string title;  ///< for people: "latency p99"
  std::string unit;   ///< "ms", "µs", "/s", "bytes", "%" or empty
  Better better = Better::neither;
  std::vector<double> values;  ///< one of each repeat that measured it; finite
};

/// The middle and the extremes of a figure's repeats.
struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};
/// Zeros when there is no repeat.
Spread spread_of(const std::vector<double>& values);

/// A name and a text, for people: what was asked for, or where it ran.
struct Fact {
  std::string name;
  std::string text;
};

/// A second of a repeat, from the start of what is measured.
struct Second {
  double at_s = 0;        ///< its begin
  double deliveries = 0;  ///< a second, as the next
  double sent = 0;        ///< messages
  double p50_ms = 0;      ///< latency of what came in it; 0 when nothing did, as the next
  double p99_ms = 0;
  double generator = 0;  ///< share of a core, the busiest process's
  double server = -1;    ///< share of a core; negative: not known
};

/// A bound that was asked for: "p99=50ms".
struct Objective {
  std::string name;     ///< as it was written
  std::string title;    ///< "latency p99 ≤ 50 ms"
  double measured = 0;  ///< in the bound's unit, the median over the repeats
  std::string unit;
  bool is_met = false;
  bool is_measured = true;  ///< otherwise it is not met, and `measured` means nothing
};

/// What a search for the highest level found, where there was one (--find-max).
struct Search {
  std::string of;              ///< "rate" or "members"; empty: there was no search
  std::string unit;            ///< "/s" or empty
  double held = -1;            ///< the highest level that held; negative: none did
  double failed = -1;          ///< the lowest that did not; negative: none failed
  std::string why;             ///< why that one did not, for people
  std::vector<double> levels;  ///< of each run, in their order
  std::vector<bool> holds;     ///< how each run went
};

/// All that a load test has to say. A value; texts are made safe to show where they come from
/// strangers. What is drawn from it: report_text, report_csv, report_html; saved and read again by
/// report_json.
struct Report {
  std::string scenario;         ///< "fanout"
  std::vector<Fact> workload;   ///< what was asked for; two runs are alike when these are
  std::vector<Fact> setup;      ///< date, versions, machine: what else may make a difference
  std::vector<Figure> figures;  ///< in the order in which they are shown
  base::Histogram latency;      ///< ns, from planned sending to arrival, of all repeats
  std::vector<std::vector<Second>> seconds;  ///< of each repeat
  std::vector<Objective> objectives;
  Search search;
  std::vector<std::string> warnings;  ///< why the figures may not be believed; whole sentences
  std::vector<std::string> notes;     ///< what else is to be known: what a server refused, say
  bool is_interrupted = false;

  /// nullptr when it was not measured.
  const Figure* figure(std::string_view name) const noexcept;
  /// A count of flaws is above 0.
  bool is_flawed() const noexcept;
  /// All objectives are met.
  bool is_good() const noexcept;
};

}  // namespace chat::bench
