#pragma once

#include <functional>
#include <optional>
#include <variant>

#include "chat/base/executor.hpp"
#include "chat/history/sqlite_log.hpp"
#include "chat/history/store.hpp"

namespace chat::history {

// What a SqliteStore asks of the database's thread. Each `done` is called once, on the origin's
// loop.

struct OpenJob {
  base::RoomName room;
  std::size_t tail = 0;        ///< newest messages to bring along
  std::optional<Birth> birth;  ///< as SqliteLog::open_room has it; none: the database's matter
  std::function<void(wire::Result<SqliteLog::OpenedLog>)> done;
};
struct ReleaseJob {
  base::RoomName room;
};
struct AppendJob {
  Append append;  ///< given back to `done`
  std::function<void(wire::Result<void>, Append)> done;
  bool refused = false;  ///< the queue was full: answered `busy` when its turn comes
};
struct ReadJob {
  base::RoomName room;
  Range range;
  Store::ReadDone done;
};
struct ListJob {
  Store::ListDone done;
};
struct ExpireJob {
  base::WallMs now = 0;
};

struct ForgetJob {
  Store::Which which;
};
struct MarkJob {
  SqliteLog::Marks marks;
};

struct SqliteJob {
  base::Executor* origin = nullptr;
  std::variant<OpenJob, ReleaseJob, AppendJob, ReadJob, ListJob, ExpireJob, ForgetJob, MarkJob>
      work;
};

}  // namespace chat::history
