#include "process_meter.hpp"

#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "system.hpp"

namespace perf {
namespace {

std::string proc(pid_t pid) { return "/proc/" + std::to_string(pid) + "/"; }

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The number after "KEY:" at the start of a line; 0 when there is none.
std::uint64_t number_of(const std::string& text, const std::string& key) {
  const std::string wanted = "\n" + key + ":";
  const auto at = ("\n" + text).find(wanted);
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + wanted.size() - 1));
}

std::uint64_t cpu_ns(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    throw std::runtime_error("cannot read the CPU clock of process " + std::to_string(pid));
  }
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

ProcessUse read_use(pid_t pid) {
  ProcessUse use;
  use.cpu_ns = cpu_ns(pid);
  const std::string stat = read_text(proc(pid) + "stat");
  // After the name in parentheses, which may hold anything: state is field 3, utime 14, stime 15.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  use.user_s = user / ticks;
  use.system_s = system / ticks;
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(proc(pid) + "task", gone)) {
    const std::string status = read_text(task.path() / "status");
    use.voluntary_switches += number_of(status, "voluntary_ctxt_switches");
    use.involuntary_switches += number_of(status, "nonvoluntary_ctxt_switches");
  }
  return use;
}

ProcessMemory read_memory(pid_t pid) {
  ProcessMemory memory;
  const std::string rollup = read_text(proc(pid) + "smaps_rollup");
  memory.rss_bytes = number_of(rollup, "Rss") * 1024;
  memory.pss_bytes = number_of(rollup, "Pss") * 1024;
  memory.vm_rss_bytes = number_of(read_text(proc(pid) + "status"), "VmRSS") * 1024;
  if (memory.vm_rss_bytes == 0) {
    throw std::runtime_error("cannot read the memory of process " + std::to_string(pid));
  }
  return memory;
}

}  // namespace

ProcessUse read_use(const std::vector<pid_t>& pids) {
  ProcessUse sum;
  for (const pid_t pid : pids) {
    const ProcessUse use = read_use(pid);
    sum.cpu_ns += use.cpu_ns;
    sum.user_s += use.user_s;
    sum.system_s += use.system_s;
    sum.voluntary_switches += use.voluntary_switches;
    sum.involuntary_switches += use.involuntary_switches;
  }
  return sum;
}

ProcessMemory read_memory(const std::vector<pid_t>& pids) {
  ProcessMemory sum;
  for (const pid_t pid : pids) {
    const ProcessMemory memory = read_memory(pid);
    sum.rss_bytes += memory.rss_bytes;
    sum.pss_bytes += memory.pss_bytes;
    sum.vm_rss_bytes += memory.vm_rss_bytes;
  }
  return sum;
}

}  // namespace perf
