#include "chat/history/memory_store.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::history {
namespace {

/// What a room takes without its messages: itself, its places in the map and in the order of use.
constexpr std::size_t kRoomCost = 1024;

}  // namespace

MemoryStore::MemoryStore(Retention retention, Births births)
    : retention_(retention), births_(std::move(births)) {}

MemoryStore::MemoryStore(Retention retention, std::function<base::Epoch()> make_epoch)
    : MemoryStore(retention, [make_epoch = std::move(make_epoch)](const base::RoomName&) {
        return Birth{make_epoch(), {}};
      }) {}

MemoryStore::Room& MemoryStore::find_or_make(const base::RoomName& name) {
  const auto [found, made] = rooms_.try_emplace(name);
  Room& room = found->second;
  if (made) {
    Birth birth = births_(name);
    room.epoch = std::move(birth.epoch);
    room.head = room.floor = room.born = birth.floor;
    set_state_bytes(room, kRoomCost);
  }
  touch(name, room);
  return room;
}

void MemoryStore::touch(const base::RoomName& name, Room& room) {
  if (room.recency) {
    recency_.splice(recency_.begin(), recency_, *room.recency);
  } else if (room.can_shrink()) {
    recency_.push_front(name);
    room.recency = recency_.begin();
  }
}

void MemoryStore::set_state_bytes(Room& room, std::size_t bytes) {
  total_bytes_ = total_bytes_ - room.state_bytes + bytes;
  room.state_bytes = bytes;
}

void MemoryStore::leave_recency_if_bare(Room& room) {
  if (room.can_shrink() || !room.recency) return;
  recency_.erase(*room.recency);
  room.recency.reset();
}

MemoryStore::Rooms::iterator MemoryStore::erase(Rooms::iterator found) {
  Room& room = found->second;
  total_bytes_ -= room.bytes + room.state_bytes;
  if (room.recency) recency_.erase(*room.recency);
  return rooms_.erase(found);
}

void MemoryStore::open(const base::RoomName& name, OpenDone done) {
  Room& room = find_or_make(name);
  room.open = true;
  leave_recency_if_bare(room);
  OpenedRoom opened;
  opened.epoch = room.epoch;
  opened.head = room.head;
  opened.floor = room.floor;
  opened.dedup = room.dedup;
  opened.after_snapshot = room.dropped;
  for (const auto& message : room.messages) {
    if (message->seq > room.dedup_through) opened.after_snapshot.push_back(message);
  }
  done(std::move(opened));
}

void MemoryStore::release(const base::RoomName& name) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  room.open = false;
  // A room without messages is nothing to come back to.
  if (room.messages.empty() && room.head == room.born) {
    erase(found);
  } else if (!room.recency) {
    touch(name, room);
  }
}

void MemoryStore::append(Append append, AppendDone done) {
  Room& room = find_or_make(append.room);
  for (auto& message : append.messages) {
    room.head = message->seq;
    room.bytes += message->cost();
    total_bytes_ += message->cost();
    room.messages.push_back(std::move(message));
  }
  touch(append.room, room);
  if (!append.dedup.empty()) {
    room.dedup = std::move(append.dedup);
    room.dedup_through = room.head;
    room.dropped.clear();
    set_state_bytes(room, kRoomCost + room.dedup.size());
  }
  keep_within(append.room, room);
  keep_total();
  done({});
}

void MemoryStore::adopt(const base::RoomName& name, base::Seq head,
                        std::vector<wire::MessagePtr> messages, std::optional<base::Seq> floor) {
  forget(name);
  Room& room = find_or_make(name);
  room.open = true;
  room.cached = true;
  room.head = head;
  const base::Seq below(messages.empty() ? head.value() : messages.front()->seq.value() - 1);
  room.floor = floor.value_or(below);
  for (auto& message : messages) {
    room.bytes += message->cost();
    total_bytes_ += message->cost();
    room.messages.push_back(std::move(message));
  }
  touch(name, room);
  keep_within(name, room);
  keep_total();
}

void MemoryStore::trim(const base::RoomName& name, base::Seq seq) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  while (!room.messages.empty() && room.messages.front()->seq <= seq) drop_oldest(room);
  room.floor = std::max(room.floor, seq);
}

void MemoryStore::forget(const base::RoomName& name) {
  const auto found = rooms_.find(name);
  if (found != rooms_.end()) erase(found);
}

void MemoryStore::forget_rooms(Which which) {
  for (auto room = rooms_.begin(); room != rooms_.end();) {
    room = which(room->first) ? erase(room) : std::next(room);
  }
}

