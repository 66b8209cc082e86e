#include "cursor_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

using namespace chat;
using tests::TempDir;
using tools::CursorFile;

namespace {

const base::RoomName kLobby("lobby");
const base::RoomName kOps("ops");

wire::Cursor cursor(const std::string& epoch, std::uint64_t seq) {
  return {base::Epoch(epoch), base::Seq(seq)};
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}
std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("cursor file: what was saved is there at the next start, other rooms stay", "[tools]") {
  const TempDir folder;
  const auto path = folder.file("cursors");
  {
    auto file = CursorFile::open(path, {kOps, kLobby});
    REQUIRE(file);
    CHECK_FALSE(file->of(kOps));
    file->save(kOps, cursor("e", 7));
    file->save(kOps, cursor("e", 9007199254740991));
    CHECK(file->of(kOps) == cursor("e", 9007199254740991));
  }
  {
    const auto file = CursorFile::open(path, {kLobby});
    REQUIRE(file);
    CHECK_FALSE(file->of(kLobby));
  }
  auto file = CursorFile::open(path, {base::RoomName("部屋"), kOps});
  REQUIRE(file);
  CHECK(file->of(kOps) == cursor("e", 9007199254740991));
  const std::string longest(32, 'E');
  file->save(base::RoomName("部屋"), cursor(longest, 9007199254740991));
  file->save(kOps, cursor("f", 1));
  auto moved = std::move(*file);
  CHECK(moved.of(kOps) == cursor("f", 1));
  CHECK(moved.of(base::RoomName("部屋")) == cursor(longest, 9007199254740991));
}

TEST_CASE("cursor file: its text can be read and written by people", "[tools]") {
  const TempDir folder;
  const auto path = folder.file("cursors");
  write(path, "ops e:5\nlobby   f:6   \n");
  const auto file = CursorFile::open(path, {kOps});
  REQUIRE(file);
  CHECK(file->of(kOps) == cursor("e", 5));
  CHECK(file->of(kLobby) == cursor("f", 6));
  CHECK_THAT(read(path), Catch::Contains("ops 1 e:5 ") && Catch::Contains("lobby 1 f:6 "));
}

TEST_CASE("cursor file: at each byte of a save the old cursor is there, or the new one",
          "[tools]") {
  const TempDir folder;
  const auto path = folder.file("cursors");
  std::string before;
  std::string after;
  const bool is_second = GENERATE(false, true);
  {
    auto file = CursorFile::open(path, {kOps});
    REQUIRE(file);
    file->save(kOps, cursor("e", 999));
    if (is_second) file->save(kOps, cursor("e", 999));
    before = read(path);
    file->save(kOps, cursor("e", 1000));
    after = read(path);
  }
  REQUIRE(before.size() == after.size());
  // The cursor's bytes first, in any order among them; the byte that turns to them last.
  std::string half = before;
  for (std::size_t i = half.size(); i-- > 0;) {
    half[i] = after[i];
    const auto copy = folder.file("half");
    write(copy, half);
    const auto file = CursorFile::open(copy, {kOps});
    REQUIRE(file);
    CHECK(file->of(kOps) == cursor("e", half == after ? 1000 : 999));
  }
}

TEST_CASE("cursor file: what another process sees is what was saved", "[tools]") {
  const TempDir folder;
  const auto path = folder.file("cursors");
  auto file = CursorFile::open(path, {kOps});
  REQUIRE(file);
  for (std::uint64_t seq = 1; seq < 5; ++seq) {
    file->save(kOps, cursor("e", seq));
    CHECK_THAT(read(path), Catch::Contains("e:" + std::to_string(seq) + " "));
  }
}

TEST_CASE("cursor file: a file that is none is left as it is", "[tools]") {
  const std::string text = GENERATE("hello\n", "a list\nof words\n", "ops e:5 more\n", "ops :5\n",
                                    "ops 5\n", "\n", "ops\n", "api e:5\n", "{\"json\":true}\n");
  CAPTURE(text);
  const TempDir folder;
  const auto path = folder.file("precious");
  write(path, text);
  const auto file = CursorFile::open(path, {kOps});
  REQUIRE_FALSE(file);
  CHECK_THAT(file.error(), Catch::Contains("no cursor file"));
  CHECK(read(path) == text);
}

TEST_CASE("cursor file: one process at a time", "[tools]") {
  const TempDir folder;
  const auto first = CursorFile::open(folder.file("cursors"), {kOps});
  REQUIRE(first);
  const auto second = CursorFile::open(folder.file("cursors"), {kOps});
  REQUIRE_FALSE(second);
  CHECK_THAT(second.error(), Catch::Contains("in use"));
}

TEST_CASE("cursor file: what may not end is not read", "[tools]") {
  const TempDir folder;
  const auto fifo = folder.file("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const auto& path : {std::string("/dev/full"), std::string("/dev/zero"), fifo}) {
    CAPTURE(path);
    const auto file = CursorFile::open(path, {kOps});
    REQUIRE_FALSE(file);
    CHECK_THAT(file.error(), Catch::Contains("is no regular file"));
  }
  const auto large = folder.file("large");
  write(large, std::string((1U << 20U) + 1, ' '));
  const auto file = CursorFile::open(large, {kOps});
  REQUIRE_FALSE(file);
  CHECK_THAT(file.error(), Catch::Contains("is larger than 1 MiB"));
}

TEST_CASE("cursor file: what cannot be opened is told", "[tools]") {
  const TempDir folder;
  for (const auto& path : {folder.file("none/cursors"), folder.path()}) {
    CAPTURE(path);
    const auto file = CursorFile::open(path, {kOps});
    REQUIRE_FALSE(file);
    CHECK_THAT(file.error(), Catch::Contains("cannot open"));
  }
}
