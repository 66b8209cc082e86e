#include "chat/bench/report/amount.hpp"

#include <catch2/catch.hpp>
#include <limits>

namespace chat::tests {
namespace {

using bench::amount;

TEST_CASE("amount: three significant digits and commas", "[bench][report]") {
  CHECK(amount(0) == "0");
  CHECK(amount(-0.0) == "0");
  CHECK(amount(1) == "1");
  CHECK(amount(1.2) == "1.2");
  CHECK(amount(1.234) == "1.23");
  CHECK(amount(12.345) == "12.3");
  CHECK(amount(123.45) == "123");
  CHECK(amount(999.5) == "1,000");
  CHECK(amount(9.999) == "10");
  CHECK(amount(12'345) == "12,300");
  CHECK(amount(1'234'567) == "1,230,000");
  CHECK(amount(-1'234.5) == "-1,230");
  CHECK(amount(0.0012345) == "0.00123");
  CHECK(amount(0.00001234) == "1.23e-5");
  CHECK(amount(1e18) == "1e18");
}

TEST_CASE("amount: what is no number is no number", "[bench][report]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(amount(kInfinity) == "∞");
  CHECK(amount(-kInfinity, "ms") == "-∞ ms");
  CHECK(amount(std::numeric_limits<double>::quiet_NaN()) == "?");
}

TEST_CASE("amount: the unit stands as it is read", "[bench][report]") {
  CHECK(amount(12.34, "ms") == "12.3 ms");
  CHECK(amount(12'345, "/s") == "12,300/s");
  CHECK(amount(12.34, "%") == "12.3%");
  CHECK(amount(12'345, "") == "12,345");
  CHECK(amount(12'345.5, "") == "12,300");
  CHECK(amount(0, "") == "0");
}

TEST_CASE("amount: a percentage near 100 is not made 100", "[bench][report]") {
  CHECK(amount(100, "%") == "100%");
  CHECK(amount(99.95, "%") == "99.95%");
  CHECK(amount(99.98765, "%") == "99.988%");
  CHECK(amount(99.99996, "%") == "99.99996%");
  CHECK(amount(98.76, "%") == "98.8%");
}

TEST_CASE("amount: what a person wrote keeps its digits", "[bench][report]") {
  CHECK(bench::exact_amount(99.95, "%") == "99.95%");
  CHECK(bench::exact_amount(1234.5, "ms") == "1,234.5 ms");
}

TEST_CASE("amount: a range whose ends look alike is one number", "[bench][report]") {
  CHECK(bench::range_text(1.2341, 1.2342, "ms") == "1.23");
  CHECK(bench::range_text(1.2, 1.3, "ms") == "1.2–1.3");
  CHECK(bench::range_text(12'345, 12'346, "") == "12,345–12,346");
}

TEST_CASE("amount: a count keeps all digits", "[bench][report]") {
  CHECK(bench::count_text(0) == "0");
  CHECK(bench::count_text(1000) == "1,000");
  CHECK(bench::count_text(std::numeric_limits<std::uint64_t>::max()) ==
        "18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace chat::tests
