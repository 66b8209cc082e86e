#include "chat/bench/run/process_meter.hpp"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "chat/bench/run/clock.hpp"
#include "chat/bench/run/proc_file.hpp"

namespace chat::bench {
namespace {

std::string proc(pid_t pid) { return "/proc/" + std::to_string(pid) + "/"; }

tl::unexpected<std::string> failure(pid_t pid, const char* what, int error) {
  const auto process = "process " + std::to_string(pid);
  if (error == ENOENT || error == ESRCH) return tl::unexpected(process + " is gone");
  return tl::unexpected(std::string("cannot read the ") + what + " of " + process + ": " +
                        std::strerror(error));
}

tl::expected<std::uint64_t, int> cpu_ns(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (const int error = ::clock_getcpuclockid(pid, &clock); error != 0) {
    return tl::unexpected(error);
  }
  // The clock was there a moment ago: EINVAL says that its process is not any more.
  if (::clock_gettime(clock, &time) != 0) return tl::unexpected(errno == EINVAL ? ESRCH : errno);
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

/// Sets user_s and system_s; false when the process has ended and only its parent does not know.
bool read_times(const std::string& stat, ProcessUse& use) {
  // After the name in parentheses, which may hold anything: state is field 3, utime 14, stime 15.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string state;
  fields >> state;
  std::string skipped;
  for (int field = 4; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  use.user_s = user / ticks;
  use.system_s = system / ticks;
  return fields && state != "Z" && state != "X";
}

/// A thread that ends meanwhile does not count.
void read_switches(pid_t pid, ProcessUse& use) {
  std::error_code gone;
  std::filesystem::directory_iterator task(proc(pid) + "task", gone);
  for (; !gone && task != std::filesystem::directory_iterator(); task.increment(gone)) {
    const auto status = read_file(task->path() / "status");
    if (!status) continue;
    use.voluntary_switches += number_of(*status, "voluntary_ctxt_switches").value_or(0);
    use.involuntary_switches += number_of(*status, "nonvoluntary_ctxt_switches").value_or(0);
  }
}

tl::expected<ProcessUse, std::string> read_use(pid_t pid) {
  ProcessUse use;
  const auto stat = read_file(proc(pid) + "stat");
  if (!stat) return failure(pid, "times", stat.error());
  if (!read_times(*stat, use)) return failure(pid, "times", ESRCH);
  const auto cpu = cpu_ns(pid);
  if (!cpu) return failure(pid, "CPU clock", cpu.error());
  use.cpu_ns = *cpu;
  read_switches(pid, use);
  return use;
}

tl::expected<ProcessMemory, std::string> read_memory(pid_t pid) {
  ProcessMemory memory;
  const auto status = read_file(proc(pid) + "status");
  if (!status) return failure(pid, "memory", status.error());
  const auto resident = number_of(*status, "VmRSS");
  if (!resident) return failure(pid, "memory", ESRCH);  // a zombie has none
  memory.vm_rss_bytes = *resident * 1024;
  const auto rollup = read_file(proc(pid) + "smaps_rollup");
  if (!rollup && rollup.error() != EACCES && rollup.error() != EPERM) {
    return failure(pid, "memory", rollup.error());
  }
  memory.is_exact = rollup.has_value();
  if (!rollup) {
    memory.rss_bytes = memory.vm_rss_bytes;
    return memory;
  }
  memory.rss_bytes = number_of(*rollup, "Rss").value_or(0) * 1024;
  memory.pss_bytes = number_of(*rollup, "Pss").value_or(0) * 1024;
  return memory;
}

}  // namespace

tl::expected<ProcessUse, std::string> read_use(const std::vector<pid_t>& pids) {
  ProcessUse sum;
  for (const pid_t pid : pids) {
    auto use = read_use(pid);
    if (!use) return use;
    sum.cpu_ns += use->cpu_ns;
    sum.user_s += use->user_s;
    sum.system_s += use->system_s;
    sum.voluntary_switches += use->voluntary_switches;
    sum.involuntary_switches += use->involuntary_switches;
  }
  return sum;
}

tl::expected<ProcessMemory, std::string> read_memory(const std::vector<pid_t>& pids) {
  ProcessMemory sum;
  for (const pid_t pid : pids) {
    auto memory = read_memory(pid);
    if (!memory) return memory;
    sum.rss_bytes += memory->rss_bytes;
    sum.pss_bytes += memory->pss_bytes;
    sum.vm_rss_bytes += memory->vm_rss_bytes;
    sum.is_exact = sum.is_exact && memory->is_exact;
  }
  if (!sum.is_exact) sum.pss_bytes = 0;
  return sum;
}

}  // namespace chat::bench
