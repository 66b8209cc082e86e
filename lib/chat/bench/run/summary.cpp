#include "chat/bench/run/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

namespace chat::bench {
namespace {

using Better = Figure::Better;

constexpr double kMostGeneratorCpu = 0.9;  // share of a core
constexpr double kMostLagMs = 5;           // p99 of sending behind plan
constexpr double kNanosPerMilli = 1e6;
/// The kernel counts user and kernel mode in steps of 10 ms: less CPU than this is split by chance.
constexpr double kLeastSplitSeconds = 0.5;

double ms(const base::Histogram& histogram, double quantile) {
  return static_cast<double>(histogram.quantile(quantile)) / kNanosPerMilli;
}

double per(double amount, double count) { return count > 0 ? amount / count : 0; }

double count_of(std::uint64_t count) { return static_cast<double>(count); }

/// What a run gives for a figure; nothing where it measured no such thing.
using Value = std::optional<double>;
using Measure = std::function<Value(const TrialResult&)>;

/// Collects figures of all runs.
class Figures {
 public:
  explicit Figures(const std::vector<TrialResult>& results) : results_(results) {}

  void add(std::string name, std::string title, std::string unit, Better better,
           const Measure& measure) {
    Figure figure{std::move(name), std::move(title), std::move(unit), better, {}};
    for (const auto& result : results_) {
      if (const Value value = measure(result)) figure.values.push_back(*value);
    }
    if (!figure.values.empty()) figures_.push_back(std::move(figure));
  }

  void quantiles(const std::string& name, const std::string& title,
                 const std::function<const base::Histogram*(const TrialResult&)>& of) {
    static constexpr struct {
      const char* name;
      const char* title;
      double quantile;
    } kQuantiles[] = {{"p50", "p50", 0.5},  {"p90", "p90", 0.9},       {"p95", "p95", 0.95},
                      {"p99", "p99", 0.99}, {"p99.9", "p99.9", 0.999}, {"max", "max", 1}};
    for (const auto& each : kQuantiles) {
      add(name + "_" + each.name, title + " " + each.title, "ms", Better::lower,
          [&of, &each](const TrialResult& result) -> Value {
            const auto* histogram = of(result);
            if (histogram == nullptr || histogram->count() == 0) return std::nullopt;
            return ms(*histogram, each.quantile);
          });
    }
  }

  std::vector<Figure> take() { return std::move(figures_); }

