#pragma once

#include <cstdint>
#include <optional>

namespace chat::metrics {

/// What this process has used since its start, all threads together, those that ended included.
struct ProcessStats {
  double user_s = 0;  ///< CPU time in its own code
  double system_s = 0;
  std::optional<std::uint64_t> resident_bytes;  ///< now; nullopt where /proc is not to be read
  std::uint64_t voluntary_switches = 0;         ///< of threads that had to wait
  std::uint64_t involuntary_switches = 0;       ///< of threads that had to make room
};

/// Asks the kernel. Thread: any.
ProcessStats own_process() noexcept;

}  // namespace chat::metrics
