#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chat/base/histogram.hpp"
#include "chat/bench/run/process_meter.hpp"
#include "chat/bench/verifier.hpp"
#include "load_options.hpp"

namespace perf {

using chat::bench::ProcessMemory;

/// The server's use within the window.
struct ServerUse {
  double cpu_s = 0;
  double user_s = 0;
  double system_s = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
};

struct Report {
  double window_s = 0;     ///< fanout: measured time; idle and storm: first connect to last
  std::uint64_t sent = 0;  ///< in the window, as the rest
  std::uint64_t deliveries = 0;
  std::uint64_t acked = 0;       ///< v1: acks; plain: messages that came back to their sender
  std::uint64_t total_sent = 0;  ///< from start to end, as the verdict
  std::uint64_t total_deliveries = 0;
  std::uint64_t unacked = 0;  ///< v1
  std::uint64_t disconnects = 0;
  std::uint64_t errors = 0;  ///< frames by which the server refuses something
  chat::bench::Verifier::Verdict verdict;

  chat::base::Histogram latency_ns;  ///< planned sending to arrival, each delivery
  chat::base::Histogram lag_ns;      ///< planned sending to sending

  std::size_t connections = 0;
  double connect_s = 0;
  double generator_cpu = 0;  ///< share of a core, in the window

  std::optional<ServerUse> server;
  std::optional<ProcessMemory> memory_before;  ///< nobody connected
  std::optional<ProcessMemory> memory_after;   ///< at the window's end

  bool generator_bound() const noexcept;
  /// Nothing lost, repeated, out of order or refused.
  bool clean() const noexcept;
  std::string json(const Options& options) const;
  std::string text(const Options& options) const;
};

}  // namespace perf
