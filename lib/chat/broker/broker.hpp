#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/history/store.hpp"
#include "chat/room/timeline.hpp"
#include "chat/wire/codec.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/message.hpp"

namespace chat::broker {

/// A message on its way into a room's order.
struct Publish {
  base::RoomName room;
  std::string name;       ///< the sender's
  base::ClientId client;  ///< empty: no dedup
  std::uint64_t n = 0;
  std::string body;            ///< raw JSON
  base::TimePoint received{};  ///< handed on as Message::received
  /// The place that a log elsewhere has given it, and when it was taken there; 0: given here.
  base::Seq seq;
  base::WallMs at = 0;
  bool quiet =
      false;  ///< kept, and not delivered: whoever hears the room will be told of a restart
};
struct Published {
  base::Seq seq;
  base::Epoch epoch;
  bool repeat = false;  ///< (client, n) had been taken before, as `seq`
};
/// Where a room stands at a moment.
struct RoomHead {
  base::Epoch epoch;
  base::Seq head;
};
/// An answered read, with how its cursor joins on.
struct ReadAnswer {
  history::Page page;
  base::Epoch epoch;
  room::Continuity continuity;
};

/// What a broker hands to a worker. Thread: called on the loop of the worker that subscribed.
class Sink {
 public:
  virtual ~Sink() = default;
  /// The next message of a room that this sink is subscribed to.
  virtual void on_message(const base::RoomName& room, const wire::MessagePtr& message) = 0;
  /// The log of a subscribed room is another one from now on, or some of its messages will never
  /// come: whoever is in the room must come back with its cursor. `head`: where the room stands
  /// now.
  virtual void on_restart(const base::RoomName& room, const RoomHead& head) = 0;
  /// Publishes to a subscribed room were refused with `busy`, and would be taken now. Brokers that
  /// cannot tell never call it.
  virtual void on_ready(const base::RoomName&) {}
};

/// Brings published messages into one order per room, keeps them, and delivers them to every
/// subscribed sink.
///
/// Contract (tests/contract/broker_contract.hpp runs it over every implementation)
///  - Every accepted publish comes back through Sink::on_message of every subscriber of its room,
///  the
///    publisher's own too, and only there: nobody delivers to local members directly.
///  - Per room all sinks see the same messages in the same, ascending order, each once.
///  - A publish is answered exactly once, after its message is as safe as the broker makes it: with
///  its
///    seq, as a repeat with the first one's seq, or refused (`stale_n`, `busy`, `unavailable`).
///    What was refused is never delivered. A publisher that got no answer may publish (client, n)
///    again.
///  - What a client published to a room behind a message that is refused for now (wire::is_passing)
///    is refused too, if it was published before that was answered.
///  - After `subscribe` was answered with head H, the sink gets every message with seq above H.
///  - Answers may come before the call returns.
/// Thread: all calls on one loop, the one given at construction; answers and deliveries on the
/// same.
class Broker {
 public:
  using SubscribeDone = std::function<void(wire::Result<RoomHead>)>;
  using PublishDone = std::function<void(wire::Result<Published>)>;
  using ReadDone = std::function<void(wire::Result<ReadAnswer>)>;
  using RoomsDone = std::function<void(wire::Result<std::vector<history::Store::Listed>>)>;

  virtual ~Broker() = default;

  /// Fails with too_many_rooms or unavailable. A sink subscribes a room once at a time.
  virtual void subscribe(const base::RoomName& room, Sink& sink, SubscribeDone done) = 0;
  /// Nothing more comes to `sink` for that room after this returns: no delivery, and no answer to a
  /// subscribe that was still open. Nothing happens when it is not subscribed.
  virtual void unsubscribe(const base::RoomName& room, Sink& sink) = 0;
  virtual void publish(Publish publish, PublishDone done) = 0;
  /// Part of a room's history, subscribed or not. For `after` ranges the epoch says which log the
  /// seq is of (empty: whichever it is).
  virtual void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
                    ReadDone done) = 0;
  /// All rooms with messages.
  virtual void rooms(RoomsDone done) = 0;
};

}  // namespace chat::broker
