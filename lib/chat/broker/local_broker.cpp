#include "chat/broker/local_broker.hpp"

#include <utility>

namespace chat::broker {

LocalBroker::LocalBroker(base::Executor& executor, history::Store& store, Options options)
    : executor_(executor),
      store_(store),
      options_(options),
      limits_{options.snapshot_every, options.queue_limit_per_room, options.queue_bytes_per_room,
              options.queue_bytes_total} {
  store_.on_trim([this](const base::RoomName& name, base::Seq floor) {
    if (Loaded* room = find(name)) room->trimmed(floor);
  });
}

LocalBroker::~LocalBroker() {
  store_.on_trim([](const base::RoomName&, base::Seq) {});
}

// ---- calls

void LocalBroker::subscribe(const base::RoomName& name, Sink& sink, SubscribeDone done) {
  Loaded* room = find(name);
  const bool new_here = room == nullptr || !room->subscribed();
  if (new_here && subscribed_ >= options_.max_rooms) {
    return done(wire::fail(wire::Code::too_many_rooms));
  }
  Loaded& used = room == nullptr ? load(name) : wake(*room);
  used.subscribe(sink, std::move(done));
}

void LocalBroker::unsubscribe(const base::RoomName& name, Sink& sink) {
  if (Loaded* room = find(name)) wake(*room).unsubscribe(sink);
}

void LocalBroker::publish(Publish publish, PublishDone done) {
  Loaded* room = find(publish.room);
  const bool placed = publish.seq > base::Seq(0);
  if (!placed && room == nullptr && in_use_.size() >= options_.max_rooms) {
    return done(wire::fail(wire::Code::too_many_rooms));
  }
  Loaded& used = room == nullptr ? load(publish.room) : wake(*room);
  used.publish(std::move(publish), std::move(done));
}

void LocalBroker::read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
                       ReadDone done) {
  auto answer = [this, room, epoch, range, done = std::move(done)](auto page) {
    if (!page) return done(tl::unexpected<wire::Error>(std::move(page.error())));
    const bool from_cursor = range.kind == history::Range::Kind::after;
    wire::Cursor cursor{epoch, from_cursor ? range.seq : page->head};
    on_page(room, std::move(*page), std::move(cursor), done);
  };
  store_.read(room, range, std::move(answer));
}

void LocalBroker::on_page(const base::RoomName& name, history::Page page, wire::Cursor cursor,
                          const ReadDone& done) {
  Loaded* room = find(name);
  if (room == nullptr && page.head == base::Seq(0)) {
    // A room without messages is not opened for a read: that would make it, and anybody can ask.
    const auto continuity = continuity_of(page, base::Epoch(), cursor);
    return done(ReadAnswer{std::move(page), base::Epoch(), continuity});
  }
  if (room == nullptr && in_use_.size() >= options_.max_rooms) {
    return done(wire::fail(wire::Code::busy));
  }
  Loaded& used = room == nullptr ? load(name) : wake(*room);
  used.complete_read(std::move(page), std::move(cursor), done);
}

void LocalBroker::rooms(RoomsDone done) { store_.list(std::move(done)); }

template <class Use>
void LocalBroker::for_each_loaded(const history::Store::Which& which, Use use) {
  std::vector<base::RoomName> names;  // a room that is used may go
  for (const auto& [name, room] : by_name_) {
    if (which(room->name())) names.push_back(room->name());
  }
  for (const auto& name : names) {
    if (Loaded* room = find(name)) use(wake(*room));
  }
}

void LocalBroker::begin_anew(const history::Store::Which& which) {
  for_each_loaded(which, [](LocalRoom& room) { room.begin_anew(); });
}

void LocalBroker::announce(const history::Store::Which& which) {
  for_each_loaded(which, [](LocalRoom& room) { room.announce(); });
}

void LocalBroker::tell_ready(const base::RoomName& name) {
  if (Loaded* room = find(name)) wake(*room).tell_ready();
}

room::Dedup::Answer LocalBroker::recognise(const base::RoomName& name, const base::ClientId& client,
                                           std::uint64_t n) {
  const Loaded* room = find(name);
  return room == nullptr ? room::Dedup::Answer() : room->recognise(client, n);
}

void LocalBroker::expire() { store_.expire(executor_.wall_now()); }

// ---- which rooms are loaded

LocalBroker::Loaded* LocalBroker::find(const base::RoomName& name) {
  const auto found = by_name_.find(name.value());
  return found == by_name_.end() ? nullptr : found->second;
}

LocalBroker::Loaded& LocalBroker::load(const base::RoomName& name) {
  in_use_.emplace_front(name, executor_, store_, static_cast<LocalRoom::Keeper&>(*this), limits_);
  Loaded& room = in_use_.front();
  room.place = in_use_.begin();
  by_name_.emplace(room.name().value(), &room);
  return room;
}

LocalBroker::Loaded& LocalBroker::wake(Loaded& room) {
  if (room.idle) in_use_.splice(in_use_.begin(), idle_, room.place);
  room.idle = false;
  return room;
}

void LocalBroker::room_settled(LocalRoom& settled) {
  auto& room = static_cast<Loaded&>(settled);
  count_subscribed(room);
  if (room.in_use()) return;
  if (room.loaded()) {
    keep_idle(room);
  } else {
    drop(room);
  }
}

void LocalBroker::count_subscribed(Loaded& room) {
  if (room.subscribed() == room.counted_subscribed) return;
  room.counted_subscribed = room.subscribed();
  if (room.counted_subscribed) {
    ++subscribed_;
  } else {
    --subscribed_;
  }
}

void LocalBroker::keep_idle(Loaded& room) {
  idle_.splice(idle_.begin(), in_use_, room.place);
  room.idle = true;
  if (idle_.size() > options_.idle_rooms) drop(idle_.back());
}

void LocalBroker::drop(Loaded& room) {
  store_.release(room.name());
  by_name_.erase(room.name().value());
  Rooms& list = room.idle ? idle_ : in_use_;
  list.erase(room.place);
}

}  // namespace chat::broker
