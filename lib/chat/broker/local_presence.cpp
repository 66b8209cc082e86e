#include "chat/broker/local_presence.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "chat/base/digest.hpp"

namespace chat::broker {
namespace {

constexpr base::Duration kGatherPerMember = std::chrono::microseconds(200);
/// Keys of members of other nodes have it, those of own ones never do.
constexpr std::uint64_t kRemoteKey = std::uint64_t{1} << 63U;

/// Nodes count their connections from the start each: without the node, their guests would meet.
std::string guest_name(base::MemberKey key, const std::string& node) {
  constexpr std::uint64_t kGuests = 100'000;
  return "guest-" + std::to_string((key.value() + base::stable_hash(node) % kGuests) % kGuests);
}

}  // namespace

LocalPresence::LocalPresence(base::Executor& executor, Options options)
    : executor_(executor), options_(options) {}

LocalPresence::~LocalPresence() {
  for (const auto& [name, room] : rooms_) executor_.cancel(room.timer);
}

void LocalPresence::join_cluster(std::string node, PresenceFeed& feed) {
  node_ = std::move(node);
  feed_ = &feed;
}

// ---- members

LocalPresence::Rooms::value_type& LocalPresence::open(const base::RoomName& name) {
  auto& entry = *rooms_.try_emplace(name).first;
  Room& room = entry.second;
  if (feed_ != nullptr && room.shared == nullptr) {
    room.shared = std::make_unique<Shared>(room.roster);
  }
  return entry;
}

void LocalPresence::enter(const base::RoomName& name, base::MemberKey key,
                          const std::string& wanted, PresenceSink& sink, EnterDone done) {
  auto& entry = open(name);
  Room& room = entry.second;
  room.roster.note_shown();
  Entered entered;
  entered.name = room.shared != nullptr ? enter_shared(entry, key, wanted, sink)
                                        : room.roster.enter(key, wanted);
  entered.members = room.roster.names(options_.members_limit);
  entered.count = room.roster.size();
  add_listener(room, sink);
  gather_changes(entry);
  done(std::move(entered));
}

std::string LocalPresence::enter_shared(Rooms::value_type& entry, base::MemberKey key,
                                        std::string wanted, PresenceSink& sink) {
  if (wanted.empty()) wanted = guest_name(key, node_);
  Shared& shared = *entry.second.shared;
  shared.own[key] = &sink;
  auto name = shared.claims.enter(key, wanted, {executor_.wall_now(), &node_, key.value()});
  tell_feed(entry, key);
  return name;
}

/// Tells the other nodes how an own member is called.
void LocalPresence::tell_feed(const Rooms::value_type& entry, base::MemberKey key) {
  const Room& room = entry.second;
  feed_->on_change(
      {entry.first, key, room.roster.name_of(key), room.shared->claims.claimed_at(key)});
}

void LocalPresence::rename(const base::RoomName& name, base::MemberKey key,
                           const std::string& wanted, RenameDone done) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end() || found->second.roster.name_of(key).empty()) {
    return done(wire::fail(wire::Code::bad_frame, "only a member of the room can be renamed"));
  }
  Room& room = found->second;
  std::string given = room.shared != nullptr
                          ? room.shared->claims.rename(key, wanted, executor_.wall_now())
                          : room.roster.rename(key, wanted);
  if (room.shared != nullptr) tell_feed(*found, key);
  gather_changes(*found);
  done(std::move(given));
}

void LocalPresence::leave(const base::RoomName& name, base::MemberKey key, PresenceSink& sink) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  if (room.roster.name_of(key).empty()) return;
  if (room.shared != nullptr) {
    room.shared->claims.leave(key);
    room.shared->own.erase(key);
    feed_->on_change({name, key, {}, 0});
  } else {
    room.roster.leave(key);
  }
  remove_listener(room, sink);
  after_leave(found);
}

void LocalPresence::after_leave(Rooms::iterator entry) {
  if (entry->second.roster.empty()) return drop(entry);
  gather_changes(*entry);
}

void LocalPresence::add_listener(Room& room, PresenceSink& sink) {
  for (Listener& listener : room.listeners) {
    if (listener.sink == &sink) {
      ++listener.members;
      return;
    }
  }
  room.listeners.push_back({&sink, 1});
}

void LocalPresence::remove_listener(Room& room, const PresenceSink& sink) {
  const auto is_sink = [&sink](const Listener& listener) { return listener.sink == &sink; };
  const auto found = std::find_if(room.listeners.begin(), room.listeners.end(), is_sink);
  if (found != room.listeners.end() && --found->members == 0) room.listeners.erase(found);
}

void LocalPresence::drop(Rooms::iterator entry) {
  executor_.cancel(entry->second.timer);
  rooms_.erase(entry);
}

// ---- signals

void LocalPresence::gather_changes(Rooms::value_type& entry) {
  Room& room = entry.second;
  if (room.listeners.empty()) {  // all its members are on other nodes
    executor_.cancel(std::exchange(room.timer, 0));
    room.told_count = room.roster.take_changes(0).count;
    return;
  }
  if (room.timer != 0 || !room.roster.has_changes()) return;
  const auto members = static_cast<base::Duration::rep>(room.roster.size());
  const auto delay = std::max(options_.gather, kGatherPerMember * members);
  room.timer = executor_.after(delay, [this, &entry] { tell_changes(entry); });
}

