#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"

namespace chat::wire {

/// One message of a room's log, as every node and every reader sees it. Immutable once it has a
/// seq.
struct Message {
  base::Seq seq;
  base::WallMs at = 0;    ///< when the server took it
  std::string name;       ///< the sender's name at that time
  base::ClientId client;  ///< empty when the sender gave none: no (client, n), no dedup
  std::uint64_t n = 0;    ///< the client's counter, below 2^53; meaningless without client
  std::string body;       ///< one JSON value, byte for byte as it was sent
  /// When this process read it off a socket; the clock's epoch when it came another way. Not
  /// stored.
  base::TimePoint received{};

  /// Memory and disk that it is counted with, in bytes.
  std::size_t cost() const noexcept {
    return sizeof(Message) + name.size() + client.value().size() + body.size();
  }
};

/// Shared by history, hub and sessions; may cross threads.
using MessagePtr = std::shared_ptr<const Message>;

/// "I have everything of this log up to here."
struct Cursor {
  base::Epoch epoch;
  base::Seq seq;
  friend bool operator==(const Cursor& a, const Cursor& b) {
    return a.epoch == b.epoch && a.seq == b.seq;
  }
};

}  // namespace chat::wire
