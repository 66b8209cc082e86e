#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/room/roster.hpp"

namespace chat::room {

/// Since when, and where, a member has its name. Of two members with one name in a room the lesser
/// claim keeps it: the older one, then that of the lesser node, then that of the lesser key. Every
/// node comes to the same answer.
struct Claim {
  base::WallMs at = 0;                ///< when the name was taken, by the clock of its node
  const std::string* node = nullptr;  ///< its node; must outlive the claim
  std::uint64_t key = 0;              ///< its key on that node

  friend bool operator<(const Claim& a, const Claim& b) {
    if (a.at != b.at) return a.at < b.at;
    if (*a.node != *b.node) return *a.node < *b.node;
    return a.key < b.key;
  }
};

/// Who may have which name, in a room whose members are on several nodes: keeps the names of a
/// Roster as the claims say. Pure.
///
/// A node names its own members and announces that; what others announce is shown as announced,
/// unless somebody with a better claim has the name:
///  - a member of another node is then shown under a name made as Roster makes one, until its node
///    announces another or the name is free;
///  - an own member is renamed at once, which its node must announce (`announce` says so).
///
/// So when every node has heard every announcement, no two are of one name, and all show the same.
class Claims {
 public:
  /// `roster` must outlive it; its members come and go through this class from now on.
  explicit Claims(Roster& roster) : roster_(roster) {}

  /// An own member enters; `wanted` as for Roster::enter. Returns the name it got.
  std::string enter(base::MemberKey key, const std::string& wanted, const Claim& claim);
  /// An own member asks for another name at `now`; it keeps its claim when only the case changes.
  /// Empty when it is not here.
  std::string rename(base::MemberKey key, const std::string& wanted, base::WallMs now);
  /// Since when an own member has its name; 0 when it is not here.
  base::WallMs claimed_at(base::MemberKey key) const;

  /// A member of another node is here under `name`. Returns the own member that had the name and
  /// got another one at `now`.
  std::optional<base::MemberKey> announce(base::MemberKey key, const std::string& name,
                                          const Claim& claim, base::WallMs now);
  /// A member of whichever node is gone; nothing happens when it is not here.
  void leave(base::MemberKey key);

 private:
  struct Member {
    Claim claim;
    bool own = false;
    std::string wanted;     // what it asked for, when it is an own one
    std::string announced;  // what its node says that it is called
    std::string folded;     // `announced`, for comparing
  };
  using Announcers = std::vector<base::MemberKey>;

  void set_announced(base::MemberKey key, Member& member, const std::string& name);
  void withdraw(base::MemberKey key, const std::string& folded);
  std::optional<base::MemberKey> settle(const std::string& folded, base::WallMs now);
  void show(base::MemberKey key, const std::string& name);
  bool step_aside(base::MemberKey key, base::WallMs now);

  Roster& roster_;
  std::unordered_map<base::MemberKey, Member> members_;
  std::unordered_map<std::string, Announcers> by_folded_;
};

}  // namespace chat::room
