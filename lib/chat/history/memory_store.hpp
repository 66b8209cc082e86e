#pragma once

#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/history/store.hpp"

namespace chat::history {

/// Keeps messages in memory, within its retention; answers every call before it returns.
class MemoryStore final : public Store {
 public:
  using Births = std::function<Birth(const base::RoomName&)>;
  MemoryStore(Retention retention, Births births);
  /// Every room is a new log: `make_epoch` gives each its name (random in the server, counted in
  /// tests).
  MemoryStore(Retention retention, std::function<base::Epoch()> make_epoch);

  void open(const base::RoomName& room, OpenDone done) override;
  void release(const base::RoomName& room) override;
  void append(Append append, AppendDone done) override;
  void read(const base::RoomName& room, Range range, ReadDone done) override;
  void list(ListDone done) override;
  void expire(base::WallMs now) override;
  void on_trim(TrimListener listener) override { trim_listener_ = std::move(listener); }
  void forget_rooms(Which which) override;
  void on_forget(ForgetListener listener) override { forget_listener_ = std::move(listener); }
  bool durable() const noexcept override { return false; }

  // For a store that uses this one as a cache of its newest messages.

  /// Puts a room's newest messages in place of what is kept of it. `floor`: nothing above it is
  /// missing in `messages`; nullopt: older ones are kept elsewhere.
  void adopt(const base::RoomName& room, base::Seq head, std::vector<wire::MessagePtr> messages,
             std::optional<base::Seq> floor);
  /// Drops a room's messages up to and including `seq`.
  void trim(const base::RoomName& room, base::Seq seq);
  /// Drops a room whole.
  void forget(const base::RoomName& room);

  /// Bytes kept over all rooms: their messages by Message::cost, what is known of their senders,
  /// and a fixed cost for each room.
  std::size_t bytes() const noexcept { return total_bytes_; }

 private:
  struct Room;
  using Rooms = std::unordered_map<base::RoomName, Room>;
  struct Room {
    base::Epoch epoch;
    base::Seq head;
    base::Seq floor;
    base::Seq born;  // its floor when it began
    std::string dedup;
    base::Seq dedup_through;
    std::vector<wire::MessagePtr> dropped;  // above the snapshot: who sent them, no bodies
    std::deque<wire::MessagePtr> messages;
    std::size_t bytes = 0;        // of `messages`
    std::size_t state_bytes = 0;  // of the rest
    bool open = false;
    bool cached = false;                                         // another store keeps its senders
    std::optional<std::list<base::RoomName>::iterator> recency;  // none: nothing to drop

    bool can_shrink() const noexcept { return !open || !messages.empty(); }
  };

  Room& find_or_make(const base::RoomName& name);
  void touch(const base::RoomName& name, Room& room);
  void set_state_bytes(Room& room, std::size_t bytes);
  void leave_recency_if_bare(Room& room);
  Rooms::iterator erase(Rooms::iterator found);
  void drop_oldest(Room& room);
  void keep_within(const base::RoomName& name, Room& room);
  void keep_total();
  void tell_trim(const base::RoomName& name, base::Seq floor);
  void tell_forgotten(const base::RoomName& name, const Room& room);

  Retention retention_;
  Births births_;
  TrimListener trim_listener_;
  ForgetListener forget_listener_;
  Rooms rooms_;
  std::list<base::RoomName> recency_;  // of those that can_shrink, used last in front
  std::size_t total_bytes_ = 0;
};

}  // namespace chat::history
