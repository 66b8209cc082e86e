#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chat/bench/run/machine.hpp"

namespace chat::bench {

/// What is to run on one machine.
struct Demand {
  std::size_t workers = 1;
  std::size_t members_per_worker = 0;  ///< of the one with the most, at a time
  std::size_t servers = 1;             ///< places (an address and a port) they are spread over
  bool is_loopback = false;            ///< the servers run here
};

// Each says in whole sentences what would spoil a test, why, and what to do; empty: nothing. Pure.

/// Descriptors of each worker. `most_files`: what it may have, after raise_file_limit; 0: not
/// known.
std::string descriptors_problem(const Demand& demand, std::uint64_t most_files);
/// Ports to call from. Each connection to one place needs one, of those of the address it comes
/// from; on the loopback others are taken past Sockets::kMembersPerAddress members.
std::string ports_problem(const Demand& demand, const PortRange& ports);
/// Cores for the workers. 0: not known.
std::string cores_problem(const Demand& demand, unsigned cores);
/// Work of others, between two looks before the test starts; a tenth of the machine is too much.
std::string load_problem(const CpuTimes& from, const CpuTimes& to);

/// All of these but the last, as far as the machine is known.
std::vector<std::string> preflight(const Demand& demand, const Machine& machine);

}  // namespace chat::bench
