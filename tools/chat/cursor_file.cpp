#include "cursor_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "chat/base/text.hpp"
#include "chat/wire/names.hpp"
#include "regular_file.hpp"

namespace chat::tools {
namespace {

/// Some thousand rooms.
constexpr std::size_t kMostBytes = 1U << 20;
/// An epoch of 32 characters, a colon, a seq of 16 digits.
constexpr std::size_t kCursorBytes = 49;
/// From WHICH to the line's end: "1 CURSOR CURSOR\n".
constexpr std::size_t kRestBytes = 2 + kCursorBytes + 1 + kCursorBytes + 1;

std::size_t place_of(char which) { return which == '1' ? 2 : 2 + kCursorBytes + 1; }

std::string padded(const std::optional<wire::Cursor>& cursor) {
  std::string text;
  if (cursor) text = cursor->epoch.value() + ":" + std::to_string(cursor->seq.value());
  text.resize(kCursorBytes, ' ');
  return text;
}

using Entry = std::pair<std::string, std::optional<wire::Cursor>>;

/// nullopt: `text` is neither a cursor nor empty.
std::optional<std::optional<wire::Cursor>> cursor_in(const std::string& text) {
  std::istringstream words(text);
  std::string word;
  std::string more;
  if (!(words >> word)) return std::optional<wire::Cursor>();
  auto cursor = wire::parse_cursor(word);
  if (!cursor || cursor->epoch.value().empty() || words >> more) return std::nullopt;
  return {std::move(*cursor)};
}

/// nullopt: this is no line of such a file, which must not be written over then.
std::optional<Entry> entry_of(const std::string& line) {
  const auto end = line.find(' ');
  std::string room = line.substr(0, end);
  if (end == std::string::npos || !wire::parse_room_name(room)) return std::nullopt;
  std::string rest = line.substr(end + 1);
  const bool is_ours = rest.size() + 1 == kRestBytes && (rest[0] == '1' || rest[0] == '2');
  if (is_ours) rest = rest.substr(place_of(rest[0]), kCursorBytes);
  auto cursor = cursor_in(rest);
  if (!cursor || (!is_ours && !*cursor)) return std::nullopt;
  return Entry(std::move(room), std::move(*cursor));
}

std::string in_quotes(const std::string& path) { return "\"" + base::escape_for_log(path) + "\""; }

std::string because(const std::string& what, const std::string& path) {
  return what + " " + in_quotes(path) + ": " + std::strerror(errno);
}

}  // namespace

tl::expected<CursorFile, std::string> CursorFile::open(const std::string& path,
                                                       const std::vector<base::RoomName>& rooms) {
  CursorFile file;
  file.descriptor_ =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
  if (file.descriptor_ < 0) return tl::unexpected(because("cannot open", path));
  if (const auto problem = problem_of_file(file.descriptor_, kMostBytes); !problem.empty()) {
    return tl::unexpected(in_quotes(path) + " " + problem + "; name another one");
  }
  if (::flock(file.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected(in_quotes(path) + " is in use by another process");
  }
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    auto entry = entry_of(line);
    if (!entry) {
      return tl::unexpected(in_quotes(path) + " is no cursor file of chat; name another one");
    }
    file.cursors_.insert_or_assign(std::move(entry->first), std::move(entry->second));
  }
  for (const auto& room : rooms) file.cursors_[room.value()];
  if (const auto why = file.lay_out(path); !why.empty()) return tl::unexpected(why);
  return file;
}

std::string CursorFile::lay_out(const std::string& path) {
  std::string text;
  for (const auto& [room, cursor] : cursors_) {
    places_[room] = text.size() + room.size() + 1;
    text += room + " 1 " + padded(cursor) + " " + padded(std::nullopt) + "\n";
  }
  const auto size = static_cast<ssize_t>(text.size());
  if (::pwrite(descriptor_, text.data(), text.size(), 0) != size ||
      ::ftruncate(descriptor_, size) != 0) {
    return because("cannot write", path);
  }
  void* const mapped =
      ::mmap(nullptr, text.size(), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (mapped == MAP_FAILED) return because("cannot map", path);
  bytes_ = static_cast<char*>(mapped);
  size_ = text.size();
  return {};
}

CursorFile::CursorFile(CursorFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      size_(other.size_),
      cursors_(std::move(other.cursors_)),
      places_(std::move(other.places_)) {}

CursorFile::~CursorFile() {
  if (bytes_ != nullptr) ::munmap(bytes_, size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<wire::Cursor> CursorFile::of(const base::RoomName& room) const {
  const auto found = cursors_.find(room.value());
  return found == cursors_.end() ? std::nullopt : found->second;
}

void CursorFile::save(const base::RoomName& room, const wire::Cursor& cursor) {
  cursors_[room.value()] = cursor;
  char* const which = bytes_ + places_.at(room.value());
  const char other = *which == '1' ? '2' : '1';
  std::memcpy(which + place_of(other), padded(cursor).data(), kCursorBytes);
  __atomic_store_n(which, other, __ATOMIC_RELEASE);
}

}  // namespace chat::tools
