#pragma once

#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/base/ids.hpp"
#include "chat/wire/message.hpp"

namespace chat::tools {

/// How far rooms have been read, in a text file: a line "ROOM WHICH FIRST SECOND" each, where WHICH
/// is 1 or 2 and says which of the two cursors counts. A new one goes into the other's place, then
/// one byte of the mapped file turns to it: a kill -9 leaves the one or the other, never half of
/// one, and there are but nanoseconds between a message that was dealt with and its cursor. By
/// hand, "ROOM EPOCH:SEQ" does. One process at a time may have it open.
class CursorFile {
 public:
  /// Reads what is there and makes room for `rooms`; other rooms' lines stay. Only a regular file
  /// of at most 1 MiB is one. The error is for people.
  static tl::expected<CursorFile, std::string> open(const std::string& path,
                                                    const std::vector<base::RoomName>& rooms);
  CursorFile(CursorFile&& other) noexcept;
  CursorFile& operator=(CursorFile&&) = delete;
  ~CursorFile();

  std::optional<wire::Cursor> of(const base::RoomName& room) const;
  /// `room`: one of those that it was opened with.
  void save(const base::RoomName& room, const wire::Cursor& cursor);

 private:
  CursorFile() = default;
  /// Writes the file anew and maps it. Empty, or what failed.
  std::string lay_out(const std::string& path);

  int descriptor_ = -1;
  char* bytes_ = nullptr;  // the file, mapped
  std::size_t size_ = 0;
  std::map<std::string, std::optional<wire::Cursor>> cursors_;
  std::map<std::string, std::size_t> places_;  // of WHICH
};

}  // namespace chat::tools
