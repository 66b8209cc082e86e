#include "chat/history/sqlite_database.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "chat/base/log.hpp"

namespace chat::history {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAppendsPerCommit = 4096;
/// A database up to this size is checked at every start, a larger one when the last end was not
/// clean.
constexpr std::uintmax_t kQuickToCheck = 8U << 20;

std::string system_text(int error) {
  return std::error_code(error, std::system_category()).message();
}

/// The data directory, locked for this process until destruction.
class Directory {
 public:
  static wire::Result<std::unique_ptr<Directory>> open(const std::string& path) {
    std::error_code error;
    const bool made = fs::create_directories(path, error);
    if (error || !fs::is_directory(path, error)) {
      return wire::fail(wire::Code::unavailable, "--data " + path +
                                                     ": not a directory that can be used" +
                                                     (error ? " (" + error.message() + ")" : ""));
    }
    if (made) ::chmod(path.c_str(), S_IRWXU);
    const int fd =
        ::open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
      return wire::fail(wire::Code::unavailable,
                        "--data " + path + ": cannot be written (" + system_text(errno) + ")");
    }
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd);
      return wire::fail(wire::Code::unavailable,
                        "--data " + path +
                            ": another chat process uses it; stop that one, or give another "
                            "directory");
    }
    return std::unique_ptr<Directory>(new Directory(path, fd));
  }

  ~Directory() { ::close(fd_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string database() const { return path_ + "/chat.db"; }

  /// True when the last process said good-bye; it is not true again until this one does.
  bool take_clean_mark() const {
    std::error_code ignored;
    return fs::remove(clean_mark(), ignored);
  }
  void put_clean_mark() const {
    const int fd = ::open(clean_mark().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) ::close(fd);
  }

 private:
  Directory(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string clean_mark() const { return path_ + "/clean"; }

  std::string path_;
  int fd_;
};

bool needs_check(const Directory& directory) {
  const bool clean = directory.take_clean_mark();
  std::error_code error;
  const auto size = fs::file_size(directory.database(), error);
  return !error && (!clean || size <= kQuickToCheck);
}

}  // namespace

class SqliteDatabase::Impl {
 public:
  Impl(Options options, std::unique_ptr<Directory> directory, std::unique_ptr<SqliteLog> log,
       SqliteLog::Marks marks, bool had_rooms)
      : options_(std::move(options)),
        directory_(std::move(directory)),
        log_(std::move(log)),
        marks_(std::move(marks)),
        had_rooms_(had_rooms) {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "store");
  }

  ~Impl() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    log_->checkpoint();
    log_.reset();
    directory_->put_clean_mark();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const SqliteLog::Marks& marks() const noexcept { return marks_; }
  bool had_rooms() const noexcept { return had_rooms_; }

  void submit(std::vector<SqliteJob> jobs) {
    bool wake = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (auto& job : jobs) wake = enqueue(std::move(job)) || wake;
    }
    if (wake) wake_.notify_one();
  }

  void attach(base::Executor& executor, const Listener& listener) {
    const std::lock_guard<std::mutex> lock(mutex_);
    listeners_.push_back({&executor, listener});
  }

 private:
  using Answer = std::function<void()>;
  using Clock = std::chrono::steady_clock;

  /// True when the thread should be woken for it; mutex_ is held.
  bool enqueue(SqliteJob job) {
    auto* append = std::get_if<AppendJob>(&job.work);
    if (append == nullptr) {
      calls_.push_back(std::move(job));
      return true;
    }
    append->refused = appends_.size() >= options_.queue_limit;
    appends_.push_back(std::move(job));
    // One that finds others waiting goes with them.
    return appends_.size() == 1 || appends_.size() == options_.commit_batch;
  }

  void run() {
    std::vector<SqliteJob> calls;
    std::vector<SqliteJob> appends;
    while (next_batch(calls, appends)) {
      // A read may not see what is not answered yet: appends come last.
      for (auto& job : calls) serve(job);
      if (!appends.empty()) store(appends);
      deliver_answers();
      calls.clear();
      appends.clear();
    }
  }

  /// Takes what is to be done now; false when there is nothing more to come. Under load commits
  /// start commit_interval apart, or when a batch has gathered, and take along what has arrived;
  /// after a pause the first goes at once.
  bool next_batch(std::vector<SqliteJob>& calls, std::vector<SqliteJob>& appends) {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !calls_.empty() || !appends_.empty(); });
    const auto is_urgent = [this] {
      return stopping_ || !calls_.empty() || appends_.size() >= options_.commit_batch;
    };
    const auto due = last_commit_ + options_.commit_interval;
    wake_.wait_until(lock, due, is_urgent);
    const bool commits =
        stopping_ || appends_.size() >= options_.commit_batch || Clock::now() >= due;
    std::move(calls_.begin(), calls_.end(), std::back_inserter(calls));
    calls_.clear();
    if (commits) {
      const auto end = appends_.begin() +
                       static_cast<std::ptrdiff_t>(std::min(appends_.size(), kAppendsPerCommit));
      std::move(appends_.begin(), end, std::back_inserter(appends));
      appends_.erase(appends_.begin(), end);
      if (!appends.empty()) last_commit_ = Clock::now();
    }
    return !stopping_ || !calls.empty() || !appends.empty();
  }

  void answer(base::Executor* origin, Answer call) { answers_[origin].push_back(std::move(call)); }

  void deliver_answers() {
    for (auto& [origin, calls] : answers_) {
      if (calls.empty()) continue;
      origin->post([calls = std::exchange(calls, {})] {
        for (const auto& call : calls) call();
      });
    }
  }

  void serve(SqliteJob& job) {
    if (auto* open = std::get_if<OpenJob>(&job.work)) {
      failed_rooms_.erase(open->room);
      answer(job.origin, [done = std::move(open->done),
                          result = std::make_shared<wire::Result<SqliteLog::OpenedLog>>(
                              told(log_->open_room(open->room, open->tail, open->birth),
                                   "a room could not be opened"))] { done(std::move(*result)); });
    } else if (auto* release = std::get_if<ReleaseJob>(&job.work)) {
      failed_rooms_.erase(release->room);  // all its appends are answered
      log_->release_room(release->room);
    } else if (auto* read = std::get_if<ReadJob>(&job.work)) {
      answer(job.origin, [done = std::move(read->done),
                          page = told(log_->read(read->room, read->range),
                                      "messages could not be read")] { done(page); });
    } else if (auto* list = std::get_if<ListJob>(&job.work)) {
      answer(job.origin,
             [done = std::move(list->done),
              rooms = told(log_->list(), "the rooms could not be listed")] { done(rooms); });
    } else if (auto* expire = std::get_if<ExpireJob>(&job.work)) {
      const auto trims = log_->expire(expire->now);
      if (!trims) {
        log_failure("old messages could not be dropped", trims.error());
      } else {
        tell_trims(*trims);
      }
    } else if (auto* forget = std::get_if<ForgetJob>(&job.work)) {
      if (const auto done = log_->forget_rooms(forget->which); !done) {
        log_failure("rooms could not be dropped", done.error());
      }
    } else if (auto* mark = std::get_if<MarkJob>(&job.work)) {
      if (const auto done = log_->set_marks(mark->marks); !done) {
        log_failure("notes could not be written", done.error());
      }
    }
  }

  /// Failures go to the log, at most one line a second; strangers are told only that there is one.
  void log_failure(const char* what, const wire::Error& error) {
    const auto now = Clock::now();
    if (last_logged_ && now - *last_logged_ < std::chrono::seconds(1)) return;
    last_logged_ = now;
    base::Log::error(std::string("history: ") + what, {{"why", error.text()}});
  }
  template <class T>
  wire::Result<T> told(wire::Result<T> result, const char* what) {
    if (result) return result;
    log_failure(what, result.error());
    return wire::fail(result.error().code);
  }

  /// What may go into this commit: not what the queue refused, nor what comes behind a failed
  /// append to the same room.
  bool may_store(const AppendJob& job) {
    if (!job.refused && failed_rooms_.count(job.append.room) == 0) return true;
    failed_rooms_.insert(job.append.room);
    return false;
  }

  void store(std::vector<SqliteJob>& batch) {
    std::vector<std::pair<SqliteJob*, wire::Result<void>>> outcomes;
    wire::Result<void> stored;
    bool begun = false;
    for (auto& job : batch) {
      const auto& append = std::get<AppendJob>(job.work);
      if (!may_store(append)) {
        outcomes.emplace_back(
            &job, wire::fail(append.refused ? wire::Code::busy : wire::Code::unavailable));
        continue;
      }
      if (!begun) stored = log_->begin();
      begun = true;
      if (stored) stored = log_->append(append.append);
      outcomes.emplace_back(&job, wire::Result<void>());
    }
    if (begun) stored = finish(stored);
    for (auto& [job, outcome] : outcomes) {
      if (outcome && !stored) {
        outcome = stored;
        failed_rooms_.insert(std::get<AppendJob>(job->work).append.room);
      }
      give_back(*job, outcome);
    }
  }

  /// Commits, or rolls back when an append or the commit failed.
  wire::Result<void> finish(wire::Result<void> stored) {
    if (stored) {
      auto trims = log_->commit();
      if (trims) {
        tell_trims(*trims);
        return {};
      }
      stored = tl::unexpected(trims.error());
    }
    log_->rollback();
    return told(std::move(stored), "messages could not be stored");
  }

  void give_back(SqliteJob& job, const wire::Result<void>& outcome) {
    auto& append = std::get<AppendJob>(job.work);
    answer(job.origin, [done = std::move(append.done), outcome,
                        given = std::make_shared<Append>(std::move(append.append))] {
      done(outcome, std::move(*given));
    });
  }

  void tell_trims(const SqliteLog::Trims& trims) {
    if (trims.empty()) return;
    std::vector<std::pair<base::Executor*, Listener>> listeners;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      listeners = listeners_;
    }
    for (const auto& [executor, listener] : listeners) {
      answer(executor, [listener = listener, trims] {
        const auto alive = listener.lock();
        if (!alive) return;
        for (const auto& [room, floor] : trims) (*alive)(room, floor);
      });
    }
  }

  const Options options_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<SqliteLog> log_;  // the thread's, while it runs
  const SqliteLog::Marks marks_;
  const bool had_rooms_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<SqliteJob> calls_;                                  // guarded by mutex_
  std::deque<SqliteJob> appends_;                                // guarded by mutex_
  std::vector<std::pair<base::Executor*, Listener>> listeners_;  // guarded by mutex_
  bool stopping_ = false;                                        // guarded by mutex_

  // The thread's own.
  Clock::time_point last_commit_{};
  std::optional<Clock::time_point> last_logged_;
  std::unordered_map<base::Executor*, std::vector<Answer>> answers_;
  std::unordered_set<base::RoomName> failed_rooms_;  // until opened again or released
  std::thread thread_;
};

