#pragma once

#include <cstddef>
#include <list>
#include <string_view>
#include <unordered_map>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/local_room.hpp"
#include "chat/history/store.hpp"

namespace chat::broker {

/// Rooms in this process: their order is made here, their messages are kept by a history::Store. A
/// message is as safe as the store makes it.
///
/// Loads a room's state when it is first needed and keeps it while someone is subscribed or
/// something is on its way; of the others the ones used last stay loaded, up to
/// Options::idle_rooms. Thread: one loop, the executor's. `executor` and `store` must outlive it,
/// and the store must not answer any more once it is destroyed (both hold when the loop has ended).
class LocalBroker final : public Broker, private LocalRoom::Keeper {
 public:
  struct Options {
    std::size_t max_rooms = 100'000;          ///< subscribed at one time; past it too_many_rooms
    std::size_t snapshot_every = 1024;        ///< messages of a room between dedup snapshots
    std::size_t queue_limit_per_room = 4096;  ///< waiting and in flight; past it busy
    std::size_t queue_bytes_per_room = 64U << 20;  ///< of their bodies; one always passes
    /// Over all rooms, with 512 for each message; past it busy; one always passes.
    std::size_t queue_bytes_total = 256U << 20;
    std::size_t idle_rooms = 256;
  };

  LocalBroker(base::Executor& executor, history::Store& store, Options options);
  ~LocalBroker() override;
  LocalBroker(const LocalBroker&) = delete;
  LocalBroker& operator=(const LocalBroker&) = delete;

  void subscribe(const base::RoomName& room, Sink& sink, SubscribeDone done) override;
  void unsubscribe(const base::RoomName& room, Sink& sink) override;
  void publish(Publish publish, PublishDone done) override;
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override;
  void rooms(RoomsDone done) override;

  /// The store has forgotten the rooms that `which` is true for: those loaded begin anew.
  void begin_anew(const history::Store::Which& which);
  /// Tells whoever hears one of these rooms that it has begun anew.
  void announce(const history::Store::Which& which);
  /// Tells whoever hears the room that publishes to it are taken again.
  void tell_ready(const base::RoomName& room);
  /// As LocalRoom::recognise.
  room::Dedup::Answer recognise(const base::RoomName& room, const base::ClientId& client,
                                std::uint64_t n);

  /// Lets the store drop what is past its age. Called by the owner every some seconds.
  void expire();

  std::size_t subscribed_rooms() const noexcept { return subscribed_; }
  std::size_t loaded_rooms() const noexcept { return by_name_.size(); }

 private:
  struct Loaded;
  using Rooms = std::list<Loaded>;
  struct Loaded : LocalRoom {
    using LocalRoom::LocalRoom;
    Rooms::iterator place;
    bool idle = false;  // in idle_, else in in_use_
    bool counted_subscribed = false;
  };

  Loaded* find(const base::RoomName& name);
  Loaded& load(const base::RoomName& name);
  template <class Use>
  void for_each_loaded(const history::Store::Which& which, Use use);
  Loaded& wake(Loaded& room);
  void drop(Loaded& room);
  void room_settled(LocalRoom& settled) override;
  void count_subscribed(Loaded& room);
  void keep_idle(Loaded& room);
  void on_page(const base::RoomName& room, history::Page page, wire::Cursor cursor,
               const ReadDone& done);

  base::Executor& executor_;
  history::Store& store_;
  const Options options_;
  const LocalRoom::Limits limits_;
  Rooms in_use_;
  Rooms idle_;  // used last in front
  std::unordered_map<std::string_view, Loaded*> by_name_;
  std::size_t subscribed_ = 0;
};

}  // namespace chat::broker
