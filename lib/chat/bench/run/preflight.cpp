#include "chat/bench/run/preflight.hpp"

#include <algorithm>
#include <cmath>

#include "chat/bench/sockets.hpp"

namespace chat::bench {
namespace {

constexpr std::uint64_t kOwnFiles = 64;  ///< of a worker, besides its members
constexpr double kMostLoad = 0.1;

std::string count(std::uint64_t number) { return std::to_string(number); }

std::string percent(double share) {
  return std::to_string(static_cast<int>(std::lround(share * 100))) + " %";
}

double share(std::uint64_t from, std::uint64_t to, std::uint64_t total) {
  return to > from ? static_cast<double>(to - from) / static_cast<double>(total) : 0;
}

/// Connections from one address to one place.
std::uint64_t connections_per_address(const Demand& demand) {
  const std::uint64_t all = demand.members_per_worker * demand.workers;
  const std::uint64_t from_one =
      demand.is_loopback ? std::min<std::uint64_t>(all, Sockets::kMembersPerAddress) : all;
  const std::uint64_t servers = std::max<std::uint64_t>(demand.servers, 1);
  return (from_one + servers - 1) / servers;
}

}  // namespace

std::string descriptors_problem(const Demand& demand, std::uint64_t most_files) {
  const std::uint64_t needed = demand.members_per_worker + kOwnFiles;
  if (most_files == 0 || needed <= most_files) return {};
  return "A worker with " + count(demand.members_per_worker) + " members needs " + count(needed) +
         " file descriptors and may have " + count(most_files) +
         ": raise the limit (ulimit -n, or LimitNOFILE of a service), or take more workers.";
}

std::string ports_problem(const Demand& demand, const PortRange& ports) {
  const std::uint64_t needed = connections_per_address(demand);
  if (needed <= ports.count()) return {};
  return count(needed) +
         " connections are to come from one address to one place, and the system has " +
         count(ports.count()) + " ports for them (net.ipv4.ip_local_port_range is " +
         count(ports.first) + " to " + count(ports.last) + "): " +
         (demand.is_loopback ? "take fewer members, or widen the range."
                             : "take more machines (chat bench agent), or widen the range.");
}

std::string cores_problem(const Demand& demand, unsigned cores) {
  // A server here needs one, too.
  const std::uint64_t needed = demand.workers + (demand.is_loopback ? 1 : 0);
  if (cores == 0 || needed <= cores) return {};
  return count(demand.workers) + (demand.workers == 1 ? " worker" : " workers") +
         (demand.is_loopback ? " and the server" : "") + " share " + count(cores) +
         (cores == 1 ? " core" : " cores") + " and wait for each other: latencies are theirs, too.";
}

std::string load_problem(const CpuTimes& from, const CpuTimes& to) {
  if (to.total <= from.total) return {};
  const std::uint64_t total = to.total - from.total;
  const double busy = share(from.busy, to.busy, total);
  const double stolen = share(from.stolen, to.stolen, total);
  std::string problem;
  if (busy >= kMostLoad) {
    problem = "Others kept this machine busy before the test began (" + percent(busy) +
              " of its CPU): end them, or the figures are theirs, too.";
  }
  if (stolen >= kMostLoad) {
    problem +=
        std::string(problem.empty() ? "" : " ") + "The hypervisor gave " + percent(stolen) +
        " of this machine's CPU to others before the test began: latencies have that in them.";
  }
  return problem;
}

std::vector<std::string> preflight(const Demand& demand, const Machine& machine) {
  std::vector<std::string> problems{descriptors_problem(demand, machine.most_files)};
  if (machine.ports) problems.push_back(ports_problem(demand, *machine.ports));
  problems.push_back(cores_problem(demand, machine.cores));
  const auto is_none = [](const std::string& problem) { return problem.empty(); };
  problems.erase(std::remove_if(problems.begin(), problems.end(), is_none), problems.end());
  return problems;
}

}  // namespace chat::bench
