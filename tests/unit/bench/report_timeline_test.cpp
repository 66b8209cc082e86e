#include "chat/bench/report/timeline.hpp"

#include <catch2/catch.hpp>

#include "support/bench_reports.hpp"

namespace chat::tests {
namespace {

using bench::Report;
using bench::Second;

Second second(double at_s, double deliveries, double p99_ms, double server = -1) {
  Second made;
  made.at_s = at_s;
  made.deliveries = deliveries;
  made.p99_ms = p99_ms;
  made.server = server;
  return made;
}

TEST_CASE("timeline: a moment has the spread over the repeats that measured it",
          "[bench][report]") {
  Report report;
  report.seconds = {{second(0, 100, 5, 0.5), second(1, 110, 0)}, {second(0, 120, 7)}};
  const auto timeline = bench::timeline_of(report, 100);
  CHECK(timeline.step_s == 1);
  REQUIRE(timeline.moments.size() == 2);
  const auto& [first, last] = std::pair(timeline.moments[0], timeline.moments[1]);
  CHECK(first.deliveries->median == 110);
  CHECK(first.deliveries->least == 100);
  CHECK(first.deliveries->most == 120);
  CHECK(first.p99_ms->most == 7);
  CHECK(first.server->least == 0.5);
  CHECK(first.server->most == 0.5);
  CHECK(last.at_s == 1);
  CHECK(last.deliveries->median == 110);
  CHECK_FALSE(last.p99_ms);
  CHECK_FALSE(last.server);
}

TEST_CASE("timeline: of many seconds some are one moment: rates averaged, the worst latency",
          "[bench][report]") {
  Report report;
  report.seconds.emplace_back();
  for (int i = 0; i < 7; ++i) report.seconds[0].push_back(second(i, i, 10.0 - i));
  const auto timeline = bench::timeline_of(report, 3);
  CHECK(timeline.step_s == 3);
  REQUIRE(timeline.moments.size() == 3);
  CHECK(timeline.moments[1].at_s == 3);
  CHECK(timeline.moments[1].deliveries->median == 4);
  CHECK(timeline.moments[1].p99_ms->median == 7);
  CHECK(timeline.moments[2].deliveries->median == 6);
}

TEST_CASE("timeline: without a second there is none", "[bench][report]") {
  Report report;
  CHECK(bench::timeline_of(report, 10).moments.empty());
  report.seconds = {{}, {}};
  CHECK(bench::timeline_of(report, 10).moments.empty());
}

}  // namespace
}  // namespace chat::tests
