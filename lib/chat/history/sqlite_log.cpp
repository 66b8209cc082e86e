#include "chat/history/sqlite_log.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace chat::history {
namespace {

constexpr int kSchema = 2;
constexpr int kBusyMs = 2000;
/// A room may be this share over its bound before it is trimmed, so that trimming is rare.
constexpr std::size_t kSlackDivisor = 20;

constexpr const char* kCreate = R"sql(
  CREATE TABLE room (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    head INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    dedup BLOB NOT NULL,
    dedup_through INTEGER NOT NULL
  );
  CREATE TABLE message (
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    client TEXT NOT NULL,
    n INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (room, seq)
  ) WITHOUT ROWID;
)sql";
constexpr const char* kCreateMarks =
    "CREATE TABLE mark (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";

std::int64_t to_sql(base::Seq seq) { return static_cast<std::int64_t>(seq.value()); }
base::Seq to_seq(const SQLite::Column& column) {
  return base::Seq(static_cast<std::uint64_t>(column.getInt64()));
}

std::string text_of(const SQLite::Column& column) {
  const char* text = column.getText("");
  return {text, static_cast<std::size_t>(column.getBytes())};
}

/// A statement between two uses: reset at the end of the scope, whatever happened.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  ~Use() { statement_.tryReset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  SQLite::Statement* operator->() { return &statement_; }

 private:
  SQLite::Statement& statement_;
};

bool over(std::size_t value, std::size_t bound) {
  return bound > 0 && value > bound + std::max<std::size_t>(1, bound / kSlackDivisor);
}

}  // namespace

