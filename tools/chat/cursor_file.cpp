#include "cursor_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "chat/wire/names.hpp"

namespace chat::tools {
namespace {

/// An epoch of 32 characters, a colon, a seq of 16 digits.
constexpr std::size_t kCursorBytes = 49;

std::string line_of(const std::string& room, const std::optional<wire::Cursor>& cursor) {
  std::string text;
  if (cursor) text = cursor->epoch.value() + ":" + std::to_string(cursor->seq.value());
  text.resize(kCursorBytes, ' ');
  return room + " " + text + "\n";
}

/// nullopt: this is no line of such a file, which must not be written over then.
std::optional<std::pair<std::string, std::optional<wire::Cursor>>> entry_of(
    const std::string& line) {
  std::istringstream words(line);
  std::string room;
  std::string text;
  std::string more;
  words >> room;
  if (!wire::parse_room_name(room)) return std::nullopt;
  if (!(words >> text)) {
    const bool is_ours = line.size() == room.size() + 1 + kCursorBytes;
    if (!is_ours) return std::nullopt;
    return {{std::move(room), std::nullopt}};
  }
  auto cursor = wire::parse_cursor(text);
  if (!cursor || cursor->epoch.value().empty() || words >> more) return std::nullopt;
  return {{std::move(room), std::move(*cursor)}};
}

std::string because(const std::string& what, const std::string& path) {
  return what + " \"" + path + "\": " + std::strerror(errno);
}

}  // namespace

tl::expected<CursorFile, std::string> CursorFile::open(const std::string& path,
                                                       const std::vector<base::RoomName>& rooms) {
  CursorFile file;
  file.descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file.descriptor_ < 0) return tl::unexpected(because("cannot open", path));
  if (::flock(file.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected("\"" + path + "\" is in use by another process");
  }
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    auto entry = entry_of(line);
    if (!entry) {
      return tl::unexpected("\"" + path + "\" is no cursor file of chat; name another one");
    }
    file.cursors_.insert_or_assign(std::move(entry->first), std::move(entry->second));
  }
  for (const auto& room : rooms) file.cursors_[room.value()];
  std::string text;
  for (const auto& [room, cursor] : file.cursors_) {
    file.places_[room] = static_cast<off_t>(text.size());
    text += line_of(room, cursor);
  }
  const auto size = static_cast<ssize_t>(text.size());
  if (::pwrite(file.descriptor_, text.data(), text.size(), 0) != size ||
      ::ftruncate(file.descriptor_, size) != 0) {
    return tl::unexpected(because("cannot write", path));
  }
  return file;
}

CursorFile::CursorFile(CursorFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      cursors_(std::move(other.cursors_)),
      places_(std::move(other.places_)) {}

CursorFile::~CursorFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<wire::Cursor> CursorFile::of(const base::RoomName& room) const {
  const auto found = cursors_.find(room.value());
  return found == cursors_.end() ? std::nullopt : found->second;
}

bool CursorFile::save(const base::RoomName& room, const wire::Cursor& cursor) {
  cursors_[room.value()] = cursor;
  const std::string line = line_of(room.value(), cursor);
  return ::pwrite(descriptor_, line.data(), line.size(), places_.at(room.value())) ==
         static_cast<ssize_t>(line.size());
}

}  // namespace chat::tools