 private:
  const std::vector<TrialResult>& results_;
  std::vector<Figure> figures_;
};

// ---- connecting

void add_connecting(Figures& figures, Scenario scenario) {
  const auto round = [](const TrialResult& result, std::size_t index) {
    return index < result.rounds.size() ? &result.rounds[index] : nullptr;
  };
  const auto rate = [round](std::size_t index) {
    return [round, index](const TrialResult& result) -> Value {
      const auto* each = round(result, index);
      if (each == nullptr || each->seconds <= 0) return std::nullopt;
      return per(count_of(each->joined), each->seconds);
    };
  };
  const bool counts = scenario == Scenario::storm;
  figures.add("connects", "connects", "/s", counts ? Better::higher : Better::neither, rate(0));
  if (!counts) return;
  figures.add("reconnects", "reconnects", "/s", Better::higher, rate(1));
  const auto join = [round](std::size_t index) {
    return [round, index](const TrialResult& result) {
      const auto* each = round(result, index);
      return each == nullptr ? nullptr : &each->join;
    };
  };
  figures.quantiles("join", "time to join", join(0));
  figures.quantiles("rejoin", "time to join again", join(1));
  figures.add("failed_connects", "connects that failed", "", Better::lower,
              [](const TrialResult& result) -> Value {
                double failed = 0;
                for (const auto& each : result.rounds) failed += count_of(each.failed);
                return failed;
              });
}

// ---- what came

void add_traffic(Figures& figures, const Plan& plan, const Dialect& dialect) {
  if (!plan.sends()) return;
  const Better rates = plan.outstanding > 0 ? Better::higher : Better::neither;
  const auto rate = [](std::uint64_t TrialResult::*count) {
    return [count](const TrialResult& result) -> Value {
      if (result.window_s <= 0) return std::nullopt;
      return per(count_of(result.*count), result.window_s);
    };
  };
  figures.add("deliveries", "deliveries", "/s", rates, rate(&TrialResult::deliveries));
  figures.add("sent", "messages sent", "/s", rates, rate(&TrialResult::sent));
  if (dialect.acknowledges()) {
    figures.add("acked", "messages acknowledged", "/s", rates, rate(&TrialResult::acked));
  }
  figures.quantiles("latency", "latency",
                    [](const TrialResult& result) { return &result.latency; });
}

void add_coming_back(Figures& figures, const Plan& plan) {
  if (plan.affected <= 0 && !plan.comes_back()) return;
  const auto count = [](std::uint64_t Outcome::*which) {
    return [which](const TrialResult& result) -> Value { return count_of(result.outcome.*which); };
  };
  if (plan.scenario == Scenario::slow) {
    figures.add("stalls", "stalls of readers", "", Better::neither, count(&Outcome::cuts));
    figures.add("dropped", "readers that the server dropped", "", Better::neither,
                count(&Outcome::dropped));
  } else if (plan.affected > 0) {
    figures.add("cuts", "members cut off", "", Better::neither, count(&Outcome::cuts));
  }
  figures.add("returns", "returns", "", Better::neither, count(&Outcome::returns));
  figures.quantiles("back", "time to be back",
                    [](const TrialResult& result) { return &result.outcome.back; });
}

void add_flaws(Figures& figures, const Plan& plan, const Dialect& dialect) {
  const auto of_verdict = [](std::uint64_t Verdict::*which) {
    return [which](const TrialResult& result) -> Value {
      return count_of(result.outcome.verdict.*which);
    };
  };
  const auto of_outcome = [](std::uint64_t Outcome::*which) {
    return [which](const TrialResult& result) -> Value { return count_of(result.outcome.*which); };
  };
  if (plan.sends()) {
    figures.add("reach", "members reached by all", "%", Better::higher,
                [](const TrialResult& result) -> Value {
                  const auto& verdict = result.outcome.verdict;
                  if (verdict.members == 0) return std::nullopt;
                  return per(100 * count_of(verdict.reached), count_of(verdict.members));
                });
    figures.add("lowest_reach", "least that a member got", "%", Better::higher,
                [](const TrialResult& result) -> Value {
                  if (result.outcome.verdict.members == 0) return std::nullopt;
                  return 100 * result.outcome.verdict.lowest_reach;
                });
    figures.add("lost", "lost", "", Better::zero, of_verdict(&Verdict::lost));
    figures.add("duplicated", "came twice", "", Better::zero, of_verdict(&Verdict::duplicated));
    figures.add("misordered", "out of order", "", Better::zero, of_verdict(&Verdict::misordered));
    figures.add("foreign", "messages of other rooms", "", Better::zero,
                of_verdict(&Verdict::foreign));
    figures.add("order_mismatch", "members with another order", "", Better::zero,
                of_verdict(&Verdict::order_mismatch));
    figures.add("not_sent", "messages unsent", "", Better::zero, of_outcome(&Outcome::not_sent));
    if (dialect.acknowledges()) {
      figures.add("unacked", "unacknowledged messages", "", Better::zero,
                  of_outcome(&Outcome::unacked));
    }
  }
  // Where something kills the server, both are to be expected.
  const Better troubles = plan.scenario == Scenario::fault ? Better::neither : Better::zero;
  figures.add("refused", "refusals", "", troubles, of_outcome(&Outcome::refused));
  figures.add("disconnects", "lost connections", "", troubles, of_outcome(&Outcome::disconnects));
}

// ---- what the server used

/// Between two readings; nothing where one of them, or the number in it, is not there.
Value used(const Usage& from, const Usage& to, const std::function<Value(const ServerUse&)>& of) {
  if (!from || !to) return std::nullopt;
  const Value before = of(*from);
  const Value after = of(*to);
  if (!before || !after) return std::nullopt;
  return *after - *before;
}

void add_server(Figures& figures, const Plan& plan) {
  using Of = std::function<Value(const ServerUse&)>;
  const Of cpu = [](const ServerUse& use) -> Value { return use.cpu_s; };
  const Of user = [](const ServerUse& use) -> Value { return use.user_s; };
  const Of system = [](const ServerUse& use) -> Value { return use.system_s; };
  const auto share = [](const Of& of) {
    return [of](const TrialResult& result) -> Value {
      const Value seconds = used(result.begin, result.end, of);
      if (!seconds || result.window_s <= 0) return std::nullopt;
      return 100 * per(*seconds, result.window_s);
    };
  };
  const auto per_delivery = [cpu](const Of& of, double least_s) {
    return [of, cpu, least_s](const TrialResult& result) -> Value {
      const Value seconds = used(result.begin, result.end, of);
      if (!seconds || result.deliveries == 0) return std::nullopt;
      if (used(result.begin, result.end, cpu).value_or(0) < least_s) return std::nullopt;
      return per(*seconds * 1e6, count_of(result.deliveries));
    };
  };
  if (plan.sends()) {
    figures.add("server_cpu_per_delivery", "server CPU per delivery", "µs", Better::lower,
                per_delivery(cpu, 0));
    figures.add("server_user_per_delivery", "server CPU per delivery, user mode", "µs",
                Better::lower, per_delivery(user, kLeastSplitSeconds));
    figures.add("server_system_per_delivery", "server CPU per delivery, kernel", "µs",
                Better::lower, per_delivery(system, kLeastSplitSeconds));
  }
  figures.add("server_cpu", "server CPU", "% of a core", Better::neither, share(cpu));
  figures.add("server_cpu_per_connect", "server CPU per connect", "µs",
              plan.scenario == Scenario::storm ? Better::lower : Better::neither,
              [cpu](const TrialResult& result) -> Value {
                const auto& round = result.rounds.front();
                const Value seconds = used(round.before, round.after, cpu);
                if (!seconds || round.joined == 0) return std::nullopt;
                return per(*seconds * 1e6, count_of(round.joined));
              });
}

/// `start`: before anybody was connected, in the first repeat. A server gives little of its memory
/// back between two, so that what comes to it in a later one is not all that connections take.
void add_memory(Figures& figures, const Plan& plan, const Usage& start) {
  using Of = std::function<Value(const ServerUse&)>;
  const Of rss = [](const ServerUse& use) -> Value { return count_of(use.rss_bytes); };
  // What was there at the end; of a storm, behind the last connects.
  const auto last = [](const TrialResult& result) -> const Usage& {
    return result.end ? result.end : result.rounds.back().after;
  };
  figures.add("server_rss", "server memory (RSS)", "bytes", Better::neither,
              [rss, last](const TrialResult& result) -> Value {
                const Usage& end = last(result);
                return end ? rss(*end) : std::nullopt;
              });
  figures.add("server_rss_per_connection", "server memory for each connection", "bytes",
              plan.scenario == Scenario::idle ? Better::lower : Better::neither,
              [rss, last, start](const TrialResult& result) -> Value {
                const auto& round = result.rounds.front();
                const Value more = used(start, last(result), rss);
                if (!more || round.joined == 0) return std::nullopt;
                return per(*more, count_of(round.joined));
              });
  const auto switches = [](std::optional<std::uint64_t> ServerUse::*which) {
    return [which](const TrialResult& result) -> Value {
      const Value count = used(result.begin, result.end, [which](const ServerUse& use) -> Value {
        if (!(use.*which)) return std::nullopt;
        return count_of(*(use.*which));
      });
      if (!count || result.window_s <= 0) return std::nullopt;
      return per(*count, result.window_s);
    };
  };
  figures.add("server_voluntary_switches", "server context switches, voluntary", "/s",
              Better::neither, switches(&ServerUse::voluntary_switches));
  figures.add("server_involuntary_switches", "server context switches, involuntary", "/s",
              Better::neither, switches(&ServerUse::involuntary_switches));
}

// ---- the generator

double generator_cpu(const TrialResult& result, bool connects) {
  double most = result.generator_cpu;
  for (const auto& round : result.rounds) {
    if (connects) most = std::max(most, round.generator_cpu);
  }
  return most;
}

void add_generator(Figures& figures, const Plan& plan) {
  const bool connects = plan.scenario == Scenario::storm;
  figures.add("generator_cpu", "generator CPU (its busiest process)", "% of a core",
              Better::neither, [connects](const TrialResult& result) -> Value {
                return 100 * generator_cpu(result, connects);
              });
  if (plan.outstanding > 0 || !plan.sends()) return;
  figures.add("schedule_lag_p99", "sent behind plan, p99", "ms", Better::neither,
              [](const TrialResult& result) -> Value { return ms(result.outcome.lag, 0.99); });
}

/// It was interrupted before there was anything: that nothing was lost of it would say nothing.
bool has_measured_nothing(const TrialResult& result) {
  const bool is_anybody_in = !result.rounds.empty() && result.rounds.front().joined > 0;
  return result.is_interrupted && result.window_s <= 0 && !is_anybody_in;
}

/// Why the figures may not be believed.
std::vector<std::string> warnings_of(const Plan& plan, const std::vector<TrialResult>& results) {
  std::vector<std::string> warnings;
  double cpu = 0;
  double lag = 0;
  double untimed = 0;
  double deliveries = 0;
  std::uint64_t displaced = 0;
  bool is_anybody_affected = false;
  for (const auto& result : results) {
    displaced += result.outcome.displaced;
    is_anybody_affected |= result.outcome.cuts > 0 || result.is_interrupted;
    cpu = std::max(cpu, generator_cpu(result, plan.scenario == Scenario::storm));
    if (plan.outstanding == 0) lag = std::max(lag, ms(result.outcome.lag, 0.99));
    untimed += count_of(result.outcome.untimed);
    deliveries += count_of(result.outcome.total_deliveries);
  }
  if (cpu > kMostGeneratorCpu) {
    warnings.push_back(fmt::format(
        "GENERATOR BOUND: its busiest process used {:.0f} % of a core, and it sent up to {:.1f} ms "
        "(p99) behind plan. These figures show the generator's limit and not the server's; use "
        "more --processes, other cores or other machines.",
        cpu * 100, lag));
  } else if (lag > kMostLagMs) {
    warnings.push_back(fmt::format(
        "GENERATOR BOUND: it sent up to {:.1f} ms (p99) behind plan, though its busiest process "
        "used {:.0f} % of a core: something else had the core. Latency is from the plan and has "
        "this in it; end what else runs here, or use another machine.",
        lag, cpu * 100));
  }
  if (displaced > 0) {
    warnings.push_back(fmt::format(
        "SERVERS LEFT OUT: {} times a member got in at another server than it was to be at. The "
        "load was not shared as planned.",
        displaced));
  }
  if (plan.affected > 0 && !is_anybody_affected) {
    warnings.emplace_back(
        "NOBODY AFFECTED: it was over before the first one's turn. A longer --duration, a shorter "
        "--every.");
  }
  if (plan.sends() && deliveries > 0 && untimed >= deliveries) {
    warnings.emplace_back(
        "NO LATENCY: no sender and receiver share a clock; more --processes for each agent, or "
        "more --senders, bring them together.");
  }
  return warnings;
}

std::vector<std::string> notes_of(const std::vector<TrialResult>& results) {
  std::vector<std::string> notes;
  double untimed = 0;
  double deliveries = 0;
  for (const auto& result : results) {
    untimed += count_of(result.outcome.untimed);
    deliveries += count_of(result.outcome.total_deliveries);
    for (const auto& reason : result.outcome.reasons) {
      const std::string& note = reason;
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
    }
  }
  if (untimed > 0) {
    notes.push_back(
        fmt::format("Latency is of {:.1f} % of the deliveries: those whose sender is on the "
                    "receiver's machine, "
                    "so that no two clocks are compared.",
                    100 * (1 - per(untimed, deliveries))));
  }
  return notes;
}

}  // namespace

Report summary_of(const Plan& plan, const Dialect& dialect, std::vector<TrialResult> results) {
  Report report;
  report.scenario = name_of(plan.scenario);
  report.workload = facts_of(plan);
  for (const auto& result : results) {
    report.is_interrupted = report.is_interrupted || result.is_interrupted;
  }
  results.erase(std::remove_if(results.begin(), results.end(), has_measured_nothing),
                results.end());
  if (results.empty()) return report;
  Figures figures(results);
  add_connecting(figures, plan.scenario);
  add_traffic(figures, plan, dialect);
  add_coming_back(figures, plan);
  add_flaws(figures, plan, dialect);
  add_server(figures, plan);
  add_memory(figures, plan, results.front().rounds.front().before);
  add_generator(figures, plan);
  report.figures = figures.take();
  for (const auto& result : results) {
    report.latency.merge(result.latency);
    report.seconds.push_back(result.seconds);
  }
  report.warnings = warnings_of(plan, results);
  report.notes = notes_of(results);
  return report;
}

}  // namespace chat::bench
