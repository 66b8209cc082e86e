#pragma once

#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/base/ids.hpp"
#include "chat/wire/message.hpp"

namespace chat::tools {

/// How far rooms have been read, in a text file: a line "ROOM EPOCH:SEQ" each, with spaces behind
/// so that a line can be written over in place, in one call. Nothing is left half written by a
/// kill -9. One process at a time may have it open.
class CursorFile {
 public:
  /// Reads what is there and makes room for `rooms`; other rooms' lines stay. The error is for
  /// people.
  static tl::expected<CursorFile, std::string> open(const std::string& path,
                                                    const std::vector<base::RoomName>& rooms);
  CursorFile(CursorFile&& other) noexcept;
  CursorFile& operator=(CursorFile&&) = delete;
  ~CursorFile();

  std::optional<wire::Cursor> of(const base::RoomName& room) const;
  /// False when the disk does not take it.
  bool save(const base::RoomName& room, const wire::Cursor& cursor);

 private:
  CursorFile() = default;

  int descriptor_ = -1;
  std::map<std::string, std::optional<wire::Cursor>> cursors_;
  std::map<std::string, off_t> places_;
};

}  // namespace chat::tools
