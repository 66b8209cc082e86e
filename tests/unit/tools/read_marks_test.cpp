#include "read_marks.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/temp_dir.hpp"

using namespace chat;
using tests::TempDir;
using tools::ReadMarks;

namespace {

const base::RoomName kLobby("lobby");
const wire::Cursor kCursor{base::Epoch("e"), base::Seq(5)};

/// A folder that is $XDG_STATE_HOME.
struct State {
  State() { ::setenv("XDG_STATE_HOME", folder.path().c_str(), 1); }
  ~State() { ::unsetenv("XDG_STATE_HOME"); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  TempDir folder;
  std::string file = folder.file("chat/read-marks");
};

}  // namespace

TEST_CASE("read marks: what was kept of one server's room is there, of no other", "[tools]") {
  const State state;
  ReadMarks("ws://a").keep(kLobby, kCursor);
  const auto found = ReadMarks("ws://a").of(kLobby);
  REQUIRE(found);
  CHECK(found->epoch == kCursor.epoch);
  CHECK(found->seq == kCursor.seq);
  CHECK_FALSE(ReadMarks("ws://b").of(kLobby));
}

TEST_CASE("read marks: the file is the user's alone, whatever umask says and it was before",
          "[tools]") {
  const State state;
  const auto before = ::umask(0);
  ReadMarks("ws://a").keep(kLobby, kCursor);
  ::chmod(state.file.c_str(), 0644);
  ReadMarks("ws://a").keep(kLobby, kCursor);
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat(state.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("read marks: a device or a FIFO in their place is as none", "[tools]") {
  const State state;
  std::filesystem::create_directory(state.folder.file("chat"));
  SECTION("a device without an end") { std::filesystem::create_symlink("/dev/zero", state.file); }
  SECTION("a FIFO that nobody writes") { REQUIRE(::mkfifo(state.file.c_str(), 0600) == 0); }
  CHECK_FALSE(ReadMarks("ws://a").of(kLobby));
  ReadMarks("ws://a").keep(kLobby, kCursor);
  CHECK(ReadMarks("ws://a").of(kLobby));
}
