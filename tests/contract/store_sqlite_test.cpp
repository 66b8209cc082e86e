#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <random>
#include <thread>

#include "chat/history/sqlite_database.hpp"
#include "chat/history/sqlite_store.hpp"
#include "store_contract.hpp"
#include "support/full_disk.hpp"
#include "support/manual_executor.hpp"
#include "support/temp_dir.hpp"

#ifndef CHAT_TEST_CACHE
#error "CHAT_TEST_CACHE: messages cached per room"
#endif

namespace chat::tests {
namespace {

base::Epoch next_epoch() {
  static int epochs = 0;
  return base::Epoch("E" + std::to_string(++epochs));
}

class SqliteWorld final : public StoreWorld {
 public:
  explicit SqliteWorld(history::Retention retention) : retention_(retention) { open(); }
  ~SqliteWorld() override { close(); }

  history::Store& store() override { return *store_; }
  void run_until(const std::function<bool()>& done) override { REQUIRE(executor_.run_until(done)); }
  bool restart() override {
    close();
    open();
    return true;
  }

 private:
  void open() {
    history::SqliteDatabase::Options options;
    options.directory = directory_.file("data");
    options.retention = retention_;
    auto database = history::SqliteDatabase::open(options, next_epoch);
    REQUIRE(database);
    database_ = std::move(*database);
    history::Retention cache = retention_;
    cache.room_messages = CHAT_TEST_CACHE;
    store_ = std::make_unique<history::SqliteStore>(executor_, *database_, cache);
  }
  void close() {
    database_.reset();
    executor_.run_until_idle();
    store_.reset();
  }

