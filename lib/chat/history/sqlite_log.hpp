#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/history/store.hpp"

namespace chat::history {

/// The rooms' messages in one SQLite file: the SQL, synchronous. Format:
/// docs/adr/0007-sqlite-store.md.
///
/// Thread: one at a time (that of SqliteDatabase). Exceptions of the library end here: they come
/// out as `unavailable` with the file and what to do.
class SqliteLog {
 public:
  using Trims = std::vector<std::pair<base::RoomName, base::Seq>>;  ///< (room, its new floor)
  /// Notes beside the messages, for whoever keeps the store.
  using Marks = std::map<std::string, std::string>;

  /// Opens or makes `path`. `check`: look for damage first. Fails when the file is of a newer
  /// schema, damaged, or cannot be read and written.
  static wire::Result<std::unique_ptr<SqliteLog>> open(const std::string& path, bool check,
                                                       Retention retention,
                                                       std::function<base::Epoch()> make_epoch);
  ~SqliteLog();

  /// A room and up to `tail` of its newest messages. A new one is written with its first append.
  /// What is stored of the room under another epoch than `birth`'s, or from below its floor, is of
  /// a log that is gone, and is dropped first.
  struct OpenedLog {
    OpenedRoom room;
    Page newest;
  };
  wire::Result<OpenedLog> open_room(const base::RoomName& room, std::size_t tail,
                                    const std::optional<Birth>& birth = std::nullopt);
  /// Forgets what is remembered of a room between calls; its messages stay.
  void release_room(const base::RoomName& room);
  wire::Result<Page> read(const base::RoomName& room, const Range& range);
  wire::Result<std::vector<Store::Listed>> list();

  /// Appends between these two are stored all or none. `commit` answers the rooms that it trimmed.
  wire::Result<void> begin();
  wire::Result<void> append(const Append& append);
  wire::Result<Trims> commit();
  void rollback();

  /// Drops what is older than the retention allows at `now`, in a transaction of its own.
  wire::Result<Trims> expire(base::WallMs now);

  /// Drops each room that `which` is true for, in a transaction of its own.
  wire::Result<void> forget_rooms(const Store::Which& which);

  wire::Result<Marks> marks();
  /// Sets those given, in a transaction of its own.
  wire::Result<void> set_marks(const Marks& marks);

  /// Writes the log file back into the database; for a clean end.
  void checkpoint();

 private:
  class Impl;
  explicit SqliteLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::history
