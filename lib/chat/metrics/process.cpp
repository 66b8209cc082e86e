#include "chat/metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace chat::metrics {
namespace {

double seconds(const timeval& time) noexcept {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<std::uint64_t> resident_bytes() noexcept {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return std::nullopt;
  unsigned long long pages = 0;  // the second number (proc(5))
  const bool is_read = std::fscanf(file, "%*u %llu", &pages) == 1;
  std::fclose(file);
  if (!is_read) return std::nullopt;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessStats own_process() noexcept {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  ProcessStats stats;
  stats.user_s = seconds(use.ru_utime);
  stats.system_s = seconds(use.ru_stime);
  stats.resident_bytes = resident_bytes();
  stats.voluntary_switches = static_cast<std::uint64_t>(use.ru_nvcsw);
  stats.involuntary_switches = static_cast<std::uint64_t>(use.ru_nivcsw);
  return stats;
}

}  // namespace chat::metrics
