#pragma once

#include <optional>
#include <string>

#include "chat/base/ids.hpp"
#include "chat/wire/message.hpp"

namespace chat::tools {

/// How far rooms were read in `chat join`, over restarts: $XDG_STATE_HOME/chat/read-marks, a line
/// "SERVER ROOM EPOCH:SEQ" each. A file that cannot be read or written is as none.
class ReadMarks {
 public:
  /// `server`: its URL.
  explicit ReadMarks(std::string server);

  std::optional<wire::Cursor> of(const base::RoomName& room) const;
  /// Writes the file anew, in one step, readable by the user alone.
  void keep(const base::RoomName& room, const wire::Cursor& cursor) const;

 private:
  std::string server_;
  std::string directory_;  // empty: nothing is kept
};

}  // namespace chat::tools