SqliteDatabase::SqliteDatabase(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteDatabase::~SqliteDatabase() = default;

wire::Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(
    Options options, std::function<base::Epoch()> make_epoch) {
  auto directory = Directory::open(options.directory);
  if (!directory) return tl::unexpected(directory.error());
  const bool check = needs_check(**directory);
  auto log =
      SqliteLog::open((*directory)->database(), check, options.retention, std::move(make_epoch));
  if (!log) return tl::unexpected(log.error());
  auto marks = (*log)->marks();
  if (!marks) return tl::unexpected(std::move(marks.error()));
  const auto rooms = (*log)->list();
  if (!rooms) return tl::unexpected(rooms.error());
  return std::unique_ptr<SqliteDatabase>(new SqliteDatabase(
      std::make_unique<Impl>(std::move(options), std::move(*directory), std::move(*log),
                             std::move(*marks), !rooms->empty())));
}

const SqliteLog::Marks& SqliteDatabase::marks() const noexcept { return impl_->marks(); }
bool SqliteDatabase::had_rooms() const noexcept { return impl_->had_rooms(); }

void SqliteDatabase::submit(SqliteJob job) {
  std::vector<SqliteJob> jobs;
  jobs.push_back(std::move(job));
  impl_->submit(std::move(jobs));
}
void SqliteDatabase::submit(std::vector<SqliteJob> jobs) { impl_->submit(std::move(jobs)); }
void SqliteDatabase::attach(base::Executor& executor, const Listener& listener) {
  impl_->attach(executor, listener);
}

}  // namespace chat::history