  history::Retention retention_;
  TempDir directory_;
  ManualExecutor executor_;
  std::unique_ptr<history::SqliteDatabase> database_;
  std::unique_ptr<history::SqliteStore> store_;
};

history::SqliteDatabase::Options options_in(const std::string& directory) {
  history::SqliteDatabase::Options options;
  options.directory = directory;
  return options;
}

std::string problem_with(const std::string& directory) {
  const auto database = history::SqliteDatabase::open(options_in(directory), next_epoch);
  REQUIRE_FALSE(database);
  CHECK(database.error().code == wire::Code::unavailable);
  return database.error().text();
}

TEST_CASE("sqlite: a directory in use is refused with its name and what to do", "[sqlite]") {
  TempDir directory;
  const auto first = history::SqliteDatabase::open(options_in(directory.path()), next_epoch);
  REQUIRE(first);
  const auto problem = problem_with(directory.path());
  CHECK_THAT(problem, Catch::Contains(directory.path()));
  CHECK_THAT(problem, Catch::Contains("another chat process uses it"));
}

TEST_CASE("sqlite: a file in place of the directory is refused", "[sqlite]") {
  TempDir directory;
  std::ofstream(directory.file("data")) << "not a directory";
  CHECK_THAT(problem_with(directory.file("data")), Catch::Contains("not a directory"));
}

TEST_CASE("sqlite: what is no database is refused, and is not written over", "[sqlite]") {
  TempDir directory;
  const std::string garbage(5000, 'g');
  std::ofstream(directory.file("chat.db")) << garbage;
  CHECK_THAT(problem_with(directory.path()), Catch::Contains("chat.db"));
  std::ifstream in(directory.file("chat.db"));
  const std::string left((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  CHECK(left == garbage);
}

TEST_CASE("sqlite: a newer schema is refused", "[sqlite]") {
  TempDir directory;
  { const auto made = history::SqliteDatabase::open(options_in(directory.path()), next_epoch); }
  // user_version is the big-endian number at byte 60 (sqlite.org/fileformat2.html, 1.3).
  std::fstream file(directory.file("chat.db"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);
  file.write("\0\0\0\x09", 4);
  file.close();
  const auto problem = problem_with(directory.path());
  CHECK_THAT(problem, Catch::Contains("schema 9"));
  CHECK_THAT(problem, Catch::Contains("newer chat"));
}

TEST_CASE("sqlite: a damaged database is found at the start", "[sqlite]") {
  TempDir directory;
  {
    ManualExecutor executor;
    auto database = history::SqliteDatabase::open(options_in(directory.path()), next_epoch);
    REQUIRE(database);
    history::SqliteStore store(executor, **database, {});
    std::size_t stored = 0;
    for (std::uint64_t seq = 1; seq <= 500; ++seq) {
      auto message = std::make_shared<wire::Message>();
      message->seq = base::Seq(seq);
      message->body = std::string(200, 'x');
      store.append({base::RoomName("ops"), {message}, {}},
                   [&stored](const wire::Result<void>&) { ++stored; });
    }
    REQUIRE(executor.run_until([&] { return stored == 500; }));
    database->reset();
    executor.run_until_idle();
  }
  std::fstream file(directory.file("chat.db"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 * 4);
  file << std::string(4096 * 3, '\xee');
  file.close();
  CHECK_THAT(problem_with(directory.path()), Catch::Contains("chat.db"));
}

TEST_CASE("sqlite: a new room whose first append fails keeps its epoch", "[sqlite]") {
  TempDir directory;
  const std::string path = directory.file("chat.db");
  history::Retention retention{0, 0, 0, 0};
  retention.room_messages = 2;
  auto log = history::SqliteLog::open(path, false, retention, next_epoch);
  REQUIRE(log);
  const base::RoomName ops("ops");
  const auto append = [&] {
    history::Append three{ops, {}, {}};
    for (std::uint64_t seq = 1; seq <= 3; ++seq) {
      auto message = std::make_shared<wire::Message>();
      message->seq = base::Seq(seq);
      message->body = "1";
      three.messages.push_back(std::move(message));
    }
    REQUIRE((*log)->begin());
    REQUIRE((*log)->append(three));
  };
  const auto told = (*log)->open_room(ops, 10);
  REQUIRE(told);
  append();
  (*log)->rollback();
  const auto again = (*log)->open_room(ops, 10);
  REQUIRE(again);
  CHECK(again->room.epoch == told->room.epoch);
  CHECK(again->room.head == base::Seq(0));
  CHECK(again->room.floor == base::Seq(0));
  CHECK(again->newest.messages.empty());
  append();
  const auto trims = (*log)->commit();
  REQUIRE(trims);
  CHECK(trims->empty());  // what was rolled back does not count
  log = history::SqliteLog::open(path, true, retention, next_epoch);
  REQUIRE(log);
  const auto stored = (*log)->open_room(ops, 10);
  REQUIRE(stored);
  CHECK(stored->room.epoch == told->room.epoch);
  CHECK(stored->newest.messages.size() == 3);
}

TEST_CASE("sqlite: what is remembered of a failed append goes with the room", "[sqlite]") {
  TempDir directory;
  ManualExecutor executor;
  auto options = options_in(directory.path());
  options.queue_limit = 1;
  auto database = history::SqliteDatabase::open(options, next_epoch);
  REQUIRE(database);
  history::SqliteStore store(executor, **database, {});
  const auto append = [&store](const std::string& room, std::optional<wire::Code>& code) {
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(1);
    store.append({base::RoomName(room), {message}, {}}, [&code](const wire::Result<void>& outcome) {
      code = outcome ? wire::Code::internal : outcome.error().code;
    });
  };
  std::optional<wire::Code> first;
  std::optional<wire::Code> refused;
  append("ops", first);
  append("dev", refused);
  REQUIRE(executor.run_until([&] { return first && refused; }));
  REQUIRE(refused == wire::Code::busy);
  std::optional<wire::Code> behind;
  append("dev", behind);
  REQUIRE(executor.run_until([&] { return behind.has_value(); }));
  CHECK(behind == wire::Code::unavailable);
  store.release(base::RoomName("dev"));
  std::optional<wire::Code> anew;
  append("dev", anew);
  REQUIRE(executor.run_until([&] { return anew.has_value(); }));
  CHECK(anew == wire::Code::internal);  // no error
  database->reset();
  executor.run_until_idle();
}

/// A store whose new rooms begin as `birth` says; started again over the same directory at will.
class BornStore {
 public:
  BornStore() { start(); }
  ~BornStore() { stop(); }

  void restart() {
    stop();
    start();
  }
  history::SqliteStore& store() { return *store_; }
  history::SqliteDatabase& database() { return *database_; }
  history::OpenedRoom open(const std::string& room) {
    std::optional<history::OpenedRoom> opened;
    store_->open(base::RoomName(room), [&opened](const auto& answer) { opened = answer.value(); });
    REQUIRE(executor_.run_until([&] { return opened.has_value(); }));
    return *opened;
  }
  wire::Result<void> append(const std::string& room, std::uint64_t seq) {
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(seq);
    message->body = std::to_string(seq);
    std::optional<wire::Result<void>> outcome;
    store_->append({base::RoomName(room), {message}, {}},
                   [&outcome](const auto& answer) { outcome = answer; });
    REQUIRE(executor_.run_until([&] { return outcome.has_value(); }));
    return *outcome;
  }
  history::Page read(const std::string& room) {
    std::optional<history::Page> page;
    store_->read(base::RoomName(room), {}, [&page](const auto& answer) { page = answer.value(); });
    REQUIRE(executor_.run_until([&] { return page.has_value(); }));
    return *page;
  }
  std::vector<std::string> rooms() {
    std::optional<std::vector<std::string>> names;
    store_->list([&names](const auto& rooms) {
      names.emplace();
      for (const auto& listed : rooms.value()) names->push_back(listed.room.value());
    });
    REQUIRE(executor_.run_until([&] { return names.has_value(); }));
    return *names;
  }

  history::Birth birth{base::Epoch("LOG"), base::Seq(100)};

 private:
  void start() {
    auto database = history::SqliteDatabase::open(options_in(directory_.path()), next_epoch);
    REQUIRE(database);
    database_ = std::move(*database);
    history::Retention cache;
    cache.room_messages = CHAT_TEST_CACHE;
    store_ = std::make_unique<history::SqliteStore>(
        executor_, *database_, cache, [this](const base::RoomName&) { return birth; });
  }
  void stop() {
    database_.reset();
    executor_.run_until_idle();
    store_.reset();
  }

  TempDir directory_;
  ManualExecutor executor_;
  std::unique_ptr<history::SqliteDatabase> database_;
  std::unique_ptr<history::SqliteStore> store_;
};

using Names = std::vector<std::string>;

TEST_CASE("sqlite: a room begins as it is told, and stays so", "[sqlite][birth]") {
  BornStore s;
  const auto born = s.open("ops");
  CHECK(born.epoch == base::Epoch("LOG"));
  CHECK(born.head == base::Seq(100));
  CHECK(born.floor == base::Seq(100));
  CHECK(s.rooms().empty());
  REQUIRE(s.append("ops", 150));
  s.birth = {base::Epoch("LOG"), base::Seq(0)};

  for (const bool again : {false, true}) {
    CAPTURE(again);
    if (again) s.restart();
    const auto opened = s.open("ops");
    CHECK(opened.epoch == base::Epoch("LOG"));
    CHECK(opened.head == base::Seq(150));
    CHECK(opened.floor == base::Seq(100));
    CHECK(s.read("ops").floor == base::Seq(100));
  }
}

TEST_CASE("sqlite: what is stored of a log that is gone is dropped when its room is opened",
          "[sqlite][birth]") {
  BornStore s;
  const auto gone = GENERATE(history::Birth{base::Epoch("NEXT"), base::Seq(0)},
                             history::Birth{base::Epoch("LOG"), base::Seq(200)});
  s.open("ops");
  REQUIRE(s.append("ops", 150));
  s.restart();
  s.birth = gone;

  for (const bool again : {false, true}) {
    CAPTURE(again);
    if (again) s.restart();
    const auto opened = s.open("ops");
    CHECK(opened.epoch == gone.epoch);
    CHECK(opened.head == gone.floor);
    CHECK(opened.floor == gone.floor);
    CHECK(opened.after_snapshot.empty());
    CHECK(s.read("ops").messages.empty());
  }
  REQUIRE(s.append("ops", 201));
  CHECK(s.open("ops").head == base::Seq(201));
}

TEST_CASE("sqlite: a room whose first append failed still begins as it was told",
          "[sqlite][birth]") {
  BornStore s;
  s.open("ops");
  {
    const FullDisk full;
    REQUIRE_FALSE(s.append("ops", 150));
  }
  const auto again = s.open("ops");
  CHECK(again.epoch == base::Epoch("LOG"));
  CHECK(again.head == base::Seq(100));
  CHECK(again.floor == base::Seq(100));
  REQUIRE(s.append("ops", 120));
  s.restart();
  const auto stored = s.open("ops");
  CHECK(stored.epoch == base::Epoch("LOG"));
  CHECK(stored.head == base::Seq(120));
  CHECK(stored.floor == base::Seq(100));
}

TEST_CASE("sqlite: whole rooms can be forgotten, and begin anew", "[sqlite][birth]") {
  BornStore s;
  for (const char* room : {"ops", "dev", "old"}) {
    s.open(room);
    REQUIRE(s.append(room, 150));
  }
  s.store().release(base::RoomName("old"));
  s.birth = {base::Epoch("NEXT"), base::Seq(0)};

  s.store().forget_rooms([](const base::RoomName& room) { return room.value() != "dev"; });

  CHECK(s.rooms() == Names{"dev"});
  for (const char* room : {"ops", "old"}) {
    CHECK(s.read(room).messages.empty());
    const auto opened = s.open(room);
    CHECK(opened.epoch == base::Epoch("NEXT"));
    CHECK(opened.head == base::Seq(0));
    CHECK(opened.after_snapshot.empty());
    REQUIRE(s.append(room, 7));  // below what there was
  }
  s.restart();
  CHECK(s.rooms() == Names{"dev", "old", "ops"});
  CHECK(s.open("ops").head == base::Seq(7));
  s.birth.epoch = base::Epoch("LOG");
  CHECK(s.open("dev").head == base::Seq(150));
}

TEST_CASE("sqlite: notes are there at the next start, each as it was set last", "[sqlite][marks]") {
  using Marks = history::SqliteLog::Marks;
  BornStore s;
  CHECK(s.database().marks().empty());
  CHECK_FALSE(s.database().had_rooms());
  const std::string bytes("\0\xff'\n", 4);
  s.database().submit({nullptr, history::MarkJob{{{"a", "1"}, {"b", bytes}}}});
  s.database().submit({nullptr, history::MarkJob{{{"a", "2"}}}});
  CHECK(s.database().marks().empty());  // as of its start
  s.restart();
  CHECK(s.database().marks() == Marks{{"a", "2"}, {"b", bytes}});
  CHECK_FALSE(s.database().had_rooms());
  s.open("ops");
  REQUIRE(s.append("ops", 150));
  s.store().forget_rooms([](const base::RoomName& room) { return room.value() == "dev"; });
  s.restart();
  CHECK(s.database().marks() == Marks{{"a", "2"}, {"b", bytes}});
  CHECK(s.database().had_rooms());
}

TEST_CASE("sqlite: strangers are not told of the file that could not be written", "[sqlite]") {
  TempDir directory;
  ManualExecutor executor;
  auto database = history::SqliteDatabase::open(options_in(directory.path()), next_epoch);
  REQUIRE(database);
  history::SqliteStore store(executor, **database, {});
  std::optional<wire::Result<void>> outcome;
  {
    const FullDisk full;
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(1);
    store.append({base::RoomName("ops"), {message}, {}},
                 [&outcome](const wire::Result<void>& answer) { outcome = answer; });
    REQUIRE(executor.run_until([&] { return outcome.has_value(); }));
  }
  REQUIRE_FALSE(*outcome);
  CHECK(outcome->error().code == wire::Code::unavailable);
  CHECK(outcome->error().detail.empty());
  database->reset();
  executor.run_until_idle();
}

/// Runs what is posted inside the call: answers come on the store's own thread.
class InlineExecutor final : public base::Executor {
 public:
  void post(base::Task task) override { task(); }
  void defer(base::Task task) override { task(); }
  base::TimerId after(base::Duration, base::Task) override { return 0; }
  void cancel(base::TimerId) override {}
  base::TimePoint now() const override { return {}; }
  base::WallMs wall_now() const override { return 0; }
};

TEST_CASE("sqlite: commits are not held up by reads, however many come", "[sqlite]") {
  using namespace std::chrono_literals;
  TempDir directory;
  InlineExecutor executor;
  auto database = history::SqliteDatabase::open(options_in(directory.path()), next_epoch);
  REQUIRE(database);
  history::SqliteDatabase& shared = **database;
  std::promise<bool> stored;
  std::atomic<bool> stopped{false};
  std::function<void()> read_again = [&] {
    if (stopped) return;
    shared.submit(
        {&executor,
         history::ReadJob{base::RoomName("ops"), {}, [&](const wire::Result<history::Page>&) {
                            read_again();  // one always waits
                          }}});
  };
  read_again();
  auto message = std::make_shared<wire::Message>();
  message->seq = base::Seq(1);
  message->body = "1";
  // The first commit may find the time since the last long past; the second has to wait for it.
  const auto append_twice = [&](const wire::Result<void>&, history::Append again) {
    shared.submit(
        {&executor, history::AppendJob{{base::RoomName("dev"), std::move(again.messages), {}},
                                       [&](const wire::Result<void>& outcome, history::Append) {
                                         stored.set_value(outcome.has_value());
                                       }}});
  };
  shared.submit(
      {&executor, history::AppendJob{{base::RoomName("ops"), {message}, {}}, append_twice}});
  auto answer = stored.get_future();
  const bool come = answer.wait_for(5s) == std::future_status::ready;
  stopped = true;
  database->reset();
  REQUIRE(come);
  CHECK(answer.get());
}

/// Appends until it is killed, and writes each acknowledged seq to `out`.
[[noreturn]] void append_for_ever(const std::string& directory, int out) {
  ManualExecutor executor;
  auto database = history::SqliteDatabase::open(options_in(directory), next_epoch);
  if (!database) _exit(3);
  history::SqliteStore store(executor, **database, {});
  std::uint64_t head = 0;
  bool opened = false;
  store.open(base::RoomName("ops"), [&](const wire::Result<history::OpenedRoom>& room) {
    opened = true;
    head = room->head.value();
  });
  executor.run_until([&] { return opened; });
  for (std::uint64_t seq = head + 1;; seq += 3) {
    int waiting = 3;
    for (std::uint64_t i = 0; i < 3; ++i) {
      auto message = std::make_shared<wire::Message>();
      message->seq = base::Seq(seq + i);
      message->body = std::to_string(seq + i);
      store.append({base::RoomName("ops"), {message}, {}},
                   [&, acked = seq + i](const wire::Result<void>& outcome) {
                     --waiting;
                     if (!outcome || write(out, &acked, sizeof acked) != sizeof acked) _exit(4);
                   });
    }
    executor.run_until([&] { return waiting == 0; });
  }
}

TEST_CASE("sqlite: kill -9 at any moment loses nothing that was acknowledged", "[sqlite][kill]") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  TempDir directory;
  std::uint64_t last_acked = 0;
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      close(ends[0]);
      append_for_ever(directory.path(), ends[1]);
    }
    close(ends[1]);
    // Killed after a random number of acknowledgements.
    std::uint64_t acked = 0;
    for (auto left = random() % 300 + 1; left > 0; --left) {
      REQUIRE(read(ends[0], &acked, sizeof acked) == sizeof acked);
      REQUIRE(acked == last_acked + 1);
      last_acked = acked;
    }
    kill(child, SIGKILL);
    while (read(ends[0], &acked, sizeof acked) == sizeof acked) last_acked = acked;
    close(ends[0]);
    REQUIRE(waitpid(child, nullptr, 0) == child);

    ManualExecutor executor;
    auto database = history::SqliteDatabase::open(options_in(directory.path()), next_epoch);
    REQUIRE(database);
    history::SqliteStore store(executor, **database, {});
    history::Range all;
    all.kind = history::Range::Kind::after;
    all.limit = 100'000;
    all.max_bytes = 1U << 30;
    std::optional<history::Page> page;
    store.read(base::RoomName("ops"), all,
               [&](const wire::Result<history::Page>& answer) { page = *answer; });
    REQUIRE(executor.run_until([&] { return page.has_value(); }));
    REQUIRE(page->messages.size() >= last_acked);
    for (std::size_t i = 0; i < page->messages.size(); ++i) {
      REQUIRE(page->messages[i]->seq == base::Seq(i + 1));
      REQUIRE(page->messages[i]->body == std::to_string(i + 1));
    }
    last_acked = page->messages.size();  // what was stored and not acknowledged may be there too
    database->reset();
    executor.run_until_idle();
  }
}

}  // namespace

std::unique_ptr<StoreWorld> make_store_world(history::Retention retention) {
  return std::make_unique<SqliteWorld>(retention);
}

}  // namespace chat::tests
