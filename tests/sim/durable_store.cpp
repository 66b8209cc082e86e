#include "sim/durable_store.hpp"

#include <utility>

namespace chat::tests {

DurableStore::DurableStore(history::Retention retention,
                           std::function<void(const std::string&)> report)
    : retention_(retention), report_(std::move(report)), memory_(make_memory()) {}

history::MemoryStore DurableStore::make_memory() {
  return {retention_, [this] { return base::Epoch("log" + std::to_string(++last_epoch_)); }};
}

base::Epoch DurableStore::epoch(const base::RoomName& room) const {
  const auto found = epochs_.find(room);
  return found == epochs_.end() ? base::Epoch() : found->second;
}

base::Seq DurableStore::floor(const base::RoomName& room, const base::Epoch& epoch) {
  const auto gone = floors_of_gone_.find({room, epoch});
  if (gone != floors_of_gone_.end()) return gone->second;
  base::Seq floor;
  memory_.read(room, {},
               [&floor](const wire::Result<history::Page>& page) { floor = page->floor; });
  return floor;
}

void DurableStore::wipe() {
  for (const auto& [room, epoch] : epochs_) floors_of_gone_[{room, epoch}] = floor(room, epoch);
  memory_ = make_memory();
  epochs_.clear();
  ++generation_;
}

void DurableStore::note(const base::RoomName& room, const wire::MessagePtr& message) {
  const auto& epoch = epochs_[room];
  const auto wrong = journal_.add(room, epoch, message);
  if (!wrong.empty()) report_("stored: " + wrong);
  const auto [body, fresh] =
      bodies_[generation_].emplace(Body(room, message->body), wire::Cursor{epoch, message->seq});
  if (!fresh) report_("stored once more: " + message->body);
}

std::optional<wire::Cursor> DurableStore::find_body(const base::RoomName& room,
                                                    const std::string& body,
                                                    std::size_t generation) const {
  const auto bodies = bodies_.find(generation);
  if (bodies == bodies_.end()) return std::nullopt;
  const auto found = bodies->second.find({room, body});
  if (found == bodies->second.end()) return std::nullopt;
  return found->second;
}

// ---- a door

DurableStore::Door::Door(DurableStore& store) : store_(store) {
  store_.memory_.on_trim([&all = store_](const base::RoomName& room, base::Seq floor) {
    for (const auto& [door, listener] : all.listeners_) listener(room, floor);
  });
}

DurableStore::Door::~Door() { store_.listeners_.erase(this); }

void DurableStore::Door::open(const base::RoomName& room, OpenDone done) {
  store_.memory_.open(room, [this, room, done](wire::Result<history::OpenedRoom> opened) {
    store_.epochs_[room] = opened->epoch;
    done(std::move(opened));
  });
}

void DurableStore::Door::release(const base::RoomName& room) { store_.memory_.release(room); }

void DurableStore::Door::append(history::Append append, AppendDone done) {
  for (const auto& message : append.messages) store_.note(append.room, message);
  store_.memory_.append(std::move(append), std::move(done));
}

void DurableStore::Door::read(const base::RoomName& room, history::Range range, ReadDone done) {
  store_.memory_.read(room, range, std::move(done));
}

void DurableStore::Door::list(ListDone done) { store_.memory_.list(std::move(done)); }

void DurableStore::Door::expire(base::WallMs now) { store_.memory_.expire(now); }

void DurableStore::Door::on_trim(TrimListener listener) {
  store_.listeners_[this] = std::move(listener);
}

}  // namespace chat::tests
