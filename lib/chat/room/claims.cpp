#include "chat/room/claims.hpp"

#include <algorithm>

namespace chat::room {

// ---- own members

std::string Claims::enter(base::MemberKey key, const std::string& wanted, const Claim& claim) {
  const auto [entry, first] = members_.try_emplace(key);
  Member& member = entry->second;
  if (!first) return member.announced;
  member.claim = claim;
  member.own = true;
  member.wanted = wanted;
  set_announced(key, member, roster_.enter(key, wanted));
  return member.announced;
}

std::string Claims::rename(base::MemberKey key, const std::string& wanted, base::WallMs now) {
  const auto found = members_.find(key);
  if (found == members_.end()) return {};
  Member& member = found->second;
  const auto before = member.folded;
  member.wanted = wanted;
  set_announced(key, member, roster_.rename(key, wanted));
  if (member.folded == before) return member.announced;
  member.claim.at = now;
  settle(before, now);
  return member.announced;
}

base::WallMs Claims::claimed_at(base::MemberKey key) const {
  const auto found = members_.find(key);
  return found == members_.end() ? 0 : found->second.claim.at;
}

// ---- members of other nodes

std::optional<base::MemberKey> Claims::announce(base::MemberKey key, const std::string& name,
                                                const Claim& claim, base::WallMs now) {
  Member& member = members_[key];
  const auto before = member.folded;
  member.claim = claim;
  set_announced(key, member, name);
  const auto lost = settle(member.folded, now);
  if (before == member.folded) return lost;
  if (roster_.holder_of(member.folded) != key) show(key, name);
  settle(before, now);
  return lost;
}

void Claims::leave(base::MemberKey key) {
  const auto found = members_.find(key);
  if (found == members_.end()) return;
  const auto folded = found->second.folded;
  members_.erase(found);
  withdraw(key, folded);
  roster_.leave(key);
  settle(folded, 0);  // nobody can lose a name that has become free
}

// ---- who has a name

void Claims::set_announced(base::MemberKey key, Member& member, const std::string& name) {
  member.announced = name;
  auto folded = Roster::folded(name);
  if (folded == member.folded) return;
  if (!member.folded.empty()) withdraw(key, member.folded);
  by_folded_[folded].push_back(key);
  member.folded = std::move(folded);
}

void Claims::withdraw(base::MemberKey key, const std::string& folded) {
  const auto found = by_folded_.find(folded);
  if (found == by_folded_.end()) return;
  auto& keys = found->second;
  keys.erase(std::remove(keys.begin(), keys.end(), key), keys.end());
  if (keys.empty()) by_folded_.erase(found);
}

/// Gives a name to the best of those who are announced under it, and another to whoever had it.
/// Returns that one when it is an own member.
std::optional<base::MemberKey> Claims::settle(const std::string& folded, base::WallMs now) {
  const auto found = by_folded_.find(folded);
  if (found == by_folded_.end()) return std::nullopt;
  const auto claim_of = [this](base::MemberKey key) -> const Claim& {
    return members_.at(key).claim;
  };
  const auto best = *std::min_element(found->second.begin(), found->second.end(),
                                      [&](auto a, auto b) { return claim_of(a) < claim_of(b); });
  std::optional<base::MemberKey> lost;
  const auto holder = roster_.holder_of(folded);
  if (holder && *holder != best && step_aside(*holder, now)) lost = holder;
  show(best, members_.at(best).announced);
  return lost;
}

/// Shows a member under a name, or under one made from it when that is taken.
void Claims::show(base::MemberKey key, const std::string& name) {
  if (roster_.name_of(key).empty()) {
    roster_.enter(key, name);
  } else {
    roster_.rename(key, name);
  }
}

/// Gives a member another name than the one it has; true when it is an own one.
bool Claims::step_aside(base::MemberKey key, base::WallMs now) {
  Member& member = members_.at(key);
  const auto name = roster_.displace(key, member.own ? member.wanted : member.announced);
  if (!member.own) return false;
  member.claim.at = now;
  set_announced(key, member, name);
  return true;
}

}  // namespace chat::room
