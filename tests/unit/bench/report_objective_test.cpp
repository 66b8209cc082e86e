#include "chat/bench/report/objective.hpp"

#include <catch2/catch.hpp>

#include "support/bench_reports.hpp"

namespace chat::tests {
namespace {

using bench::Bound;
using bench::Figure;
using bench::Objective;
using bench::Report;

Objective judged(const char* written, const Report& report) {
  const auto bound = bench::parse_bound(written);
  if (!bound) FAIL(bound.error());
  return bench::judge({*bound}, report).at(0);
}

Report with_figure(const std::string& name, const std::string& unit, std::vector<double> values) {
  Report report;
  report.figures = {{name, name, unit, Figure::Better::lower, std::move(values)}};
  return report;
}

TEST_CASE("objective: a name and a time are a bound", "[bench][report]") {
  const auto [written, figure, limit, unit] =
      GENERATE(table<std::string, std::string, double, std::string>({
          {"p50=50ms", "latency_p50", 50, "ms"},
          {"p99.9=1.5s", "latency_p99.9", 1.5, "s"},
          {"max=200us", "latency_max", 200, "µs"},
          {"p90=200µs", "latency_p90", 200, "µs"},
          {"p95=10ns", "latency_p95", 10, "ns"},
          {"join_p99=2s", "join_p99", 2, "s"},
          {"rejoin_max=2s", "rejoin_max", 2, "s"},
          {"back_p50=2s", "back_p50", 2, "s"},
      }));
  const auto bound = bench::parse_bound(written);
  REQUIRE(bound);
  CHECK(bound->written == written);
  CHECK(bound->figure == figure);
  CHECK(bound->limit == limit);
  CHECK(bound->unit == unit);
  CHECK(bound->side == Bound::Side::at_most);
}

TEST_CASE("objective: what is not understood is told, with what is", "[bench][report]") {
  const auto [written, why] = GENERATE(table<std::string, std::string>({
      {"", "it is not NAME=VALUE"},
      {"p99", "it is not NAME=VALUE"},
      {"p98=5ms", "its name is not known"},
      {"=5ms", "its name is not known"},
      {"join=5ms", "its name is not known"},
      {"p99=", "not a time above 0 with a unit"},
      {"p99=50", "not a time above 0 with a unit"},
      {"p99=0ms", "not a time above 0 with a unit"},
      {"p99=-1ms", "not a time above 0 with a unit"},
      {"p99=1e3ms", "not a time above 0 with a unit"},
      {"p99=infs", "not a time above 0 with a unit"},
      {"p99=50ms ", "not a time above 0 with a unit"},
      {"p99=50min", "not a time above 0 with a unit"},
      {"p99=99999999s", "not a time above 0 with a unit"},
      {"reach=101%", "not 0% to 100%"},
      {"reach=0.99", "not 0% to 100%"},
      {"reach=nan%", "not 0% to 100%"},
  }));
  const auto bound = bench::parse_bound(written);
  CAPTURE(written);
  REQUIRE_FALSE(bound);
  CHECK(bound.error().find("objective \"" + written + "\": ") == 0);
  CHECK(bound.error().find(why) != std::string::npos);
  CHECK(bound.error().find("understood are p50") != std::string::npos);
}

TEST_CASE("objective: a stranger's text in an error is one line", "[bench][report]") {
  const auto bound = bench::parse_bound("a\n\x1B[31mb");
  REQUIRE_FALSE(bound);
  CHECK(bound.error().find('\n') == std::string::npos);
  CHECK(bound.error().find('\x1B') == std::string::npos);
}

TEST_CASE("objective: the median over the repeats is held against it, in its unit",
          "[bench][report]") {
  const Report report = with_figure("latency_p99", "ms", {40, 50, 900});
  const auto met = judged("p99=50ms", report);
  CHECK(met.is_met);
  CHECK(met.measured == 50);
  CHECK(met.name == "p99=50ms");
  CHECK(met.title == "latency p99 ≤ 50 ms");
  CHECK_FALSE(judged("p99=49.9ms", report).is_met);
  const auto in_seconds = judged("p99=0.06s", report);
  CHECK(in_seconds.is_met);
  CHECK(in_seconds.measured == Approx(0.05));
  CHECK(in_seconds.unit == "s");
}

TEST_CASE("objective: reach is a share that is at least reached", "[bench][report]") {
  const Report report = with_figure("reach", "%", {99.9});
  CHECK(judged("reach=99.9%", report).is_met);
  const auto missed = judged("reach=99.95%", report);
  CHECK_FALSE(missed.is_met);
  CHECK(missed.title == "reach ≥ 99.95%");
}

TEST_CASE("objective: a percentile that is no figure is taken from the histogram",
          "[bench][report]") {
  Report report;
  report.latency.record(5'000'000, 100);
  const auto objective = judged("p99.9=5.1ms", report);
  CHECK(objective.is_measured);
  CHECK(objective.is_met);
  CHECK(objective.measured == Approx(5).epsilon(0.01));
}

TEST_CASE("objective: what was not measured is not met", "[bench][report]") {
  for (const char* const written : {"p99=50ms", "back_p99=50ms", "reach=50%"}) {
    const auto objective = judged(written, Report());
    CHECK_FALSE(objective.is_met);
    CHECK_FALSE(objective.is_measured);
  }
  CHECK_FALSE(judged("join_p99=50ms", with_figure("join_p99", "bytes", {1})).is_measured);
  CHECK_FALSE(judged("reach=50%", with_figure("reach", "", {})).is_measured);
}

}  // namespace
}  // namespace chat::tests