void LocalPresence::tell_changes(Rooms::value_type& entry) {
  Room& room = entry.second;
  room.timer = 0;
  const auto presence = room.roster.take_changes(options_.members_limit);
  const bool counts_only =
      presence.joined.empty() && presence.left.empty() && presence.renamed.empty();
  if (counts_only && presence.count == room.told_count) return;
  room.told_count = presence.count;
  tell_all(entry.first, room, [&presence](PresenceSink& sink, const base::RoomName& name) {
    sink.on_presence(name, presence);
  });
}

void LocalPresence::typing(const base::RoomName& name, const std::string& member) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end() || !typing_.pass(name, member, executor_.now())) return;
  const std::string who = member;
  if (found->second.shared != nullptr) {
    const auto key = found->second.roster.holder_of(room::Roster::folded(who));
    if (key && found->second.shared->own.count(*key) > 0) feed_->on_typing({name, *key});
  }
  tell_all(found->first, found->second,
           [&who](PresenceSink& sink, const base::RoomName& room) { sink.on_typing(room, who); });
}

/// A sink may make any call while it is told: what is needed is copied first, and whoever has left
/// meanwhile is not told any more.
template <class Tell>
void LocalPresence::tell_all(const base::RoomName& name, const Room& room, Tell tell) {
  const base::RoomName told_room = name;  // NOLINT(performance-unnecessary-copy-initialization)
  const std::vector<Listener> listeners = room.listeners;
  for (const Listener& listener : listeners) {
    if (hears(told_room, *listener.sink)) tell(*listener.sink, told_room);
  }
}

bool LocalPresence::hears(const base::RoomName& name, const PresenceSink& sink) const {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return false;
  const auto& listeners = found->second.listeners;
  return std::any_of(listeners.begin(), listeners.end(),
                     [&sink](const Listener& listener) { return listener.sink == &sink; });
}

// ---- members of other nodes

void LocalPresence::apply(const std::string& node, const std::vector<MemberChange>& changes) {
  RemoteRooms& rooms = nodes_[node];
  std::vector<Lost> lost;
  for (const MemberChange& change : changes) {
    if (change.name.empty()) {
      leave_remote(rooms, change.room, change.key);
    } else {
      set_remote(nodes_.find(node)->first, rooms, change, lost);
    }
  }
  if (rooms.empty()) nodes_.erase(node);
  tell_lost(lost);
}

void LocalPresence::replace(const std::string& node, const std::vector<MemberChange>& members) {
  std::unordered_map<base::RoomName, std::unordered_set<base::MemberKey>> kept;
  for (const MemberChange& member : members) kept[member.room].insert(member.key);
  std::vector<MemberChange> changes;
  for (const auto& [room, keys] : nodes_[node]) {
    const auto& stay = kept[room];
    for (const auto& [key, here] : keys) {
      if (stay.count(key) == 0) changes.push_back({room, key, {}, 0});
    }
  }
  changes.insert(changes.end(), members.begin(), members.end());
  apply(node, changes);
}

void LocalPresence::forget(const std::string& node) { replace(node, {}); }

void LocalPresence::set_remote(const std::string& node, RemoteRooms& rooms,
                               const MemberChange& change, std::vector<Lost>& lost) {
  auto& entry = open(change.room);
  const auto [here, first] = rooms[change.room].try_emplace(change.key);
  if (first) here->second = base::MemberKey(kRemoteKey | ++last_remote_);
  const auto loser = entry.second.shared->claims.announce(
      here->second, change.name, {change.claimed_at, &node, change.key.value()},
      executor_.wall_now());
  if (loser) {
    tell_feed(entry, *loser);
    lost.push_back({change.room, *loser});
  }
  gather_changes(entry);
}

void LocalPresence::leave_remote(RemoteRooms& rooms, const base::RoomName& room,
                                 base::MemberKey key) {
  const auto keys = rooms.find(room);
  if (keys == rooms.end()) return;
  const auto here = keys->second.find(key);
  if (here == keys->second.end()) return;
  const auto entry = rooms_.find(room);
  entry->second.shared->claims.leave(here->second);
  keys->second.erase(here);
  if (keys->second.empty()) rooms.erase(keys);
  after_leave(entry);
}

void LocalPresence::tell_lost(const std::vector<Lost>& lost) {
  for (const Lost& loser : lost) {
    const auto entry = rooms_.find(loser.room);
    if (entry == rooms_.end()) continue;
    const auto sink = entry->second.shared->own.find(loser.key);
    if (sink == entry->second.shared->own.end()) continue;
    const std::string name = entry->second.roster.name_of(loser.key);
    sink->second->on_renamed(loser.room, loser.key, name);
  }
}

void LocalPresence::typed(const std::string& node, const MemberTyping& typing) {
  const auto rooms = nodes_.find(node);
  if (rooms == nodes_.end()) return;
  const auto keys = rooms->second.find(typing.room);
  if (keys == rooms->second.end()) return;
  const auto here = keys->second.find(typing.key);
  if (here == keys->second.end()) return;
  const auto entry = rooms_.find(typing.room);
  const std::string who = entry->second.roster.name_of(here->second);
  tell_all(entry->first, entry->second,
           [&who](PresenceSink& sink, const base::RoomName& room) { sink.on_typing(room, who); });
}

// ---- questions

void LocalPresence::members(const base::RoomName& name, MembersDone done) {
  Members members;
  const auto found = rooms_.find(name);
  if (found != rooms_.end()) {
    members.names = found->second.roster.names(options_.members_limit);
    members.count = found->second.roster.size();
  }
  done(std::move(members));
}

void LocalPresence::counts(CountsDone done) {
  std::vector<RoomCount> counts;
  counts.reserve(rooms_.size());
  for (const auto& [name, room] : rooms_) counts.push_back({name, room.roster.size()});
  done(std::move(counts));
}

}  // namespace chat::broker
