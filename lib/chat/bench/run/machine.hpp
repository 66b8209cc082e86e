#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/bench/report/report.hpp"

namespace chat::bench {

/// Of the ports that the system gives to who calls; both are among them.
struct PortRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  std::uint32_t count() const noexcept { return last - first + 1; }
};

/// What a test's figures also depend on. Empty, 0 and nullopt: the system does not tell.
struct Machine {
  std::string cpu;              ///< its model
  unsigned cores = 0;           ///< that this process may run on
  std::optional<double> quota;  ///< so many cores' time is all it gets (cgroup v2's cpu.max)
  std::string kernel;           ///< "Linux 6.1.0"
  std::uint64_t memory_bytes = 0;
  std::string congestion_control;  ///< of TCP
  std::optional<PortRange> ports;
  std::uint64_t most_files = 0;  ///< descriptors that this process may have now
};

/// This one, now. Thread: any.
Machine read_machine();
/// The cores that this process or one of these may run on; 0: not known. Who is gone has none.
/// Thread: any.
unsigned usable_cores(const std::vector<pid_t>& others = {}) noexcept;
/// For a report's set-up; what is not known is left out. Pure.
std::vector<Fact> facts_of(const Machine& machine);

/// What all cores have done since the machine started, in clock ticks.
struct CpuTimes {
  std::uint64_t busy = 0;    ///< worked
  std::uint64_t stolen = 0;  ///< had work, and the hypervisor let others work
  std::uint64_t total = 0;   ///< all of it, and idle
};
/// nullopt where /proc is not to be read. Thread: any.
std::optional<CpuTimes> read_cpu_times();

// What files of the system say; pure, nullopt (or empty) when it is not what they should.

/// /proc/cpuinfo.
std::string cpu_model(std::string_view cpuinfo);
/// /proc/sys/net/ipv4/ip_local_port_range.
std::optional<PortRange> port_range(std::string_view text);
/// cpu.max of a cgroup: in cores; also nullopt when there is no bound.
std::optional<double> cpu_quota(std::string_view cpu_max);
/// /proc/stat.
std::optional<CpuTimes> cpu_times(std::string_view stat);

}  // namespace chat::bench