class SqliteLog::Impl {
 public:
  Impl(const std::string& path, Retention retention, std::function<base::Epoch()> make_epoch)
      : path_(path),
        retention_(retention),
        make_epoch_(std::move(make_epoch)),
        database_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs) {}

  /// Empty when the file can be used; what is wrong otherwise.
  std::string prepare(bool check) {
    const int schema = database_.execAndGet("PRAGMA user_version").getInt();
    if (schema > kSchema) {
      return path_ + " has schema " + std::to_string(schema) + ", this chat knows " +
             std::to_string(kSchema) + ": use the newer chat, or another --data directory";
    }
    if (check && text_of(database_.execAndGet("PRAGMA quick_check(1)")) != "ok") {
      return path_ + " is damaged: restore it from a backup, or move it away to start anew";
    }
    database_.exec(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
        "PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-32768;");
    if (schema < kSchema) {
      SQLite::Transaction transaction(database_);
      if (schema == 0) database_.exec(kCreate);
      database_.exec(kCreateMarks);
      database_.exec("PRAGMA user_version = " + std::to_string(kSchema));
      transaction.commit();
    }
    prepare_statements();
    return {};
  }

  OpenedLog open_room(const base::RoomName& name, std::size_t tail,
                      const std::optional<Birth>& birth) {
    if (birth && is_of_another_log(row_of(name, birth), *birth))
      forget({row_of(name).id}, is(name));
    Row& row = row_of(name, birth);
    OpenedLog opened;
    opened.room.epoch = row.epoch;
    opened.room.head = row.head;
    opened.room.floor = row.floor;
    Range range;
    range.limit = tail;
    range.max_bytes = retention_.room_bytes > 0 ? retention_.room_bytes : range.max_bytes;
    opened.newest = read(name, range);
    if (row.id == 0) return opened;
    base::Seq through;
    {
      Use find(*find_room_);
      find->bind(1, name.value());
      if (find->executeStep()) {
        const auto blob = find->getColumn(4);
        opened.room.dedup.assign(static_cast<const char*>(blob.getBlob()),
                                 static_cast<std::size_t>(blob.getBytes()));
        through = to_seq(find->getColumn(5));
      }
    }
    Use senders(*senders_);
    senders->bind(1, row.id);
    senders->bind(2, to_sql(through));
    while (senders->executeStep()) {
      auto message = std::make_shared<wire::Message>();
      message->seq = to_seq(senders->getColumn(0));
      message->at = senders->getColumn(1).getInt64();
      message->client = base::ClientId(text_of(senders->getColumn(2)));
      message->n = static_cast<std::uint64_t>(senders->getColumn(3).getInt64());
      opened.room.after_snapshot.push_back(std::move(message));
    }
    return opened;
  }

  void release_room(const base::RoomName& name) { rows_.erase(name); }

  Page read(const base::RoomName& name, const Range& range) {
    Page page;
    const bool known = rows_.count(name) > 0;
    const Row row = known ? rows_.at(name) : find_row(name).value_or(Row{});
    page.floor = row.floor;
    page.head = row.head;
    if (row.id == 0) return page;
    const bool forward = range.kind == Range::Kind::after;
    Use statement(forward ? *read_after_ : *read_before_);
    statement->bind(1, row.id);
    const auto none = std::numeric_limits<std::int64_t>::max();
    const auto from = forward ? std::max(range.seq, row.floor) : range.seq;
    statement->bind(2, range.kind == Range::Kind::newest ? none : to_sql(from));
    // One more than asked for tells whether there are more.
    statement->bind(3, static_cast<std::int64_t>(range.limit) + 1);
    if (!forward) statement->bind(4, to_sql(row.floor));
    std::size_t bytes = 0;
    while (statement->executeStep()) {
      auto message = message_of(*statement.operator->());
      bytes += message->cost();
      const bool full = page.messages.size() == range.limit ||
                        (!page.messages.empty() && bytes > range.max_bytes);
      if (full) {
        page.more = true;
        break;
      }
      page.messages.push_back(std::move(message));
    }
    if (!forward) std::reverse(page.messages.begin(), page.messages.end());
    return page;
  }

  std::vector<Store::Listed> list() {
    std::vector<Store::Listed> rooms;
    Use statement(*list_);
    while (statement->executeStep()) {
      rooms.push_back({base::RoomName(text_of(statement->getColumn(0))),
                       base::Epoch(text_of(statement->getColumn(1))),
                       to_seq(statement->getColumn(2))});
    }
    return rooms;
  }

  void begin() {
    database_.exec("BEGIN IMMEDIATE");
    in_transaction_ = true;
  }

  void append(const Append& append) {
    Row& row = row_of(append.room);
    touched_.insert(append.room);
    if (row.id == 0) {
      inserted_.insert(append.room);
      insert_room(append.room, row);
    }
    for (const auto& message : append.messages) {
      Use insert(*insert_);
      insert->bind(1, row.id);
      insert->bind(2, to_sql(message->seq));
      insert->bind(3, static_cast<std::int64_t>(message->at));
      insert->bindNoCopy(4, message->name);
      insert->bindNoCopy(5, message->client.value());
      insert->bind(6, static_cast<std::int64_t>(message->n));
      insert->bindNoCopy(7, message->body);
      insert->exec();
      row.head = message->seq;
      row.messages += 1;
      row.bytes += message->cost();
    }
    if (!append.dedup.empty()) {
      Use update(*snapshot_);
      update->bind(1, append.dedup.data(), static_cast<int>(append.dedup.size()));
      update->bind(2, to_sql(row.head));
      update->bind(3, row.id);
      update->exec();
      delete_dropped(row);
    }
    if (over(row.messages, retention_.room_messages) || over(row.bytes, retention_.room_bytes)) {
      trim(append.room, row, 0);
    }
  }

  Trims commit() {
    database_.exec("COMMIT");
    in_transaction_ = false;
    touched_.clear();
    inserted_.clear();
    return std::exchange(trims_, {});
  }

  void rollback() {
    if (in_transaction_) {
      try {
        database_.exec("ROLLBACK");
      } catch (const SQLite::Exception&) {
        // SQLite has rolled back by itself (disk full, I/O error).
      }
    }
    in_transaction_ = false;
    // What is remembered of these rooms was never stored. A new one keeps its epoch: whoever opened
    // it was told.
    for (const auto& room : touched_) {
      if (inserted_.count(room) == 0) {
        rows_.erase(room);
      } else {
        Row& row = rows_.at(room);
        Row anew;
        anew.epoch = std::move(row.epoch);
        anew.head = anew.floor = anew.born = row.born;
        row = std::move(anew);
      }
    }
    touched_.clear();
    inserted_.clear();
    trims_.clear();
  }

  Trims expire(base::WallMs now) {
    if (retention_.age_ms == 0) return {};
    const auto oldest = now - static_cast<base::WallMs>(retention_.age_ms);
    std::vector<base::RoomName> stale;
    {
      Use statement(*stale_rooms_);
      statement->bind(1, static_cast<std::int64_t>(oldest));
      while (statement->executeStep()) {
        stale.emplace_back(text_of(statement->getColumn(0)));
      }
    }
    if (stale.empty()) return {};
    begin();
    for (const auto& room : stale) {
      const bool known = rows_.count(room) > 0;
      touched_.insert(room);
      trim(room, row_of(room), oldest);
      if (!known) rows_.erase(room);
    }
    return commit();
  }

  void forget_rooms(const Store::Which& which) {
    std::vector<std::int64_t> ids;
    {
      SQLite::Statement rooms(database_, "SELECT id, name FROM room");
      while (rooms.executeStep()) {
        if (which(base::RoomName(text_of(rooms.getColumn(1))))) {
          ids.push_back(rooms.getColumn(0).getInt64());
        }
      }
    }
    forget(ids, which);
  }

  Marks marks() {
    Marks marks;
    SQLite::Statement statement(database_, "SELECT key, value FROM mark");
    while (statement.executeStep()) {
      const auto value = statement.getColumn(1);
      marks[text_of(statement.getColumn(0))] = std::string(
          static_cast<const char*>(value.getBlob()), static_cast<std::size_t>(value.getBytes()));
    }
    return marks;
  }

  void set_marks(const Marks& marks) {
    SQLite::Transaction transaction(database_);
    SQLite::Statement statement(database_, "INSERT OR REPLACE INTO mark VALUES (?,?)");
    for (const auto& [key, value] : marks) {
      statement.bind(1, key);
      statement.bind(2, value.data(), static_cast<int>(value.size()));
      statement.exec();
      statement.reset();
    }
    transaction.commit();
  }

  void checkpoint() { database_.exec("PRAGMA wal_checkpoint(TRUNCATE)"); }

  wire::Error describe(const SQLite::Exception& exception) const {
    wire::Error error;
    error.code = wire::Code::unavailable;
    error.detail = path_ + ": " + exception.what();
    if (exception.getErrorCode() == SQLITE_FULL) error.detail += "; free space on the disk";
    return error;
  }

 private:
  /// What is remembered of a room between calls.
  struct Row {
    std::int64_t id = 0;  // 0: not stored yet
    base::Epoch epoch;
    base::Seq head;
    base::Seq floor;
    base::Seq born;  // its floor when it began
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  void prepare_statements() {
    const auto make = [this](std::optional<SQLite::Statement>& statement, const char* sql) {
      statement.emplace(database_, sql);
    };
    make(find_room_, "SELECT id, epoch, head, floor, dedup, dedup_through FROM room WHERE name=?");
    // Rows up to a room's floor are dropped messages: they only say who sent them, until a snapshot
    // knows it.
    make(head_, "SELECT max(seq) FROM message WHERE room=?");
    make(sizes_,
         "SELECT count(*), sum(length(CAST(name AS BLOB)) + length(client) +"
         " length(CAST(body AS BLOB))) FROM message WHERE room=? AND seq>?");
    make(senders_, "SELECT seq, at, client, n FROM message WHERE room=? AND seq>? ORDER BY seq");
    make(read_after_,
         "SELECT seq, at, name, client, n, body FROM message"
         " WHERE room=? AND seq>? ORDER BY seq LIMIT ?");
    make(read_before_,
         "SELECT seq, at, name, client, n, body FROM message"
         " WHERE room=? AND seq<? AND seq>?4 ORDER BY seq DESC LIMIT ?3");
    make(list_,
         "SELECT name, epoch,"
         " (SELECT max(seq) FROM message WHERE room=room.id AND seq>room.floor) AS newest"
         " FROM room WHERE newest IS NOT NULL ORDER BY name");
    make(insert_, "INSERT INTO message VALUES (?,?,?,?,?,?,?)");
    make(insert_room_, "INSERT INTO room VALUES (NULL,?1,?2,?3,?3,x'',0)");
    make(snapshot_, "UPDATE room SET dedup=?, dedup_through=?2, head=?2 WHERE id=?3");
    make(oldest_,
         "SELECT seq, at, length(CAST(name AS BLOB)) + length(client) +"
         " length(CAST(body AS BLOB)) FROM message WHERE room=? AND seq>? ORDER BY seq");
    make(delete_,
         "DELETE FROM message WHERE room=?1 AND seq<=?2 AND"
         " (client='' OR seq<=(SELECT dedup_through FROM room WHERE id=?1))");
    make(strip_, "UPDATE message SET name='', body='' WHERE room=? AND seq<=? AND seq>?");
    make(set_floor_, "UPDATE room SET floor=?1, head=max(head, ?1) WHERE id=?2");
    make(
        stale_rooms_,
        "SELECT name FROM room WHERE"
        " (SELECT at FROM message WHERE room=room.id AND seq>room.floor ORDER BY seq LIMIT 1) < ?");
  }

  std::optional<Row> find_row(const base::RoomName& name) {
    Row row;
    {
      Use find(*find_room_);
      find->bind(1, name.value());
      if (!find->executeStep()) return std::nullopt;
      row.id = find->getColumn(0).getInt64();
      row.epoch = base::Epoch(text_of(find->getColumn(1)));
      row.floor = to_seq(find->getColumn(3));
      row.head = std::max(to_seq(find->getColumn(2)), row.floor);
    }
    Use newest(*head_);
    newest->bind(1, row.id);
    if (newest->executeStep()) row.head = std::max(row.head, to_seq(newest->getColumn(0)));
    return row;
  }

  Row& row_of(const base::RoomName& name, const std::optional<Birth>& birth = std::nullopt) {
    const auto known = rows_.find(name);
    if (known != rows_.end()) return known->second;
    auto found = find_row(name);
    if (!found) {
      found.emplace();
      found->epoch = birth ? birth->epoch : make_epoch_();
      if (birth) found->head = found->floor = found->born = birth->floor;
    } else {
      Use sizes(*sizes_);
      sizes->bind(1, found->id);
      sizes->bind(2, to_sql(found->floor));
      if (sizes->executeStep()) {
        found->messages = static_cast<std::size_t>(sizes->getColumn(0).getInt64());
        found->bytes = static_cast<std::size_t>(sizes->getColumn(1).getInt64()) +
                       found->messages * sizeof(wire::Message);
      }
    }
    return rows_.emplace(name, std::move(*found)).first->second;
  }

  static bool is_of_another_log(const Row& row, const Birth& birth) {
    return row.id != 0 && (row.epoch != birth.epoch || row.floor < birth.floor);
  }
  static Store::Which is(const base::RoomName& name) {
    return [&name](const base::RoomName& room) { return room == name; };
  }

  /// The rooms of these ids, and what is remembered of them.
  void forget(const std::vector<std::int64_t>& ids, const Store::Which& which) {
    SQLite::Transaction transaction(database_);
    SQLite::Statement messages(database_, "DELETE FROM message WHERE room=?");
    SQLite::Statement room(database_, "DELETE FROM room WHERE id=?");
    for (const auto id : ids) {
      for (auto* statement : {&messages, &room}) {
        statement->bind(1, id);
        statement->exec();
        statement->reset();
      }
    }
    transaction.commit();
    for (auto row = rows_.begin(); row != rows_.end();) {
      row = which(row->first) ? rows_.erase(row) : std::next(row);
    }
  }

  void insert_room(const base::RoomName& name, Row& row) {
    Use insert(*insert_room_);
    insert->bind(1, name.value());
    insert->bind(2, row.epoch.value());
    insert->bind(3, to_sql(row.born));
    insert->exec();
    row.id = database_.getLastInsertRowid();
  }

  /// Deletes what is dropped and not needed any more to know repeats.
  void delete_dropped(const Row& row) {
    Use remove(*delete_);
    remove->bind(1, row.id);
    remove->bind(2, to_sql(row.floor));
    remove->exec();
  }

  /// Drops a room's oldest messages until it is within its bounds and none is older than
  /// `oldest_at`.
  void trim(const base::RoomName& name, Row& row, base::WallMs oldest_at) {
    base::Seq floor = row.floor;
    {
      Use oldest(*oldest_);
      oldest->bind(1, row.id);
      oldest->bind(2, to_sql(row.floor));
      while (oldest->executeStep()) {
        const bool within =
            (retention_.room_messages == 0 || row.messages <= retention_.room_messages) &&
            (retention_.room_bytes == 0 || row.bytes <= retention_.room_bytes);
        if (within && oldest->getColumn(1).getInt64() >= oldest_at) break;
        floor = to_seq(oldest->getColumn(0));
        row.messages -= 1;
        row.bytes -=
            static_cast<std::size_t>(oldest->getColumn(2).getInt64()) + sizeof(wire::Message);
      }
    }
    if (floor == row.floor) return;
    {
      Use strip(*strip_);
      strip->bind(1, row.id);
      strip->bind(2, to_sql(floor));
      strip->bind(3, to_sql(row.floor));
      strip->exec();
    }
    row.floor = floor;
    delete_dropped(row);
    Use update(*set_floor_);
    update->bind(1, to_sql(floor));
    update->bind(2, row.id);
    update->exec();
    trims_.emplace_back(name, floor);
  }

  static std::shared_ptr<const wire::Message> message_of(SQLite::Statement& row) {
    auto message = std::make_shared<wire::Message>();
    message->seq = to_seq(row.getColumn(0));
    message->at = row.getColumn(1).getInt64();
    message->name = text_of(row.getColumn(2));
    message->client = base::ClientId(text_of(row.getColumn(3)));
    message->n = static_cast<std::uint64_t>(row.getColumn(4).getInt64());
    message->body = text_of(row.getColumn(5));
    return message;
  }

  std::string path_;
  Retention retention_;
  std::function<base::Epoch()> make_epoch_;
  SQLite::Database database_;
  std::optional<SQLite::Statement> find_room_, head_, sizes_, senders_, read_after_, read_before_,
      list_, insert_, insert_room_, snapshot_, oldest_, delete_, strip_, set_floor_, stale_rooms_;
  std::unordered_map<base::RoomName, Row> rows_;
  std::unordered_set<base::RoomName> touched_;   // in this transaction
  std::unordered_set<base::RoomName> inserted_;  // of these, the new ones
  Trims trims_;                                  // in this transaction
  bool in_transaction_ = false;
};

