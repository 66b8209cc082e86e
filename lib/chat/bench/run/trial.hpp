#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/base/histogram.hpp"
#include "chat/bench/report/report.hpp"
#include "chat/bench/run/crew.hpp"
#include "chat/bench/run/messages.hpp"
#include "chat/bench/run/plan.hpp"
#include "chat/bench/run/server_meter.hpp"

namespace chat::bench {

/// How far a run is, to be shown while it goes on.
struct Progress {
  enum class Phase : std::uint8_t { joining, warming_up, measuring, draining };
  Phase phase = Phase::joining;
  std::size_t members = 0;
  std::size_t joined = 0;
  std::size_t failed = 0;  ///< tries to connect
  double elapsed_s = 0;    ///< of the window
  double window_s = 0;
  double deliveries = 0;   ///< a second, in the last one
  double p99_ms = 0;       ///< so far
  std::uint64_t gaps = 0;  ///< messages known to be missing
  std::uint64_t away = 0;  ///< members that are not in their rooms
};

/// What the server had used at one moment; nothing where that is not known.
using Usage = std::optional<ServerUse>;

/// What a run came to, over all its workers.
struct TrialResult {
  struct Round {  ///< of connecting
    double seconds = 0;
    std::size_t joined = 0;
    std::size_t failed = 0;
    base::Histogram join;
    double generator_cpu = 0;  ///< share of a core, of the busiest worker
    Usage before;
    Usage after;
  };

  std::vector<Round> rounds;  ///< one; of a storm two
  double window_s = 0;        ///< as it was, if it was stopped
  std::uint64_t sent = 0;     ///< in the window, as the next
  std::uint64_t deliveries = 0;
  std::uint64_t acked = 0;
  std::uint64_t bytes = 0;
  double generator_cpu = 0;  ///< share of a core, of the busiest worker
  base::Histogram latency;
  std::vector<Second> seconds;
  Usage begin;  ///< of the window; nothing, too, when the server was another one at its end
  Usage end;
  Outcome outcome;
  bool is_interrupted = false;
};

struct TrialFailure {
  std::string why;  ///< for people
  bool is_unreachable = false;
  bool is_crowded = false;  ///< not all members were let in; another run may follow
};

/// Leads a crew through one run. Thread: one.
class Trial {
 public:
  using Watch = std::function<void(const Progress&)>;

  /// All outlive it. `meter` may be null; `is_stopped`: whether the run is to end early, asked
  /// often.
  Trial(const Plan& plan, Crew& crew, ServerMeter* meter, Watch watch,
        std::function<bool()> is_stopped);

  /// Once. A run that was stopped has a result, too.
  tl::expected<TrialResult, TrialFailure> run();

 private:
  template <class T = void>
  using Result = tl::expected<T, TrialFailure>;
  struct Gathered {  // a second's ticks, of some workers
    Second second;
    std::size_t workers = 0;
    base::Histogram latency;
  };

  Result<> lead();
  Result<> send(std::size_t worker, const Order& order);
  Result<> send_all(const Order& order);
  Result<> await(std::size_t& heard);
  Result<> listen(std::uint64_t until);
  Result<> hear(std::size_t worker, Word word);
  Result<> connect();
  Result<> tell_stopped();
  Result<> run_window();
  Result<> measure(std::uint64_t begin, std::uint64_t end);
  void take(std::size_t worker, const Tick& tick);
  void take(const Joined& joined);
  void take(const Outcome& outcome);
  void close_second(std::int64_t number, Gathered& gathered);
  Result<Usage> usage();
  void show();

  const Plan plan_;
  Crew& crew_;
  ServerMeter* const meter_;
  const Watch watch_;
  const std::function<bool()> is_stopped_;

  TrialResult result_;
  Progress progress_;
  std::vector<std::size_t> joined_;  // so far, of each worker
  std::vector<std::size_t> failed_;
  std::vector<std::uint64_t> gaps_;
  std::vector<std::uint64_t> away_;
  std::vector<double> cpu_s_;  // in the window, of each worker
  std::vector<double> window_s_;
  std::map<std::int64_t, Gathered> open_;  // seconds that not all workers have told
  std::vector<double> server_shares_;      // of each second; negative: not known
  std::vector<std::uint32_t> sent_;        // by sender
  std::vector<Verdict> verdicts_;
  std::vector<std::vector<RoomOrders>> orders_;
  std::size_t ready_ = 0;
  std::vector<bool> is_ready_;  // what a worker says before that is of an earlier run
  std::size_t in_ = 0;
  std::size_t done_sending_ = 0;
  std::size_t outcomes_ = 0;
  std::uint64_t shown_at_ = 0;
  std::uint64_t heard_at_ = 0;
  bool has_stopped_ = false;
};

}  // namespace chat::bench
