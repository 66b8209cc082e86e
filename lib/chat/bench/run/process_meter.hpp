#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace chat::bench {

/// What processes have used so far, threads included.
struct ProcessUse {
  std::uint64_t cpu_ns = 0;
  double user_s = 0;  ///< in steps of a clock tick; user_s + system_s is about cpu_ns
  double system_s = 0;
  std::uint64_t voluntary_switches = 0;  ///< of the threads that live now
  std::uint64_t involuntary_switches = 0;
};

struct ProcessMemory {
  std::uint64_t rss_bytes = 0;     ///< exact, from smaps_rollup, or else as vm_rss_bytes
  std::uint64_t pss_bytes = 0;     ///< 0 when it is not exact
  std::uint64_t vm_rss_bytes = 0;  ///< the kernel's running count, from status
  /// All of these processes let this one look: they are its user's own, or it is root's.
  bool is_exact = true;
};

/// Sums over processes, read from /proc and their CPU clocks. Fails when one of them is gone, a
/// zombie among them, or cannot be read, and says which one. Thread: any.
tl::expected<ProcessUse, std::string> read_use(const std::vector<pid_t>& pids);
/// The same. The kernel walks through all of a process's pages: milliseconds for each gigabyte.
tl::expected<ProcessMemory, std::string> read_memory(const std::vector<pid_t>& pids);

}  // namespace chat::bench
