#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/base/ids.hpp"
#include "chat/wire/frame.hpp"

namespace chat::room {

/// Who is in one room, under which name. Pure.
///
/// Names are unique without regard to case (base::fold_case). Changes gather until `take_changes`;
/// whoever joined and left again in between does not show, and a rename of someone who joined in
/// between is a join under the new name.
class Roster {
 public:
  /// Adds a member. `wanted` is a valid name (wire::parse_member_name), or empty for a guest name
  /// made from the key. Returns the name it got: `wanted`, or that with the first free suffix of
  /// "-2" … "-9", or else with a larger one (cut so that it stays within the limits of a name).
  /// Larger suffixes count up over all names and none is tried twice: however many ask for one
  /// name, each costs the same.
  std::string enter(base::MemberKey key, const std::string& wanted);
  /// Gives a member another name, by the same rule; its own present name does not count as taken.
  /// Empty when the member is not here.
  std::string rename(base::MemberKey key, const std::string& wanted);
  /// As `rename`, but its own present name counts as taken, so that it gets another one.
  std::string displace(base::MemberKey key, const std::string& wanted);
  /// Removes a member; nothing happens when it is not here.
  void leave(base::MemberKey key);

  std::size_t size() const noexcept { return names_.size(); }
  bool empty() const noexcept { return names_.empty(); }
  /// Up to `limit` names, in no particular order but the same for the same history.
  std::vector<std::string> names(std::size_t limit) const;
  /// The name of a member; empty when it is not here.
  const std::string& name_of(base::MemberKey key) const;
  /// The member whose name is `folded` (made by `folded`); nullopt when the name is free.
  std::optional<base::MemberKey> holder_of(const std::string& folded) const;
  /// A name as it is compared with others.
  static std::string folded(const std::string& name);

  /// Somebody is given the names as they are now, and will apply the changes to come: a name that
  /// is given away before it was told of is then told of as gone all the same.
  void note_shown() noexcept { ++shown_; }
  bool has_changes() const noexcept { return !pending_.empty() || !passed_.empty(); }
  /// What changed since the last call. Above `limit` members (now or among the changes) only
  /// `count` is filled.
  wire::Presence take_changes(std::size_t limit);

 private:
  struct Change {
    std::string before;       // name shown to the others so far; empty = not there
    std::string after;        // empty = gone
    std::uint64_t shown = 0;  // shown_ when `after` was set
  };
  static constexpr std::uint64_t kFirstLarge = 10;
  std::string free_name(const std::string& wanted, const std::string* own_folded);
  void give(base::MemberKey key, std::string& present, const std::string& name);
  Change& change_of(base::MemberKey key, const std::string& present);

  std::unordered_map<base::MemberKey, std::string> names_;
  std::unordered_map<std::string, base::MemberKey> by_folded_;
  std::unordered_map<base::MemberKey, Change> pending_;
  std::vector<std::pair<base::MemberKey, std::string>> passed_;  // shown, and given up before told
  std::uint64_t shown_ = 0;
  std::uint64_t next_large_ = kFirstLarge;  // suffix to be tried
};

}  // namespace chat::room
