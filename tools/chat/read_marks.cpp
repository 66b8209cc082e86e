#include "read_marks.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "chat/wire/names.hpp"
#include "regular_file.hpp"

namespace chat::tools {
namespace {

constexpr std::size_t kMostMarks = 2000;
constexpr std::size_t kMostBytes = 2U << 20;  // they are about half of it

struct Mark {
  std::string place;  ///< "SERVER ROOM"
  std::string cursor;
};

std::string state_directory() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/chat";
  const char* home = std::getenv("HOME");
  return home == nullptr || *home != '/' ? std::string() : std::string(home) + "/.local/state/chat";
}

std::vector<Mark> read(const std::string& file) {
  std::vector<Mark> marks;
  if (!problem_of_file(file, kMostBytes).empty()) return marks;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line) && marks.size() < kMostMarks;) {
    std::istringstream words(line);
    std::string server;
    std::string room;
    std::string cursor;
    if (words >> server >> room >> cursor) marks.push_back({server + " " + room, cursor});
  }
  return marks;
}

/// Makes a file that is the user's alone: rooms and servers are nobody else's matter.
bool write_private(const std::string& file, const std::string& text) {
  std::remove(file.c_str());  // of a process that had this number before
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) return false;
  const bool is_whole =
      ::write(made, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  return ::close(made) == 0 && is_whole;
}

}  // namespace

ReadMarks::ReadMarks(std::string server)
    : server_(std::move(server)), directory_(state_directory()) {}

std::optional<wire::Cursor> ReadMarks::of(const base::RoomName& room) const {
  if (directory_.empty()) return std::nullopt;
  for (const auto& mark : read(directory_ + "/read-marks")) {
    if (mark.place != server_ + " " + room.value()) continue;
    auto cursor = wire::parse_cursor(mark.cursor);
    if (cursor && !cursor->epoch.value().empty()) return *cursor;
  }
  return std::nullopt;
}

void ReadMarks::keep(const base::RoomName& room, const wire::Cursor& cursor) const {
  if (directory_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);
  const auto file = directory_ + "/read-marks";
  const auto place = server_ + " " + room.value();
  auto marks = read(file);
  // The newest first: the file is bounded.
  std::string text =
      place + " " + cursor.epoch.value() + ":" + std::to_string(cursor.seq.value()) + "\n";
  for (const auto& mark : marks) {
    if (mark.place != place) text += mark.place + " " + mark.cursor + "\n";
  }
  const auto partial = file + "." + std::to_string(::getpid());
  const bool is_kept =
      write_private(partial, text) && std::rename(partial.c_str(), file.c_str()) == 0;
  if (!is_kept) std::remove(partial.c_str());
}

}  // namespace chat::tools
