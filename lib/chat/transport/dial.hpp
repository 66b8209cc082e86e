#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "chat/base/executor.hpp"
#include "chat/transport/stream.hpp"

namespace chat::transport {

class AsioExecutor;

/// Looks up a host, connects to the first of its addresses that takes it, and with TLS checks its
/// certificate against the authorities and the host's name.
///
/// Thread: one loop, the executor's. Destroying it gives up: nothing is called then.
class Dial {
 public:
  struct Target {
    std::string host;  ///< a name, or an address without brackets
    std::uint16_t port = 0;
    bool tls = false;
    std::string ca_file;  ///< PEM; empty: the system's
  };
  struct Failure {
    std::string why;
    bool may_pass = true;    ///< false: trying again is useless
    bool timed_out = false;  ///< nothing answered
  };
  using Done = std::function<void(tl::expected<std::unique_ptr<Stream>, Failure>)>;

  /// Calls `done` once, never inside this call; after `patience` at the latest.
  Dial(AsioExecutor& executor, Target target, base::Duration patience, Done done);
  ~Dial();
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

 private:
  class Attempt;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace chat::transport
