#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/broker/presence.hpp"
#include "chat/broker/typing_gate.hpp"
#include "chat/room/roster.hpp"

namespace chat::broker {

/// Who is in the rooms of this process.
///
/// A room is there while it has members. Its changes are told together, Options::gather after the
/// first of them, and later in a large room: 0.2 ms for each member, so that ten thousand who come
/// one by one are told of twice a second at most.
/// Thread: one loop, the executor's. `executor` must outlive it.
class LocalPresence final : public Presence {
 public:
  struct Options {
    base::Duration gather = std::chrono::milliseconds(200);
    std::size_t members_limit = 200;  ///< names told; above it only how many they are
  };

  LocalPresence(base::Executor& executor, Options options);
  ~LocalPresence() override;
  LocalPresence(const LocalPresence&) = delete;
  LocalPresence& operator=(const LocalPresence&) = delete;

  void enter(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
             PresenceSink& sink, EnterDone done) override;
  void rename(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
              RenameDone done) override;
  void leave(const base::RoomName& room, base::MemberKey key, PresenceSink& sink) override;
  void typing(const base::RoomName& room, const std::string& name) override;
  void members(const base::RoomName& room, MembersDone done) override;
  void counts(CountsDone done) override;

 private:
  struct Listener {
    PresenceSink* sink;
    std::uint32_t members;  // of its worker in the room
  };
  struct Room {
    room::Roster roster;
    std::vector<Listener> listeners;
    base::TimerId timer = 0;  // set while there are changes to tell
    std::size_t told_count = 0;
  };
  using Rooms = std::unordered_map<base::RoomName, Room>;

  void gather_changes(Rooms::value_type& entry);
  void tell_changes(Rooms::value_type& entry);
  void drop(Rooms::iterator entry);
  template <class Tell>
  void tell_all(const base::RoomName& name, const Room& room, Tell tell);
  bool hears(const base::RoomName& name, const PresenceSink& sink) const;
  static void add_listener(Room& room, PresenceSink& sink);
  static void remove_listener(Room& room, const PresenceSink& sink);

  base::Executor& executor_;
  const Options options_;
  Rooms rooms_;
  TypingGate typing_;
};

}  // namespace chat::broker
