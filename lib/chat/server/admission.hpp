#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "chat/wire/error.hpp"

namespace chat::server {

/// How many connections there are, in all and per address (of IPv6 per /64), over all workers.
///
/// Thread: any. One mutex (docs/threads.md), held for one look into a map when a connection comes
/// or goes, never on the way of a message.
class Admission {
 public:
  /// 0 = unlimited.
  Admission(std::size_t max_total, std::size_t max_per_address);

  /// Counts a connection from `peer` ("127.0.0.1:4711", "[::1]:1", "unix"). Fails with
  /// too_many_connections or too_many_from_address and counts nothing then.
  wire::Result<void> enter(const std::string& peer);
  /// Undoes one successful `enter`.
  void leave(const std::string& peer);

 private:
  static std::string address_of(const std::string& peer);

  const std::size_t max_total_;
  const std::size_t max_per_address_;
  std::mutex mutex_;
  std::size_t total_ = 0;                                    // guarded by mutex_
  std::unordered_map<std::string, std::size_t> by_address_;  // guarded by mutex_
};

}  // namespace chat::server
