#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/broker/presence.hpp"
#include "chat/broker/remote_presence.hpp"
#include "chat/broker/typing_gate.hpp"
#include "chat/room/claims.hpp"
#include "chat/room/roster.hpp"

namespace chat::broker {

/// Who is in the rooms of this process, and, in a cluster (`join_cluster`), of the others.
///
/// A room is there while it has members. Its changes are told together, Options::gather after the
/// first of them, and later in a large room: 0.2 ms for each member, so that ten thousand who come
/// one by one are told of twice a second at most.
/// In a cluster each process has its own members' names from the first moment on; when another had
/// the name first, they are renamed (PresenceSink::on_renamed, room::Claims).
/// Thread: one loop, the executor's. `executor` must outlive it.
class LocalPresence final : public Presence, public RemotePresence {
 public:
  struct Options {
    base::Duration gather = std::chrono::milliseconds(200);
    std::size_t members_limit = 200;  ///< names told; above it only how many they are
  };

  LocalPresence(base::Executor& executor, Options options);
  ~LocalPresence() override;
  LocalPresence(const LocalPresence&) = delete;
  LocalPresence& operator=(const LocalPresence&) = delete;

  /// From now on `feed`, which must outlive its use, is told of the own members, and those of other
  /// nodes are taken. `node` names this one, unlike any other. To be called before anybody enters.
  void join_cluster(std::string node, PresenceFeed& feed);

  void enter(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
             PresenceSink& sink, EnterDone done) override;
  void rename(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
              RenameDone done) override;
  void leave(const base::RoomName& room, base::MemberKey key, PresenceSink& sink) override;
  void typing(const base::RoomName& room, const std::string& name) override;
  void members(const base::RoomName& room, MembersDone done) override;
  void counts(CountsDone done) override;

  // RemotePresence; after `join_cluster`
  void apply(const std::string& node, const std::vector<MemberChange>& changes) override;
  void replace(const std::string& node, const std::vector<MemberChange>& members) override;
  void typed(const std::string& node, const MemberTyping& typing) override;
  void forget(const std::string& node) override;

 private:
  struct Listener {
    PresenceSink* sink;
    std::uint32_t members;  // of its worker in the room
  };
  /// What a room needs in a cluster.
  struct Shared {
    explicit Shared(room::Roster& roster) : claims(roster) {}
    room::Claims claims;
    std::unordered_map<base::MemberKey, PresenceSink*> own;
  };
  struct Room {
    room::Roster roster;
    std::vector<Listener> listeners;
    std::unique_ptr<Shared> shared;  // null outside of a cluster
    base::TimerId timer = 0;         // set while there are changes to tell
    std::size_t told_count = 0;
  };
  using Rooms = std::unordered_map<base::RoomName, Room>;
  /// The members of another node: their keys there, and here.
  using RemoteKeys = std::unordered_map<base::MemberKey, base::MemberKey>;
  using RemoteRooms = std::unordered_map<base::RoomName, RemoteKeys>;
  struct Lost {
    base::RoomName room;
    base::MemberKey key;
  };

  Rooms::value_type& open(const base::RoomName& name);
  std::string enter_shared(Rooms::value_type& entry, base::MemberKey key, std::string wanted,
                           PresenceSink& sink);
  void tell_feed(const Rooms::value_type& entry, base::MemberKey key);
  void set_remote(const std::string& node, RemoteRooms& rooms, const MemberChange& change,
                  std::vector<Lost>& lost);
  void leave_remote(RemoteRooms& rooms, const base::RoomName& room, base::MemberKey key);
  void after_leave(Rooms::iterator entry);
  void tell_lost(const std::vector<Lost>& lost);
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

  // In a cluster.
  PresenceFeed* feed_ = nullptr;
  std::string node_;
  std::unordered_map<std::string, RemoteRooms> nodes_;
  std::uint64_t last_remote_ = 0;
};

}  // namespace chat::broker
