#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"

namespace chat::broker {

/// A member of a node is in a room under a name, or is not there any more.
struct MemberChange {
  base::RoomName room;
  base::MemberKey key;          ///< on its node
  std::string name;             ///< valid (wire::parse_member_name); empty = left
  base::WallMs claimed_at = 0;  ///< since when it has the name; room::Claim
};
/// A member of a node types.
struct MemberTyping {
  base::RoomName room;
  base::MemberKey key;
};

/// What a node tells the others of its own members: the last change of a member is what holds.
/// Must not call back. Thread: the loop of the presence that calls it.
class PresenceFeed {
 public:
  virtual ~PresenceFeed() = default;
  virtual void on_change(MemberChange change) = 0;
  virtual void on_typing(MemberTyping typing) = 0;
};

/// What a node hears of the members of others. `node`: the name of another node, not the own.
/// Thread: one loop, that of the presence.
class RemotePresence {
 public:
  virtual ~RemotePresence() = default;
  /// What has changed on a node, in its order. Applying one again changes nothing.
  virtual void apply(const std::string& node, const std::vector<MemberChange>& changes) = 0;
  /// All members that a node has: who is not among them has left.
  virtual void replace(const std::string& node, const std::vector<MemberChange>& members) = 0;
  virtual void typed(const std::string& node, const MemberTyping& typing) = 0;
  /// All members of a node have left.
  virtual void forget(const std::string& node) = 0;
};

}  // namespace chat::broker
