#include "chat/tui/palette.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

using namespace chat::tui;

namespace {

std::set<int> names_at(Depth depth) {
  std::set<int> numbers;
  for (std::uint8_t color = 1; color <= kColors; ++color) numbers.insert(number_of(color, depth));
  return numbers;
}

double linear(int part) {
  const double value = part / 255.0;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

/// WCAG's relative luminance, 0 to 1.
double luminance(int rgb) {
  return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8 & 0xFF) +
         0.0722 * linear(rgb & 0xFF);
}

}  // namespace

TEST_CASE("palette: a terminal's depth", "[tui][palette]") {
  CHECK(depth_of(-1, false) == Depth::none);
  CHECK(depth_of(2, false) == Depth::none);
  CHECK(depth_of(8, false) == Depth::eight);
  CHECK(depth_of(16, false) == Depth::sixteen);
  CHECK(depth_of(88, false) == Depth::sixteen);
  CHECK(depth_of(256, false) == Depth::many);
  CHECK(depth_of(1 << 24, true) == Depth::direct);
  CHECK(depth_of(0, true) == Depth::none);
}

TEST_CASE("palette: names differ as much as the terminal allows", "[tui][palette]") {
  CHECK(names_at(Depth::eight).size() == 6);
  CHECK(names_at(Depth::sixteen).size() == 12);
  CHECK(names_at(Depth::many).size() == kColors);
  CHECK(names_at(Depth::direct).size() == kColors);
  for (const int number : names_at(Depth::eight)) CHECK((number >= 1 && number <= 6));
  for (const int number : names_at(Depth::sixteen)) CHECK((number >= 1 && number <= 14));
}

TEST_CASE("palette: mixtures are read on black and on white", "[tui][palette]") {
  for (std::uint8_t color = 1; color <= kAlertColor; ++color) {
    CAPTURE(int{color});
    const double light = luminance(number_of(color, Depth::direct));
    CHECK((light + 0.05) / 0.05 > 4.2);
    CHECK(1.05 / (light + 0.05) > 4.2);
  }
}

TEST_CASE("palette: of 256 colours those that are read on black and on white", "[tui][palette]") {
  constexpr std::array<int, 6> kSteps{0, 95, 135, 175, 215, 255};
  const auto step = [&kSteps](int index) { return kSteps.at(static_cast<std::size_t>(index % 6)); };
  for (std::uint8_t color = 1; color <= kAlertColor; ++color) {
    const int number = number_of(color, Depth::many);
    CAPTURE(int{color}, number);
    REQUIRE((number >= 16 && number < 232));
    const int of_cube = number - 16;
    const double light =
        luminance(step(of_cube / 36) << 16 | step(of_cube / 6) << 8 | step(of_cube));
    CHECK((light + 0.05) / 0.05 > 3.3);
    CHECK(1.05 / (light + 0.05) > 3.3);
  }
}

TEST_CASE("palette: where there are few colours, each is used equally often", "[tui][palette]") {
  for (const Depth depth : {Depth::eight, Depth::sixteen}) {
    std::map<int, std::size_t> used;
    for (std::uint8_t color = 1; color <= kColors; ++color) ++used[number_of(color, depth)];
    for (const auto& [number, count] : used) {
      CAPTURE(number);
      CHECK(count * used.size() == kColors);
    }
  }
}

TEST_CASE("palette: a mixture has the bits that the terminal has", "[tui][palette]") {
  CHECK(number_of(1, Depth::direct) == 0x237EA2);
  CHECK(number_of(1, Depth::direct, {5, 6, 5}) == (0x23 >> 3 << 11 | 0x7E >> 2 << 5 | 0xA2 >> 3));
  CHECK(number_of(1, Depth::direct, {10, 10, 10}) == (0x23 << 22 | 0x7E << 12 | 0xA2 << 2));
}

TEST_CASE("palette: what has no colour keeps the terminal's own", "[tui][palette]") {
  CHECK(number_of(0, Depth::many) == -1);
  CHECK(number_of(kAlertColor + 1, Depth::many) == -1);
  CHECK(number_of(kAlertColor, Depth::none) == -1);
  CHECK(number_of(kAlertColor, Depth::eight) == 1);
}
