#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/message.hpp"

namespace chat::history {

/// How much is kept. 0 = that bound does not hold. The oldest messages go first.
struct Retention {
  std::size_t room_messages = 10'000;
  std::size_t room_bytes = 8U << 20;  ///< by Message::cost
  std::uint64_t age_ms = 7ULL * 24 * 3600 * 1000;
  /// Over all rooms of one store, what is known of their senders included (memory only).
  std::size_t total_bytes = 512U << 20;
};

/// What a room begins as, where that is not for the store to say.
struct Birth {
  base::Epoch epoch;
  base::Seq floor;  ///< nothing is known of what has a seq up to here; 0: there was nothing
};

/// What a store knows of a room when it is opened.
struct OpenedRoom {
  base::Epoch epoch;
  base::Seq head;     ///< highest seq ever given, 0 = none
  base::Seq floor;    ///< highest seq dropped by retention, 0 = none
  std::string dedup;  ///< the last snapshot given to `append`, or empty
  /// Messages with seq above the snapshot's, oldest first (all without one): the caller applies
  /// them to bring the snapshot up to date. Also those that retention has dropped since, if they
  /// had a client: a repeat of one must still be known. Bodies may be left out (empty).
  std::vector<wire::MessagePtr> after_snapshot;
};

/// One room's new messages, ascending and each above all before.
struct Append {
  base::RoomName room;
  std::vector<wire::MessagePtr> messages;
  /// A snapshot of room::Dedup as of the last of `messages`; empty = none this time.
  std::string dedup;
};

/// Which part of a room.
struct Range {
  enum class Kind { newest, before, after };
  Kind kind = Kind::newest;
  base::Seq seq;                     ///< exclusive; unused with newest
  std::size_t limit = 50;            ///< messages, at least 1
  std::size_t max_bytes = 1U << 20;  ///< by Message::cost; at least one message comes all the same
};

struct Page {
  std::vector<wire::MessagePtr> messages;  ///< oldest first
  bool more = false;                       ///< further kept ones in the direction of the range
  base::Seq floor;                         ///< as of the read
  base::Seq head;                          ///< highest stored seq as of the read
};

/// Keeps the messages of rooms.
///
/// Contract (tests/contract/store_contract.hpp runs it over every implementation)
///  - `done` is called exactly once, on the loop of the executor given at construction, possibly
///    before the call returns.
///  - After `append` was answered with success, the messages survive a kill -9 of the process if
///  the
///    store says it is durable, and every later `read` and `open` sees them. Appends to one room
///    are stored and answered in the order of the calls; a failed append leaves nothing of it
///    behind, and all appends to that room that were waiting behind it fail as well (no hole in the
///    log).
///  - A read sees every append that was answered before the read was asked for.
///  - Retention drops the oldest messages of a room, moves `floor` and tells `on_trim`; the room's
///    epoch and head stay. A memory store over its total bound may forget a whole room that was not
///    used for longest: it comes back with another epoch.
///  - Failures are `unavailable` (or `busy` past a bound) without detail: callers pass them on to
///    strangers. What happened (disk full, I/O error) goes to the log.
///
/// Thread: all calls on the loop of the executor given at construction.
class Store {
 public:
  using OpenDone = std::function<void(wire::Result<OpenedRoom>)>;
  using AppendDone = std::function<void(wire::Result<void>)>;
  using ReadDone = std::function<void(wire::Result<Page>)>;
  struct Listed {
    base::RoomName room;
    base::Epoch epoch;
    base::Seq head;
  };
  using ListDone = std::function<void(wire::Result<std::vector<Listed>>)>;
  using TrimListener = std::function<void(const base::RoomName&, base::Seq floor)>;
  /// Hears which room was forgotten whole, and of its newest message.
  using ForgetListener = std::function<void(const base::RoomName&, base::Seq head)>;
  /// Tells rooms apart. Called on any thread.
  using Which = std::function<bool(const base::RoomName&)>;

  virtual ~Store() = default;

  /// Makes the room if it is new (a durable store writes it with its first append at the latest).
  virtual void open(const base::RoomName& room, OpenDone done) = 0;
  /// The room is not in use any more: what is cached of it may go. Its messages stay.
  virtual void release(const base::RoomName& room) = 0;
  virtual void append(Append append, AppendDone done) = 0;
  /// An unknown room reads as empty.
  virtual void read(const base::RoomName& room, Range range, ReadDone done) = 0;
  /// All rooms that have messages, by name.
  virtual void list(ListDone done) = 0;
  /// Drops what is past its age at `now`. Called every now and then by the owner.
  virtual void expire(base::WallMs now) = 0;
  /// Called on the loop for each room whose floor moved.
  virtual void on_trim(TrimListener listener) = 0;
  /// Drops each room that `which` is true for, whole; what is opened after this begins anew. No
  /// append to such a room may be unanswered. Nobody is told.
  virtual void forget_rooms(Which which) = 0;
  /// Called on the loop when a bound makes it forget a room that has had messages.
  virtual void on_forget(ForgetListener listener) = 0;
  /// True when acknowledged messages survive the process.
  virtual bool durable() const noexcept = 0;
};

}  // namespace chat::history
