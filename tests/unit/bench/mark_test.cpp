#include "chat/bench/mark.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace chat::tests {
namespace {

using bench::Mark;

TEST_CASE("mark: what was written is read", "[bench][mark]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int i = 0; i < 1000; ++i) {
    const Mark written{static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                       random()};
    std::string text(bench::kMarkBytes, '?');
    bench::write_mark(text.data(), written);
    CHECK(text.find_first_not_of("abcdefghijklmnop") == std::string::npos);
    Mark read;
    REQUIRE(bench::read_mark(text.data(), read));
    CHECK(read.sender == written.sender);
    CHECK(read.counter == written.counter);
    CHECK(read.planned == written.planned);
  }
}

TEST_CASE("mark: any other letter makes it none", "[bench][mark]") {
  std::string text(bench::kMarkBytes, 'a');
  Mark read;
  REQUIRE(bench::read_mark(text.data(), read));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char other : {'q', 'A', ' ', '\0', '`', '\xE9'}) {
      std::string changed = text;
      changed[i] = other;
      CHECK_FALSE(bench::read_mark(changed.data(), read));
    }
  }
}

}  // namespace
}  // namespace chat::tests
