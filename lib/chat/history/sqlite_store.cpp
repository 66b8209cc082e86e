#include "chat/history/sqlite_store.hpp"

#include <algorithm>
#include <utility>

namespace chat::history {
namespace {

/// Messages brought along when a room is opened: what a reconnect usually asks for.
constexpr std::size_t kTail = 200;

}  // namespace

SqliteStore::SqliteStore(base::Executor& executor, SqliteDatabase& database, Retention cache,
                         Births births)
    : executor_(executor),
      database_(database),
      cache_(cache, [] { return base::Epoch(); }),
      births_(std::move(births)),
      tail_(cache.room_messages > 0 ? std::min(kTail, cache.room_messages) : kTail),
      trims_(std::make_shared<TrimListener>(
          [this](const base::RoomName& room, base::Seq floor) { on_trimmed(room, floor); })),
      self_(std::make_shared<SqliteStore*>(this)) {
  database_.attach(executor_, trims_);
}

SqliteStore::~SqliteStore() {
  *self_ = nullptr;
  // The database may be gone by now; what it still holds of us are weak references.
}

void SqliteStore::open(const base::RoomName& room, OpenDone done) {
  database_.submit(
      {&executor_, OpenJob{room, tail_, births_ ? std::make_optional(births_(room)) : std::nullopt,
                           [self = self_, room,
                            done = std::move(done)](wire::Result<SqliteLog::OpenedLog> opened) {
                             if (*self == nullptr) return;
                             if (!opened) return done(tl::unexpected(opened.error()));
                             (*self)->on_opened(room, std::move(*opened), done);
                           }}});
}

void SqliteStore::on_opened(const base::RoomName& room, SqliteLog::OpenedLog opened,
                            const OpenDone& done) {
  floors_[room] = opened.room.floor;
  cache_.adopt(room, opened.room.head, std::move(opened.newest.messages),
               opened.newest.more ? std::nullopt : std::make_optional(opened.room.floor));
  done(std::move(opened.room));
}

void SqliteStore::release(const base::RoomName& room) {
  floors_.erase(room);
  cache_.forget(room);
  database_.submit({&executor_, ReleaseJob{room}});
}

void SqliteStore::append(Append append, AppendDone done) {
  if (appends_.empty()) {
    executor_.defer([self = self_] {
      if (*self != nullptr) (*self)->submit_appends();
    });
  }
  appends_.push_back({&executor_, AppendJob{std::move(append),
                                            [self = self_, done = std::move(done)](
                                                const wire::Result<void>& outcome, Append stored) {
                                              if (*self == nullptr) return;
                                              (*self)->on_appended(outcome, std::move(stored));
                                              done(outcome);
                                            }}});
}

void SqliteStore::submit_appends() { database_.submit(std::exchange(appends_, {})); }

void SqliteStore::on_appended(const wire::Result<void>& outcome, Append append) {
  if (!outcome || floors_.count(append.room) == 0) return;
  append.dedup.clear();  // the database's matter
  cache_.append(std::move(append), [](const wire::Result<void>&) {});
}

void SqliteStore::on_trimmed(const base::RoomName& room, base::Seq floor) {
  const auto open = floors_.find(room);
  if (open == floors_.end()) return;
  open->second = std::max(open->second, floor);
  cache_.trim(room, floor);
  if (listener_) listener_(room, floor);
}

void SqliteStore::read(const base::RoomName& room, Range range, ReadDone done) {
  if (read_cached(room, range, done)) return;
  database_.submit(
      {&executor_,
       ReadJob{room, range, [self = self_, done = std::move(done)](const wire::Result<Page>& page) {
                 if (*self != nullptr) done(page);
               }}});
}

bool SqliteStore::read_cached(const base::RoomName& room, const Range& range,
                              const ReadDone& done) {
  const auto open = floors_.find(room);
  if (open == floors_.end()) return false;
  const base::Seq floor = open->second;
  wire::Result<Page> cached;
  cache_.read(room, range, [&cached](wire::Result<Page> page) { cached = std::move(page); });
  if (!cached) return false;
  const bool cache_is_whole = cached->floor <= floor;
  if (range.kind == Range::Kind::after) {
    if (!cache_is_whole && range.seq < cached->floor) return false;
  } else if (!cache_is_whole && !cached->more) {
    return false;  // the page reaches down to where the cache begins: there may be more in the file
  }
  cached->floor = floor;
  done(std::move(cached));
  return true;
}

void SqliteStore::list(ListDone done) {
  database_.submit({&executor_, ListJob{[self = self_, done = std::move(done)](
                                            const wire::Result<std::vector<Listed>>& rooms) {
                      if (*self != nullptr) done(rooms);
                    }}});
}

void SqliteStore::forget_rooms(Which which) {
  for (auto open = floors_.begin(); open != floors_.end();) {
    open = which(open->first) ? floors_.erase(open) : std::next(open);
  }
  cache_.forget_rooms(which);
  database_.submit({&executor_, ForgetJob{std::move(which)}});
}

void SqliteStore::expire(base::WallMs now) { database_.submit({&executor_, ExpireJob{now}}); }

}  // namespace chat::history
