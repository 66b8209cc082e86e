#include "chat/room/roster.hpp"

#include <utility>

#include "chat/base/text.hpp"
#include "chat/wire/names.hpp"

namespace chat::room {
namespace {

/// Takes whole characters off the end of a name until a suffix fits.
std::string with_suffix(std::string name, const std::string& suffix) {
  const auto fits = [&] {
    return name.size() + suffix.size() <= wire::kMaxNameBytes &&
           base::grapheme_count(name) + suffix.size() <= wire::kMaxNameCharacters;
  };
  while (!name.empty() && !fits()) {
    do {
      const bool inside = (static_cast<unsigned char>(name.back()) & 0xC0U) == 0x80U;
      name.pop_back();
      if (!inside) break;
    } while (!name.empty());
  }
  while (!name.empty() && name.back() == ' ') name.pop_back();
  return name + suffix;
}

}  // namespace

std::string Roster::free_name(const std::string& wanted, const std::string* own_folded) {
  const auto is_free = [&](const std::string& fold) {
    return by_folded_.count(fold) == 0 || (own_folded != nullptr && fold == *own_folded);
  };
  if (is_free(folded(wanted))) return wanted;
  for (std::uint64_t number = 2;; ++number) {
    if (number == kFirstLarge) number = next_large_;
    if (number >= kFirstLarge) next_large_ = number + 1;
    auto candidate = with_suffix(wanted, "-" + std::to_string(number));
    if (is_free(folded(candidate))) return candidate;
  }
}

std::string Roster::enter(base::MemberKey key, const std::string& wanted) {
  const auto here = names_.find(key);
  if (here != names_.end()) return here->second;
  // The low digits of the key: short, and different for those who come one after the other.
  constexpr std::uint64_t kGuests = 100'000;
  auto name = free_name(wanted.empty() ? "guest-" + std::to_string(key.value() % kGuests) : wanted,
                        nullptr);
  by_folded_.emplace(folded(name), key);
  names_.emplace(key, name);
  const auto [change, first] = pending_.try_emplace(key);
  change->second.after = name;
  change->second.shown = shown_;
  return name;
}

std::string Roster::rename(base::MemberKey key, const std::string& wanted) {
  const auto here = names_.find(key);
  if (here == names_.end()) return {};
  const auto own = folded(here->second);
  auto name = free_name(wanted, &own);
  give(key, here->second, name);
  return name;
}

std::string Roster::displace(base::MemberKey key, const std::string& wanted) {
  const auto here = names_.find(key);
  if (here == names_.end()) return {};
  auto name = free_name(wanted, nullptr);
  give(key, here->second, name);
  return name;
}

void Roster::give(base::MemberKey key, std::string& present, const std::string& name) {
  if (name == present) return;
  Change& change = change_of(key, present);
  change.after = name;
  change.shown = shown_;
  by_folded_.erase(folded(present));
  by_folded_.emplace(folded(name), key);
  present = name;
}

/// What is to be told of a member that gives up the name `present`.
Roster::Change& Roster::change_of(base::MemberKey key, const std::string& present) {
  const auto [entry, first] = pending_.try_emplace(key);
  Change& change = entry->second;
  if (first) {
    change.before = present;
  } else if (change.shown < shown_) {
    passed_.emplace_back(key, present);
  }
  return change;
}

void Roster::leave(base::MemberKey key) {
  const auto here = names_.find(key);
  if (here == names_.end()) return;
  Change& change = change_of(key, here->second);
  change.after.clear();
  if (change.before.empty()) pending_.erase(key);
  by_folded_.erase(folded(here->second));
  names_.erase(here);
}

std::vector<std::string> Roster::names(std::size_t limit) const {
  std::vector<std::string> names;
  for (const auto& [key, name] : names_) {
    if (names.size() == limit) break;
    names.push_back(name);
  }
  return names;
}

const std::string& Roster::name_of(base::MemberKey key) const {
  static const std::string none;
  const auto here = names_.find(key);
  return here == names_.end() ? none : here->second;
}

std::optional<base::MemberKey> Roster::holder_of(const std::string& folded) const {
  const auto holder = by_folded_.find(folded);
  if (holder == by_folded_.end()) return std::nullopt;
  return holder->second;
}

std::string Roster::folded(const std::string& name) { return base::fold_case(name).value_or(name); }

wire::Presence Roster::take_changes(std::size_t limit) {
  wire::Presence presence;
  presence.count = names_.size();
  const auto changes = std::exchange(pending_, {});
  const auto passed = std::exchange(passed_, {});
  if (names_.size() > limit || changes.size() + passed.size() > limit) return presence;
  for (const auto& [key, name] : passed) {
    const auto& now = name_of(key);
    if (now.empty()) {
      presence.left.push_back(name);
    } else if (now != name) {
      presence.renamed.emplace_back(name, now);
    }
  }
  for (const auto& [key, change] : changes) {
    if (change.before == change.after) continue;
    if (change.before.empty()) {
      presence.joined.push_back(change.after);
    } else if (change.after.empty()) {
      presence.left.push_back(change.before);
    } else {
      presence.renamed.emplace_back(change.before, change.after);
    }
  }
  return presence;
}

}  // namespace chat::room
