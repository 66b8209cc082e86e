#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/run/server_use.hpp"

namespace chat::bench {

/// Tells what a server uses, wherever it runs. Thread: one at a time.
class ServerMeter {
 public:
  virtual ~ServerMeter() = default;
  /// What all of it has used so far. Fails, when a part of it does not tell, with which and why,
  /// for people; it may tell again later. Two readings that differ by less than nothing: it has
  /// started anew between them.
  virtual tl::expected<ServerUse, std::string> read() = 0;
};

/// Processes on this machine, at least one. Memory is exact where this process may look at it (its
/// user's own, or as root), and each reading then takes milliseconds for each gigabyte; else it is
/// the kernel's running count.
std::unique_ptr<ServerMeter> meter_of_processes(std::vector<pid_t> pids);

/// Servers that tell it over HTTP (use_of_exposition), at least one: http[s]://HOST[:PORT][/PATH],
/// each of one process. Without a path it is /metrics. A reading takes as long as the answers do,
/// some 10 s for each at most. Fails when one is no such address, and with why.
tl::expected<std::unique_ptr<ServerMeter>, std::string> meter_of_urls(
    const std::vector<std::string>& urls);

}  // namespace chat::bench
