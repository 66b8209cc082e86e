#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/history/memory_store.hpp"
#include "chat/history/sqlite_database.hpp"
#include "chat/history/store.hpp"

namespace chat::history {

/// A durable Store for one worker's loop over the shared SqliteDatabase, with the newest messages
/// of open rooms cached in memory, so that most reads of the tail never leave the loop.
class SqliteStore final : public Store {
 public:
  /// As what a new room begins; empty: the database's matter.
  using Births = std::function<Birth(const base::RoomName&)>;

  /// `executor` and `database` must outlive it. `cache` bounds what is kept in memory.
  SqliteStore(base::Executor& executor, SqliteDatabase& database, Retention cache,
              Births births = nullptr);
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  void open(const base::RoomName& room, OpenDone done) override;
  void release(const base::RoomName& room) override;
  void append(Append append, AppendDone done) override;
  void read(const base::RoomName& room, Range range, ReadDone done) override;
  void list(ListDone done) override;
  void expire(base::WallMs now) override;
  void on_trim(TrimListener listener) override { listener_ = std::move(listener); }
  void forget_rooms(Which which) override;
  /// No bound makes it forget a room.
  void on_forget(ForgetListener) override {}
  bool durable() const noexcept override { return true; }

 private:
  void submit_appends();
  void on_opened(const base::RoomName& room, SqliteLog::OpenedLog opened, const OpenDone& done);
  void on_appended(const wire::Result<void>& outcome, Append append);
  void on_trimmed(const base::RoomName& room, base::Seq floor);
  bool read_cached(const base::RoomName& room, const Range& range, const ReadDone& done);

  base::Executor& executor_;
  SqliteDatabase& database_;
  MemoryStore cache_;
  Births births_;
  std::size_t tail_;
  std::unordered_map<base::RoomName, base::Seq>
      floors_;                      // of the open rooms, as the database has them
  std::vector<SqliteJob> appends_;  // of this turn: they are submitted together at its end
  TrimListener listener_;
  std::shared_ptr<TrimListener> trims_;
  std::shared_ptr<SqliteStore*> self_;  // answers that come after the end find it empty
};

}  // namespace chat::history
