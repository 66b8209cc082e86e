#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace perf {

/// What processes have used so far, threads included.
struct ProcessUse {
  std::uint64_t cpu_ns = 0;
  double user_s = 0;  ///< in steps of a clock tick; user_s + system_s is about cpu_ns
  double system_s = 0;
  std::uint64_t voluntary_switches = 0;  ///< of the threads that live now
  std::uint64_t involuntary_switches = 0;
};

struct ProcessMemory {
  std::uint64_t rss_bytes = 0;  ///< exact, from smaps_rollup
  std::uint64_t pss_bytes = 0;
  std::uint64_t vm_rss_bytes = 0;  ///< the kernel's running count, from status
};

/// Sums; read from /proc and the processes' CPU clocks. Throws when one of them is not there (any
/// more).
ProcessUse read_use(const std::vector<pid_t>& pids);
ProcessMemory read_memory(const std::vector<pid_t>& pids);

}  // namespace perf