namespace {

/// Runs `call`; what the library throws becomes an error value.
template <class Impl, class Call>
auto guarded(Impl& impl, Call call) -> wire::Result<decltype(call())> {
  try {
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
      return {};
    } else {
      return call();
    }
  } catch (const SQLite::Exception& exception) {
    return tl::unexpected(impl.describe(exception));
  }
}

}  // namespace

SqliteLog::SqliteLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteLog::~SqliteLog() = default;

wire::Result<std::unique_ptr<SqliteLog>> SqliteLog::open(const std::string& path, bool check,
                                                         Retention retention,
                                                         std::function<base::Epoch()> make_epoch) {
  try {
    auto impl = std::make_unique<Impl>(path, retention, std::move(make_epoch));
    const auto problem = impl->prepare(check);
    if (!problem.empty()) return wire::fail(wire::Code::unavailable, problem);
    return std::unique_ptr<SqliteLog>(new SqliteLog(std::move(impl)));
  } catch (const SQLite::Exception& exception) {
    return wire::fail(wire::Code::unavailable,
                      "cannot use " + path + ": " + exception.what() +
                          "; give a directory that can be written and holds no other file of "
                          "that name");
  }
}

wire::Result<SqliteLog::OpenedLog> SqliteLog::open_room(const base::RoomName& room,
                                                        std::size_t tail,
                                                        const std::optional<Birth>& birth) {
  return guarded(*impl_, [&] { return impl_->open_room(room, tail, birth); });
}
void SqliteLog::release_room(const base::RoomName& room) { impl_->release_room(room); }
wire::Result<Page> SqliteLog::read(const base::RoomName& room, const Range& range) {
  return guarded(*impl_, [&] { return impl_->read(room, range); });
}
wire::Result<std::vector<Store::Listed>> SqliteLog::list() {
  return guarded(*impl_, [&] { return impl_->list(); });
}
wire::Result<void> SqliteLog::begin() {
  return guarded(*impl_, [&] { impl_->begin(); });
}
wire::Result<void> SqliteLog::append(const Append& append) {
  return guarded(*impl_, [&] { impl_->append(append); });
}
wire::Result<SqliteLog::Trims> SqliteLog::commit() {
  return guarded(*impl_, [&] { return impl_->commit(); });
}
void SqliteLog::rollback() { impl_->rollback(); }
wire::Result<SqliteLog::Trims> SqliteLog::expire(base::WallMs now) {
  auto trims = guarded(*impl_, [&] { return impl_->expire(now); });
  if (!trims) impl_->rollback();
  return trims;
}
wire::Result<void> SqliteLog::forget_rooms(const Store::Which& which) {
  return guarded(*impl_, [&] { impl_->forget_rooms(which); });
}
wire::Result<SqliteLog::Marks> SqliteLog::marks() {
  return guarded(*impl_, [&] { return impl_->marks(); });
}
wire::Result<void> SqliteLog::set_marks(const Marks& marks) {
  return guarded(*impl_, [&] { impl_->set_marks(marks); });
}
void SqliteLog::checkpoint() {
  // Best effort: an unfinished one is finished by the next start.
  (void)guarded(*impl_, [&] { impl_->checkpoint(); });
}

}  // namespace chat::history
