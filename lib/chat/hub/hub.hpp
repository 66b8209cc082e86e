#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "chat/base/block.hpp"
#include "chat/base/ids.hpp"
#include "chat/wire/frame.hpp"
#include "chat/wire/message.hpp"

namespace chat::hub {

class Room;

/// One connection's place in a room.
class Member {
 public:
  explicit Member(wire::Dialect dialect) noexcept : dialect_(dialect) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  virtual ~Member() = default;

  /// Bytes for this member: whole frames, in its dialect. Must not call back into the hub; a member
  /// that cannot take them is closed later, by its owner.
  virtual void deliver(const base::BlockRef& frames) = 0;

  wire::Dialect dialect() const noexcept { return dialect_; }
  Room* room() const noexcept { return room_; }

 private:
  friend class Hub;
  Room* room_ = nullptr;
  std::uint64_t from_ = 0;   // number of the lane's first frame that is for it
  std::uint32_t index_ = 0;  // in its lane
  wire::Dialect dialect_;
};

/// The members of a room that speak one dialect, and the frames on their way to them.
struct Lane {
  std::vector<Member*> members;
  std::vector<base::BlockRef> gathering;  // of this turn
  std::vector<base::BlockRef> sending;    // of the turn being flushed
  std::vector<base::BlockRef> merged;     // `sending` again, as few blocks
  std::uint64_t first_sending = 0;        // number of sending[0]
  std::uint64_t next_number = 0;          // number of the next frame to be gathered
  std::size_t cursor = 0;                 // members before it have got `sending`
  bool queued = false;                    // in the hub's queue
};

/// A room as this worker sees it. Made, found and destroyed by its Hub.
class Room {
 public:
  explicit Room(base::RoomName name) : name_(std::move(name)) {}

  const base::RoomName& name() const noexcept { return name_; }
  base::Epoch epoch;  ///< of the log that `head` is of; empty until known
  std::size_t size() const noexcept { return lanes_[0].members.size() + lanes_[1].members.size(); }
  /// The newest message delivered here.
  base::Seq head() const noexcept { return head_; }
  void set_head(base::Seq head) noexcept { head_ = head; }

 private:
  friend class Hub;
  base::RoomName name_;
  base::Seq head_;
  std::array<Lane, wire::kDialects> lanes_;
  std::deque<wire::MessagePtr> recent_;  // since the first of `catching_up_` began …
  base::Seq recent_floor_;               // … or above this, when older ones were dropped
  std::size_t recent_bytes_ = 0;
  std::size_t catching_up_ = 0;
};

/// Who, on this worker, is in which room, and the frames for them. Pure: no clock, no IO, no lock.
///
/// A message is encoded once per dialect and put in its room's lane; `flush`, called at the end of
/// the loop's turn, merges what the turn gathered and hands the same block to every member: per
/// member it costs one call, however many messages there were. A flush works in slices, so that a
/// room of ten thousand does not hold up the others.
/// Thread: owned by one loop; not thread-safe by design.
class Hub {
 public:
  /// Makes the frame of a message for a dialect.
  using Encoder = std::function<base::BlockRef(const wire::Message&, wire::Dialect)>;
  /// Asks for one call of `flush` at the end of the present turn.
  using Schedule = std::function<void()>;

  Hub(Encoder encode, Schedule schedule);
  ~Hub();

  /// The room, made when it is not there.
  Room& open(const base::RoomName& name);
  Room* find(const base::RoomName& name) noexcept;
  /// True when the room has no member and nobody is catching up with it.
  static bool is_idle(const Room& room) noexcept;
  /// Forgets an idle room; otherwise nothing happens.
  void drop_if_idle(Room& room);
  std::size_t room_count() const noexcept { return rooms_.size(); }

  /// From now on the member gets what is delivered to the room.
  void join(Room& room, Member& member);
  /// No call of the member after this. Nothing happens when it is in no room.
  void leave(Member& member);

  /// While someone catches up, the room remembers what is delivered (the newest, kRecentBytes by
  /// Message::cost), so that history read meanwhile can be joined on to without a gap.
  static constexpr std::size_t kRecentBytes = 256U << 10;
  void begin_catch_up(Room& room) noexcept;
  void end_catch_up(Room& room) noexcept;
  /// What was delivered after `seq`, oldest first; nullopt when not all of it is remembered (read
  /// more history then). Between begin_ and end_catch_up only.
  std::optional<std::vector<wire::MessagePtr>> recent_after(const Room& room, base::Seq seq) const;

  /// What was delivered to the room is not of its log any more; from here on it stands at `head`.
  static void restart(Room& room, base::Seq head);
  /// The next message of a room, for all its members.
  void deliver(Room& room, const wire::MessagePtr& message);
  /// A frame for all members of a room that speak `dialect`, in order with the messages.
  void broadcast(Room& room, wire::Dialect dialect, base::BlockRef frame);

  /// Hands out what has gathered, to at most `budget` members; true when there is more to do
  /// (call again in the next turn; `Schedule` is not called for the rest).
  bool flush(std::size_t budget);

  /// Frames handed to members since the start (a message in a merged block counts by itself).
  std::uint64_t deliveries() const noexcept { return deliveries_; }

 private:
  void gather(Lane& lane, base::BlockRef frame);
  void begin_sending(Lane& lane);
  void hand_to(Lane& lane, Member& member);

  Encoder encode_;
  Schedule schedule_;
  std::unordered_map<base::RoomName, std::unique_ptr<Room>> rooms_;
  std::deque<Lane*> queue_;
  std::uint64_t deliveries_ = 0;
};

}  // namespace chat::hub
