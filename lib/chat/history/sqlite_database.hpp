#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/history/sqlite_job.hpp"
#include "chat/history/store.hpp"

namespace chat::history {

/// The database in a data directory, on a thread of its own ("store"); shared by the SqliteStores
/// of all workers.
///
/// One directory belongs to one process: a lock file refuses a second one. WAL, synchronous=FULL,
/// group commit: whatever arrived while the last commit ran goes into the next, one fsync for all;
/// the answers of a commit go to each loop in one post. Thread: made and destroyed on one thread;
/// `submit` and `attach` from any. The executors must outlive it.
class SqliteDatabase {
 public:
  struct Options {
    std::string directory;  ///< made if missing (mode 700)
    Retention retention;
    std::size_t queue_limit = 65536;  ///< waiting appends; past it they are refused with `busy`
    /// From one commit to the next under load, unless `commit_batch` appends wait; the first after
    /// a pause waits for nothing.
    std::chrono::microseconds commit_interval{8000};
    std::size_t commit_batch = 64;
  };

  /// Opens or makes `directory`/chat.db, checks it and starts the thread. Fails with `unavailable`
  /// and a text that says what and what to do: not a directory, locked by another process, a newer
  /// schema, damaged (integrity check), not writable.
  static wire::Result<std::unique_ptr<SqliteDatabase>> open(
      Options options, std::function<base::Epoch()> make_epoch);

  /// Finishes what was submitted, checkpoints, and joins the thread.
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  /// The notes that were there when it was opened. Thread: any.
  const SqliteLog::Marks& marks() const noexcept;
  /// It held rooms when it was opened.
  bool had_rooms() const noexcept;

  void submit(SqliteJob job);
  /// Several at once, in their order.
  void submit(std::vector<SqliteJob> jobs);

  /// While it lives, `listener` hears on `executor`'s loop of every room whose floor moves.
  using Listener = std::weak_ptr<Store::TrimListener>;
  void attach(base::Executor& executor, const Listener& listener);

 private:
  class Impl;
  explicit SqliteDatabase(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::history
