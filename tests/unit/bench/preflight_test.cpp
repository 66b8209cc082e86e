#include "chat/bench/run/preflight.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace chat::tests {
namespace {

using bench::CpuTimes;
using bench::Demand;
using bench::Machine;
using bench::PortRange;
using Catch::Contains;

constexpr PortRange kPorts{32768, 60999};  // 28,232 of them

Demand demand(std::size_t workers, std::size_t members_per_worker, bool is_loopback) {
  Demand made;
  made.workers = workers;
  made.members_per_worker = members_per_worker;
  made.is_loopback = is_loopback;
  return made;
}

TEST_CASE("bench preflight: a worker needs a descriptor for each member, and some more",
          "[bench][preflight]") {
  CHECK(descriptors_problem(demand(4, 960, true), 1024).empty());
  CHECK(descriptors_problem(demand(1, 10'000, false), 1024) ==
        "A worker with 10000 members needs 10064 file descriptors and may have 1024: raise the "
        "limit (ulimit -n, or LimitNOFILE of a service), or take more workers.");
  CHECK(descriptors_problem(demand(1, 10'000, false), 0).empty());
}

TEST_CASE("bench preflight: to a server elsewhere one address has as many ports as the range",
          "[bench][preflight]") {
  CHECK(ports_problem(demand(2, 14'116, false), kPorts).empty());
  CHECK(ports_problem(demand(2, 14'117, false), kPorts) ==
        "28234 connections are to come from one address to one place, and the system has 28232 "
        "ports for them (net.ipv4.ip_local_port_range is 32768 to 60999): take more machines (chat "
        "bench agent), or widen the range.");
  auto spread = demand(2, 14'117, false);
  spread.servers = 2;
  CHECK(ports_problem(spread, kPorts).empty());
  spread.members_per_worker = 30'000;
  CHECK_THAT(ports_problem(spread, kPorts), Contains("30000 connections"));
}

TEST_CASE("bench preflight: on the loopback members past 20,000 come from other addresses",
          "[bench][preflight]") {
  CHECK(ports_problem(demand(1, 60'000, true), kPorts).empty());
  CHECK(ports_problem(demand(2, 60'000, true), kPorts).empty());
  CHECK_THAT(ports_problem(demand(1, 60'000, true), {50'000, 59'999}),
             Contains("20000 connections") && Contains("take fewer members, or widen the range."));
}

TEST_CASE("bench preflight: workers, and a server beside them, want a core each",
          "[bench][preflight]") {
  CHECK(cores_problem(demand(1, 10, true), 2).empty());
  CHECK(cores_problem(demand(2, 10, false), 2).empty());
  CHECK(cores_problem(demand(2, 10, true), 2) ==
        "2 workers and the server share 2 cores and wait for each other: latencies are theirs, "
        "too.");
  CHECK_THAT(cores_problem(demand(1, 10, true), 1),
             Contains("1 worker and the server share 1 core "));
  CHECK_THAT(cores_problem(demand(3, 10, false), 2), Contains("3 workers share 2 cores "));
  CHECK(cores_problem(demand(9, 10, true), 0).empty());
}

TEST_CASE("bench preflight: what others do before the test is told from a tenth on",
          "[bench][preflight]") {
  const CpuTimes before{1000, 50, 9000};
  CHECK(load_problem(before, {1000, 50, 10'000}).empty());
  CHECK(load_problem(before, {1099, 149, 10'000}).empty());
  CHECK(load_problem(before, {1100, 50, 10'000}) ==
        "Others kept this machine busy before the test began (10 % of its CPU): end them, or the "
        "figures are theirs, too.");
  CHECK(load_problem(before, {1000, 300, 10'000}) ==
        "The hypervisor gave 25 % of this machine's CPU to others before the test began: latencies "
        "have that in them.");
  CHECK_THAT(load_problem(before, {1500, 300, 10'000}), Contains("50 %") && Contains(" too. The "));
  CHECK(load_problem(before, before).empty());
  CHECK(load_problem(before, {900, 40, 9100}).empty());
}

TEST_CASE("bench preflight: all of it is told, as far as the machine is known",
          "[bench][preflight]") {
  Machine machine;
  CHECK(preflight(demand(4, 40'000, true), machine).empty());
  machine.cores = 2;
  machine.most_files = 1024;
  machine.ports = kPorts;
  CHECK(preflight(demand(4, 40'000, false), machine).size() == 3);
  CHECK(preflight(demand(1, 100, true), machine).empty());
}

}  // namespace
}  // namespace chat::tests
