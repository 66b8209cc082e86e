#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fstream>

namespace chat::tests {
namespace {

TEST_CASE("temp dir: is there with what is put in, and gone with it", "[support]") {
  std::string path;
  {
    const TempDir directory;
    const TempDir other;
    path = directory.path();
    CHECK(path != other.path());
    std::ofstream(directory.file("x")) << "1";
    CHECK(std::filesystem::exists(path + "/x"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace chat::tests
