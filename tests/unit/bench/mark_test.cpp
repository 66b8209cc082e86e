#include "chat/bench/mark.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace chat::tests {
namespace {

using bench::Mark;
using Texts = std::vector<std::string>;

constexpr std::string_view kLetters = "abcdefghijklmnop";

std::string text_of(const Mark& mark) {
  std::string text(bench::kMarkBytes, '?');
  bench::write_mark(text.data(), mark);
  return text;
}

Texts marks_in(std::string_view text) {
  Texts marks;
  const bool found =
      bench::for_each_mark(text, [&marks](const Mark& mark) { marks.push_back(text_of(mark)); });
  CHECK(found == !marks.empty());
  return marks;
}

/// The same, letter by letter.
Texts plainly_in(std::string_view text) {
  Texts marks;
  std::string run;
  for (const char c : text) {
    run = kLetters.find(c) == std::string_view::npos ? "" : run + c;
    if (run.size() < bench::kMarkBytes) continue;
    marks.push_back(run);
    run.clear();
  }
  return marks;
}

std::string letters(std::size_t count, std::mt19937_64& random) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += kLetters[random() % kLetters.size()];
  return text;
}

/// Mostly what is near to letters of a mark, any byte now and then.
std::string others(std::size_t count, std::mt19937_64& random) {
  constexpr std::string_view kOthers = "qx`\"{:,7AZ\xC3";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const auto dice = random();
    text += dice % 8 == 0 ? static_cast<char>(dice >> 8U) : kOthers[dice / 8 % kOthers.size()];
  }
  return text;
}

TEST_CASE("mark: what was written is read", "[bench][mark]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int i = 0; i < 1000; ++i) {
    const Mark written{static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                       random()};
    const std::string text = text_of(written);
    CHECK(text.find_first_not_of(kLetters) == std::string::npos);
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

TEST_CASE("mark: found wherever it is, whatever is around it", "[bench][mark]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (std::size_t before = 0; before < 100; ++before) {
    for (std::size_t behind = 0; behind < 70; ++behind) {
      const std::string mark = letters(bench::kMarkBytes, random);
      const std::string text = std::string(before, '"') + mark + std::string(behind, 'x');
      Mark found;
      REQUIRE(bench::find_mark(text, found) == before + bench::kMarkBytes);
      REQUIRE(text_of(found) == mark);
    }
  }
}

TEST_CASE("mark: found wherever it is, wherever that of the frame before was", "[bench][mark]") {
  std::mt19937_64 random(Catch::rngSeed());
  bench::MarkFinder finder;
  for (int round = 0; round < 20000; ++round) {
    const std::string mark = letters(bench::kMarkBytes, random);
    const bool has_one = random() % 4 != 0;
    const std::string text = std::string(random() % 40, '"') +
                             (has_one ? mark : letters(random() % bench::kMarkBytes, random)) +
                             std::string(random() % 3, 'x');
    CAPTURE(text);
    Mark found;
    REQUIRE(finder.find(text, found) == has_one);
    if (has_one) REQUIRE(text_of(found) == mark);
  }
}

TEST_CASE("mark: a text that ends within one has none", "[bench][mark]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (std::size_t before = 0; before < 50; ++before) {
    for (std::size_t size = 0; size < bench::kMarkBytes; ++size) {
      Mark found;
      REQUIRE(bench::find_mark(std::string(before, '"') + letters(size, random), found) ==
              std::string_view::npos);
    }
  }
}

TEST_CASE("mark: any number in a text, next to each other too, are found as letter by letter",
          "[bench][mark]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto pieces = random() % 6; pieces > 0; --pieces) {
      switch (random() % 4) {
        case 0: text += letters(bench::kMarkBytes, random); break;
        case 1: text += letters(random() % bench::kMarkBytes, random); break;
        case 2: text += letters(random() % 130, random); break;
        default: text += others(random() % 60, random);
      }
      if (random() % 2 == 0) text += others(1, random);
    }
    CAPTURE(text);
    REQUIRE(marks_in(text) == plainly_in(text));
  }
}

}  // namespace
}  // namespace chat::tests