void MemoryStore::drop_oldest(Room& room) {
  const wire::Message& oldest = *room.messages.front();
  if (!room.cached && oldest.seq > room.dedup_through && !oldest.client.value().empty()) {
    auto sender = std::make_shared<wire::Message>();
    sender->seq = oldest.seq;
    sender->at = oldest.at;
    sender->client = oldest.client;
    sender->n = oldest.n;
    set_state_bytes(room, room.state_bytes + sender->cost());
    room.dropped.push_back(std::move(sender));
  }
  const auto cost = oldest.cost();
  room.bytes -= cost;
  total_bytes_ -= cost;
  room.floor = room.messages.front()->seq;
  room.messages.pop_front();
  leave_recency_if_bare(room);
}

void MemoryStore::keep_within(const base::RoomName& name, Room& room) {
  const auto floor = room.floor;
  const auto over = [&] {
    return (retention_.room_messages > 0 && room.messages.size() > retention_.room_messages) ||
           (retention_.room_bytes > 0 && room.bytes > retention_.room_bytes);
  };
  while (!room.messages.empty() && over()) drop_oldest(room);
  if (room.floor != floor) tell_trim(name, room.floor);
}

void MemoryStore::keep_total() {
  // From the room that was used longest ago; the one just appended to comes last and is only cut.
  const auto over = [this] {
    return retention_.total_bytes > 0 && total_bytes_ > retention_.total_bytes;
  };
  while (over() && !recency_.empty()) {
    const auto oldest = rooms_.find(recency_.back());
    Room& room = oldest->second;
    if (!room.open && recency_.size() > 1) {
      tell_forgotten(oldest->first, room);
      erase(oldest);
      continue;
    }
    if (room.messages.empty()) return;
    while (!room.messages.empty() && over()) drop_oldest(room);
    tell_trim(oldest->first, room.floor);
  }
}

void MemoryStore::tell_trim(const base::RoomName& name, base::Seq floor) {
  if (trim_listener_) trim_listener_(name, floor);
}

void MemoryStore::tell_forgotten(const base::RoomName& name, const Room& room) {
  if (forget_listener_ && room.head > room.born) forget_listener_(name, room.head);
}

void MemoryStore::read(const base::RoomName& name, Range range, ReadDone done) {
  Page page;
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return done(std::move(page));
  const Room& room = found->second;
  page.floor = room.floor;
  page.head = room.head;
  const auto& all = room.messages;
  const auto behind = [&](base::Seq seq) {
    return std::upper_bound(all.begin(), all.end(), seq,
                            [](base::Seq x, const auto& message) { return x < message->seq; });
  };
  std::size_t bytes = 0;
  const auto fits = [&](const wire::MessagePtr& message) {
    bytes += message->cost();
    return page.messages.size() < range.limit &&
           (page.messages.empty() || bytes <= range.max_bytes);
  };
  if (range.kind == Range::Kind::after) {
    auto at = behind(range.seq);
    while (at != all.end() && fits(*at)) page.messages.push_back(*at++);
    page.more = at != all.end();
    return done(std::move(page));
  }
  auto at = all.end();
  if (range.kind == Range::Kind::before) {
    at = range.seq.value() == 0 ? all.begin() : behind(base::Seq(range.seq.value() - 1));
  }
  while (at != all.begin() && fits(*std::prev(at))) page.messages.push_back(*--at);
  page.more = at != all.begin();
  std::reverse(page.messages.begin(), page.messages.end());
  done(std::move(page));
}

void MemoryStore::list(ListDone done) {
  std::vector<Listed> rooms;
  for (const auto& [name, room] : rooms_) {
    if (!room.messages.empty()) rooms.push_back({name, room.epoch, room.head});
  }
  std::sort(rooms.begin(), rooms.end(),
            [](const Listed& a, const Listed& b) { return a.room < b.room; });
  done(std::move(rooms));
}

void MemoryStore::expire(base::WallMs now) {
  if (retention_.age_ms == 0) return;
  const auto oldest = now - static_cast<base::WallMs>(retention_.age_ms);
  for (auto entry = rooms_.begin(); entry != rooms_.end();) {
    auto& [name, room] = *entry;
    const auto floor = room.floor;
    while (!room.messages.empty() && room.messages.front()->at < oldest) drop_oldest(room);
    if (room.floor != floor) tell_trim(name, room.floor);
    const bool forgotten = room.messages.empty() && !room.open;
    if (forgotten) tell_forgotten(name, room);
    entry = forgotten ? erase(entry) : std::next(entry);
  }
}

}  // namespace chat::history
