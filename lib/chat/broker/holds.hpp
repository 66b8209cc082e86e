#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "chat/base/ids.hpp"
#include "chat/wire/error.hpp"

namespace chat::broker {

/// Senders to whom a refusal is on its way from the loop that orders a room. What they sent behind
/// the refused message before they knew is refused too: it would overtake. Who knows holds back by
/// itself (session::Session). Thread: the ordering loop.
class Holds {
 public:
  /// Who sends where, in short: two that share one are held together, which costs the other a
  /// refusal. 0: nobody, for publishes without a client id.
  using Sender = std::uint64_t;

  static Sender sender(const base::RoomName& room, const base::ClientId& client) noexcept {
    if (client.value().empty()) return 0;
    const std::hash<std::string> hash;
    return (hash(room.value()) * 31 + hash(client.value())) | 1U;
  }

  bool hold(Sender sender) const { return !refusals_.empty() && refusals_.count(sender) > 0; }
  /// True when `error` holds the sender until `release`.
  bool add(Sender sender, const wire::Error& error) {
    if (sender == 0 || !wire::is_passing(error.code)) return false;
    ++refusals_[sender];
    return true;
  }
  /// The sender has been told.
  void release(Sender sender) {
    const auto found = refusals_.find(sender);
    if (found != refusals_.end() && --found->second == 0) refusals_.erase(found);
  }

 private:
  std::unordered_map<Sender, std::size_t> refusals_;  // on their way
};

}  // namespace chat::broker
