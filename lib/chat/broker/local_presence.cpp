#include "chat/broker/local_presence.hpp"

#include <algorithm>
#include <utility>

namespace chat::broker {
namespace {

constexpr base::Duration kGatherPerMember = std::chrono::microseconds(200);

}  // namespace

LocalPresence::LocalPresence(base::Executor& executor, Options options)
    : executor_(executor), options_(options) {}

LocalPresence::~LocalPresence() {
  for (const auto& [name, room] : rooms_) executor_.cancel(room.timer);
}

// ---- members

void LocalPresence::enter(const base::RoomName& name, base::MemberKey key,
                          const std::string& wanted, PresenceSink& sink, EnterDone done) {
  auto& entry = *rooms_.try_emplace(name).first;
  Room& room = entry.second;
  Entered entered;
  entered.name = room.roster.enter(key, wanted);
  entered.members = room.roster.names(options_.members_limit);
  entered.count = room.roster.size();
  add_listener(room, sink);
  gather_changes(entry);
  done(std::move(entered));
}

void LocalPresence::rename(const base::RoomName& name, base::MemberKey key,
                           const std::string& wanted, RenameDone done) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end() || found->second.roster.name_of(key).empty()) {
    return done(wire::fail(wire::Code::bad_frame, "only a member of the room can be renamed"));
  }
  std::string given = found->second.roster.rename(key, wanted);
  gather_changes(*found);
  done(std::move(given));
}

void LocalPresence::leave(const base::RoomName& name, base::MemberKey key, PresenceSink& sink) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  if (room.roster.name_of(key).empty()) return;
  room.roster.leave(key);
  remove_listener(room, sink);
  if (room.roster.empty()) return drop(found);
  gather_changes(*found);
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
