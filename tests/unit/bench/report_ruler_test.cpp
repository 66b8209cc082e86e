#include "chat/bench/report/ruler.hpp"

#include <catch2/catch.hpp>
#include <limits>

namespace chat::tests {
namespace {

using bench::Ruler;

std::string labels(const Ruler& ruler) {
  std::string text;
  for (const auto& tick : ruler.ticks()) text += (text.empty() ? "" : " ") + tick.label;
  return text;
}

TEST_CASE("ruler: a linear one goes from 0 to a round number", "[bench][report]") {
  CHECK(labels(Ruler::linear(50'575)) == "0 20,000 40,000 60,000");
  CHECK(labels(Ruler::linear(100)) == "0 20 40 60 80 100");
  CHECK(labels(Ruler::linear(0.3)) == "0 0.1 0.2 0.3");
  CHECK(labels(Ruler::linear(0)) == "0 0.2 0.4 0.6 0.8 1");
  CHECK(labels(Ruler::linear(2, 1)) == "0 1 2");
  CHECK(labels(Ruler::linear(0, 1)) == "0 1");
  CHECK(Ruler::linear(100).place(25) == Approx(0.25));
}

TEST_CASE("ruler: a logarithmic one marks 1, 2, 5 where there is room, else powers of ten",
          "[bench][report]") {
  CHECK(labels(Ruler::logarithmic(1.1, 9)) == "1 2 5 10");
  CHECK(labels(Ruler::logarithmic(0.25, 0.25)) == "0.2 0.5");
  CHECK(labels(Ruler::logarithmic(5, 5)) == "5 10");
  CHECK(labels(Ruler::logarithmic(0.9, 450)) == "1 10 100");
  CHECK(Ruler::logarithmic(1, 100).place(10) == Approx(0.5));
}

TEST_CASE("ruler: what is beyond a ruler stands at its end", "[bench][report]") {
  CHECK(Ruler::linear(100).place(1000) == 1);
  CHECK(Ruler::linear(100).place(-1) == 0);
  CHECK(Ruler::logarithmic(1, 100).place(0) == 0);
  CHECK(Ruler::linear(100).place(std::numeric_limits<double>::quiet_NaN()) == 0);
}

TEST_CASE("ruler: percentiles stand by their nines, as far apart as they are rare",
          "[bench][report]") {
  const Ruler ruler = Ruler::nines(0.999);
  CHECK(labels(ruler) == "50 90 99 99.9");
  CHECK(ruler.place(0.9) == Approx(1.0 / 3));
  CHECK(ruler.place(0.99) == Approx(2.0 / 3));
  CHECK(ruler.place(0.999) == Approx(1));
  CHECK(labels(Ruler::nines(0)) == "50 90");
  CHECK(labels(Ruler::nines(0.999'999'99)) == "50 90 99.9 99.999 99.99999");
  CHECK(Ruler::nines(1).place(0.9) == Approx(1.0 / 12));
}

TEST_CASE("ruler: no ruler has more marks than fit", "[bench][report]") {
  const double least = GENERATE(0.0, 1e-12, 0.37, 1.0, 4.9, 5.0, 123.0, 1e17, 1e18);
  const double times = GENERATE(1.0, 1.5, 7.0, 99.0, 1e4, 1e9, 1e15);
  CAPTURE(least, times);
  const auto fits = [](const Ruler& ruler) {
    const auto& ticks = ruler.ticks();
    REQUIRE(ticks.size() >= 1);
    CHECK(ticks.size() <= 9);
    for (const auto& tick : ticks) CHECK((tick.at >= 0 && tick.at <= 1));
    for (std::size_t i = 1; i < ticks.size(); ++i) CHECK(ticks[i].at > ticks[i - 1].at);
  };
  fits(Ruler::logarithmic(least, least * times));
  fits(Ruler::linear(least * times));
  fits(Ruler::linear(least * times, 1));
}

}  // namespace
}  // namespace chat::tests
