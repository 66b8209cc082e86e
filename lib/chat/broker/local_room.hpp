#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/fifo.hpp"
#include "chat/history/store.hpp"
#include "chat/room/timeline.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/message.hpp"

namespace chat::broker {

/// A room of a LocalBroker: its order, what is on its way into the store, who hears it.
///
///   closed ──first call──▶ opening ──store answers──▶ ready
///      ▲  ▲                   │fails: all waiting are refused │an append fails: once all that are
///      in │  └───────────────────┘                               │flight are answered, the
///      timeline is └──────────────────────────────────────────────────────┘forgotten and read
///      again when needed
///
/// Calls that come while it is not ready wait in order. Messages in flight are already in the
/// timeline, so that a repeat of one is recognised and waits for its answer.
///
/// Everything happens in turns: a call made by a sink or an answer from inside a turn only adds to
/// what the turn has to do, so messages are delivered one after the other whoever calls from where.
/// Thread: one loop. It must not be destroyed while it is in use.
class LocalRoom {
 public:
  /// Who keeps the rooms.
  class Keeper {
   public:
    /// A turn of the room is over; the room may be destroyed if it is not in use.
    virtual void room_settled(LocalRoom& room) = 0;

    /// What waits or is in flight in all its rooms; they count it.
    std::size_t queued_bytes = 0;

   protected:
    ~Keeper() = default;
  };
  /// Bounds of one room; past a queue's bound a call is refused with `busy`.
  struct Limits {
    std::size_t snapshot_every;
    std::size_t queue_messages;
    std::size_t queue_bytes;
    std::size_t queue_bytes_total;  ///< over all rooms of the keeper
  };

  LocalRoom(base::RoomName name, base::Executor& executor, history::Store& store, Keeper& keeper,
            const Limits& limits);
  LocalRoom(const LocalRoom&) = delete;
  LocalRoom& operator=(const LocalRoom&) = delete;

  const base::RoomName& name() const noexcept { return name_; }
  /// Someone hears it, or will when it is open.
  bool subscribed() const noexcept { return !sinks_.empty() || subscribing_ > 0; }
  bool in_use() const noexcept;
  /// Its state is here; otherwise there is nothing to keep it for.
  bool loaded() const noexcept { return timeline_.has_value(); }

  void subscribe(Sink& sink, Broker::SubscribeDone done);
  void unsubscribe(Sink& sink);
  void publish(Publish publish, Broker::PublishDone done);
  /// Completes a read that the store has answered with `page`: which log it is of, and how `cursor`
  /// joins on to it.
  void complete_read(history::Page page, wire::Cursor cursor, Broker::ReadDone done);
  /// Retention has dropped everything up to `floor`.
  void trimmed(base::Seq floor);
  /// Its store has forgotten it, and nothing was in flight: it begins anew. Those who hear it are
  /// told by `announce`, once it is what it will be.
  void begin_anew();
  void announce();
  /// Tells those who hear it that publishes are taken again.
  void tell_ready();
  /// What (client, n) is as far as is known here; fresh while the room is not loaded. A repeat has
  /// been delivered.
  room::Dedup::Answer recognise(const base::ClientId& client, std::uint64_t n) const;

 private:
  enum class State : std::uint8_t { closed, opening, ready };

  struct Subscribing {
    Sink* sink;
    Broker::SubscribeDone done;
  };
  struct Publishing {
    Publish publish;
    Broker::PublishDone done;
    bool queued = false;
  };
  struct Reading {
    history::Page page;
    wire::Cursor cursor;
    Broker::ReadDone done;
  };
  using Waiting = std::variant<Subscribing, Publishing, Reading>;

  /// A message given to the store, and what came of it once `answered_` counts it.
  struct Appending {
    wire::MessagePtr message;
    Broker::PublishDone done;
    std::unique_ptr<wire::Error> error;
    bool quiet = false;
  };
  /// Someone else who waits for a message in flight: it was sent again.
  struct Repeat {
    base::Seq seq;
    Broker::PublishDone done;
  };

  template <class Start>
  void turn(Start start);
  bool step();

  bool ready() const noexcept { return state_ == State::ready && !broken_; }
  bool has_room_for(std::size_t bytes) const noexcept;
  void enter_queue(std::size_t bytes) noexcept;
  void leave_queue(std::size_t bytes) noexcept;

  void open();
  void on_opened(wire::Result<history::OpenedRoom> opened);
  void adopt(const history::OpenedRoom& opened);
  void ask_last_time();
  void refuse_waiting(const wire::Error& error);
  std::vector<Broker::PublishDone> take_waiting_of(const base::ClientId& client);
  void forget_timeline();
  void tell_restarted();
  template <class Tell>
  void tell_sinks(Tell tell);

  void carry_out(Subscribing& call);
  void carry_out(Publishing& call);
  void carry_out(Reading& call);
  void wait_for(base::Seq seq, Broker::PublishDone done);
  void append(Publish&& publish, Broker::PublishDone&& done);
  wire::MessagePtr next_message(Publish&& publish);
  void on_appended(wire::Result<void> outcome);
  void finish_oldest();
  void deliver(const wire::MessagePtr& message);
  void answer_repeats(base::Seq seq, const wire::Result<Published>& outcome);

  base::RoomName name_;
  base::Executor& executor_;
  history::Store& store_;
  Keeper& keeper_;
  const Limits& limits_;

  std::optional<room::Timeline> timeline_;  // there from the store's answer until it is forgotten
  base::Seq committed_;                     // newest message delivered
  base::WallMs last_at_ = 0;
  std::vector<Sink*> sinks_;  // null: left while a message was being delivered
  Fifo<Waiting> waiting_;
  Fifo<Appending> in_flight_;
  std::vector<Repeat> repeats_;
  std::size_t answered_ = 0;      // how many of the oldest in flight the store answered
  std::size_t queued_bytes_ = 0;  // of bodies waiting and in flight
  std::size_t since_snapshot_ = 0;
  std::size_t subscribing_ = 0;  // how many of `waiting_` subscribe
  State state_ = State::closed;
  bool reopen_ = false;        // what the store is about to answer is of before a restart
  bool tell_restart_ = false;  // once it is ready
  bool broken_ = false;        // an append failed: the timeline must be forgotten
  bool turning_ = false;
  bool delivering_ = false;
};

/// How `cursor` joins on to `page` of the log `epoch`.
room::Continuity continuity_of(const history::Page& page, const base::Epoch& epoch,
                               const wire::Cursor& cursor);

}  // namespace chat::broker
