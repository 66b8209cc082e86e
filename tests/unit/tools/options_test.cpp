#include "options.hpp"

#include <catch2/catch.hpp>

namespace chat::tests {
namespace {

using tools::parse_percent;
using tools::parse_rate;

TEST_CASE("options: a rate is a number of times a second, or a minute", "[tools][options]") {
  CHECK(parse_rate("100") == 100);
  CHECK(parse_rate("100/s") == 100);
  CHECK(parse_rate("0.5/s") == 0.5);
  CHECK(parse_rate("600/m") == 10);
  for (const char* word : {"", "0", "0/s", "-1", "+1", ".5", "1/h", "1 /s", "1e3", "1..5", "nan",
                           "/s", "100s", "9999999999999999"}) {
    INFO(word);
    CHECK_FALSE(parse_rate(word));
  }
}

TEST_CASE("options: a percentage is a share of 1", "[tools][options]") {
  CHECK(parse_percent("5%") == Approx(0.05));
  CHECK(parse_percent("0.1%") == Approx(0.001));
  CHECK(parse_percent("100") == 1);
  CHECK(parse_percent("0") == 0);
  for (const char* word : {"", "%", "101%", "-1%", "5 %", "5%%", "half"}) {
    INFO(word);
    CHECK_FALSE(parse_percent(word));
  }
}

}  // namespace
}  // namespace chat::tests
