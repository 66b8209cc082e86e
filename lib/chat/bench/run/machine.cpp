#include "chat/bench/run/machine.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "chat/bench/run/proc_file.hpp"

namespace chat::bench {
namespace {

constexpr std::string_view kSpaces = " \t\n\r";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    words.push_back(text.substr(0, text.find_first_of(kSpaces)));
    text.remove_prefix(words.back().size());
  }
  return words;
}

std::string_view line_of(std::string_view text) { return text.substr(0, text.find('\n')); }

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
  if (read.ec != std::errc() || read.ptr != word.data() + word.size()) return std::nullopt;
  return value;
}

/// Empty when it cannot be read.
std::string text_of_file(const std::string& path) { return read_file(path).value_or(""); }

std::string kernel_name() {
  utsname name{};
  if (::uname(&name) != 0) return {};
  return std::string(name.sysname) + " " + name.release;
}

/// The narrowest of the bounds on this process's cgroup and those around it.
std::optional<double> own_quota() {
  const auto groups = text_of_file("/proc/self/cgroup");
  constexpr std::string_view kUnified = "0::";
  std::string_view rest = groups;
  while (!rest.empty() && rest.substr(0, kUnified.size()) != kUnified) {
    rest.remove_prefix(std::min(line_of(rest).size() + 1, rest.size()));
  }
  if (rest.empty()) return std::nullopt;
  std::string path(line_of(rest.substr(kUnified.size())));
  std::optional<double> least;
  for (;;) {
    const auto quota = cpu_quota(text_of_file("/sys/fs/cgroup" + path + "/cpu.max"));
    if (quota) least = std::min(*quota, least.value_or(*quota));
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return least;
    path.resize(slash);
  }
}

std::uint64_t file_limit() noexcept {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::string with_tenths(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", number);
  return text.data();
}

}  // namespace

unsigned usable_cores(const std::vector<pid_t>& others) noexcept {
  cpu_set_t all;
  if (::sched_getaffinity(0, sizeof all, &all) != 0) return 0;
  for (const pid_t other : others) {
    cpu_set_t cores;
    if (::sched_getaffinity(other, sizeof cores, &cores) == 0) CPU_OR(&all, &all, &cores);
  }
  return static_cast<unsigned>(CPU_COUNT(&all));
}

Machine read_machine() {
  Machine machine;
  machine.cpu = cpu_model(text_of_file("/proc/cpuinfo"));
  machine.cores = usable_cores();
  machine.quota = own_quota();
  machine.kernel = kernel_name();
  machine.memory_bytes = number_of(text_of_file("/proc/meminfo"), "MemTotal").value_or(0) * 1024;
  machine.congestion_control = trimmed(text_of_file("/proc/sys/net/ipv4/tcp_congestion_control"));
  machine.ports = port_range(text_of_file("/proc/sys/net/ipv4/ip_local_port_range"));
  machine.most_files = file_limit();
  return machine;
}

std::vector<Fact> facts_of(const Machine& machine) {
  std::vector<Fact> facts;
  const auto add = [&facts](const char* name, const std::string& text) {
    if (!text.empty()) facts.push_back({name, text});
  };
  add("CPU", machine.cpu);
  if (machine.cores > 0) {
    add("cores", std::to_string(machine.cores) +
                     (machine.quota ? ", with the time of " + with_tenths(*machine.quota) : ""));
  }
  if (machine.memory_bytes > 0) {
    add("memory", with_tenths(static_cast<double>(machine.memory_bytes) / (1U << 30)) + " GiB");
  }
  add("kernel", machine.kernel);
  add("TCP congestion control", machine.congestion_control);
  if (machine.ports) {
    add("ports to call from",
        std::to_string(machine.ports->first) + " to " + std::to_string(machine.ports->last));
  }
  if (machine.most_files > 0) add("open files, at most", std::to_string(machine.most_files));
  return facts;
}

std::optional<CpuTimes> read_cpu_times() { return cpu_times(text_of_file("/proc/stat")); }

std::string cpu_model(std::string_view cpuinfo) {
  constexpr std::string_view kKey = "model name";  // on x86; Arm's cores have numbers only
  while (!cpuinfo.empty()) {
    const auto line = line_of(cpuinfo);
    cpuinfo.remove_prefix(std::min(line.size() + 1, cpuinfo.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || trimmed(line.substr(0, colon)) != kKey) continue;
    return std::string(trimmed(line.substr(colon + 1)));
  }
  return {};
}

std::optional<PortRange> port_range(std::string_view text) {
  constexpr std::uint64_t kMostPort = 65535;
  const auto words = words_of(text);
  if (words.size() != 2) return std::nullopt;
  const auto first = number(words[0]);
  const auto last = number(words[1]);
  if (!first || !last || *first > *last || *last > kMostPort) return std::nullopt;
  return PortRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

std::optional<double> cpu_quota(std::string_view cpu_max) {
  const auto words = words_of(cpu_max);
  if (words.size() != 2) return std::nullopt;
  const auto time = number(words[0]);  // "max": no bound
  const auto period = number(words[1]);
  if (!time || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*time) / static_cast<double>(*period);
}

std::optional<CpuTimes> cpu_times(std::string_view stat) {
  // cpu user nice system idle iowait irq softirq steal …: guests are in user already (proc(5)).
  constexpr std::size_t kFields = 8;
  constexpr std::size_t kIdle = 3;
  constexpr std::size_t kWaiting = 4;
  constexpr std::size_t kStolen = 7;
  const auto words = words_of(line_of(stat));
  if (words.size() <= kFields || words[0] != "cpu") return std::nullopt;
  CpuTimes times;
  for (std::size_t i = 0; i < kFields; ++i) {
    const auto ticks = number(words[i + 1]);
    if (!ticks) return std::nullopt;
    times.total += *ticks;
    if (i == kStolen) times.stolen = *ticks;
    if (i != kIdle && i != kWaiting && i != kStolen) times.busy += *ticks;
  }
  return times;
}

}  // namespace chat::bench
