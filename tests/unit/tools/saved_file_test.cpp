#include "saved_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temp_dir.hpp"

using namespace chat;
using tests::TempDir;
using tools::SavedFile;
namespace fs = std::filesystem;

namespace {

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

std::string problem_of(const std::string& path) {
  const auto file = SavedFile::at(path);
  return file ? "" : file.error();
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("saved file: a new one is there when it is written, and not before", "[tools]") {
  const TempDir folder;
  const auto path = folder.file("run.json");
  const auto file = SavedFile::at(path);
  REQUIRE(file);
  CHECK_FALSE(fs::exists(path));
  REQUIRE(file->write("{}\n"));
  CHECK(read(path) == "{}\n");
  CHECK((mode_of(path) & 0600U) == 0600U);
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("saved file: one that is there is replaced, and keeps its mode and its links",
          "[tools]") {
  const TempDir folder;
  const auto path = folder.file("run.json");
  const auto link = folder.file("last.json");
  put(path, "before, and longer");
  put(path + ".new", "a file of somebody else");
  fs::create_symlink("run.json", link);
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const auto file = SavedFile::at(link);
  REQUIRE(file);
  CHECK(read(path) == "before, and longer");
  REQUIRE(file->write("after"));
  CHECK(fs::is_symlink(link));
  CHECK(read(path) == "after");
  CHECK(mode_of(path) == 0640);
  CHECK(read(path + ".new") == "a file of somebody else");
  CHECK(files_in(folder.path()) == 3);
}

TEST_CASE("saved file: what is no regular file is written as it is", "[tools]") {
  const TempDir folder;
  const auto path = folder.file("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  const auto file = SavedFile::at(path);
  REQUIRE(file);
  CHECK(file->write("through it"));
  std::array<char, 100> bytes{};
  const auto count = ::read(reader, bytes.data(), bytes.size());
  ::close(reader);
  CHECK(std::string(bytes.data(), static_cast<std::size_t>(count)) == "through it");
  CHECK(fs::is_fifo(path));
}

TEST_CASE("saved file: what can never be written is told before", "[tools]") {
  const TempDir folder;
  const auto link = folder.file("link");
  fs::create_symlink("nothing", link);
  const auto file = folder.file("file");
  put(file, "");
  CHECK(problem_of("") == "is no name of a file");
  CHECK(problem_of(folder.path()) == "is a folder");
  CHECK(problem_of(link) == "is a link to what is not there");
  CHECK(problem_of(folder.file("no/such")) == "cannot be made: No such file or directory");
  CHECK(problem_of(file + "/x") == "cannot be written: Not a directory");
}

TEST_CASE("saved file: what cannot be written any more leaves nothing behind", "[tools]") {
  const TempDir folder;
  const auto path = folder.file("run.json");
  const auto file = SavedFile::at(path);
  REQUIRE(file);
  fs::create_directory(path);
  const auto written = file->write("{}");
  REQUIRE_FALSE(written);
  CHECK(written.error() == "cannot be written: Is a directory");
  CHECK(files_in(folder.path()) == 1);
}
