#include "chat/bench/report/comparison.hpp"

#include <catch2/catch.hpp>

#include "chat/bench/report/comparison_json.hpp"
#include "chat/bench/report/comparison_text.hpp"
#include "chat/bench/report/comparison_words.hpp"
#include "support/bench_reports.hpp"

namespace chat::tests {
namespace {

using bench::ComparedRun;
using bench::CompareOptions;
using bench::Comparison;
using bench::Figure;
using bench::Judgement;
using bench::Report;
using Better = Figure::Better;

Report with(Better better, std::vector<double> values, const std::string& unit = "ms") {
  Report report;
  report.scenario = "fanout";
  report.figures = {{"f", "figure", unit, better, std::move(values)}};
  return report;
}

Comparison compared(Better better, std::vector<double> before, std::vector<double> after,
                    const CompareOptions& options = {}) {
  return bench::compare(
      {{"old", with(better, std::move(before))}, {"new", with(better, std::move(after))}}, options);
}

Judgement verdict(Better better, std::vector<double> before, std::vector<double> after,
                  const CompareOptions& options = {}) {
  return compared(better, std::move(before), std::move(after), options)
      .figures.at(0)
      .runs.at(1)
      .verdict;
}

const std::vector<double> kBefore{100, 101, 102, 103};

TEST_CASE("comparison: beyond noise and tolerance it is better or worse, as the figure is",
          "[bench][report]") {
  const std::vector<double> risen{120, 121, 122, 123};
  CHECK(verdict(Better::lower, kBefore, risen) == Judgement::worse);
  CHECK(verdict(Better::lower, risen, kBefore) == Judgement::better);
  CHECK(verdict(Better::higher, kBefore, risen) == Judgement::better);
  CHECK(verdict(Better::higher, risen, kBefore) == Judgement::worse);
  CHECK(verdict(Better::zero, kBefore, risen) == Judgement::worse);
  CHECK(verdict(Better::neither, kBefore, risen) == Judgement::first);
}

TEST_CASE("comparison: a change within the tolerance is none", "[bench][report]") {
  const std::vector<double> a_little{104, 105, 106, 107};
  CHECK(verdict(Better::lower, kBefore, a_little) == Judgement::same);
  CompareOptions strict;
  strict.tolerance = 0.01;
  CHECK(verdict(Better::lower, kBefore, a_little, strict) == Judgement::worse);
  CHECK(verdict(Better::lower, kBefore, kBefore) == Judgement::same);
}

TEST_CASE("comparison: nothing is claimed of too few repeats, nor of too noisy ones",
          "[bench][report]") {
  CHECK(verdict(Better::lower, {100}, {900}) == Judgement::too_few);
  CHECK(verdict(Better::lower, {100, 101, 102}, {900, 901, 902}) == Judgement::too_few);
  CompareOptions lax;
  lax.confidence = 0.9;
  CHECK(verdict(Better::lower, {100, 101, 102}, {900, 901, 902}, lax) == Judgement::worse);
  CHECK(verdict(Better::lower, {50, 100, 150, 200}, {60, 110, 160, 210}) == Judgement::too_noisy);
}

TEST_CASE("comparison: a flaw that was not there is worse, however few the repeats",
          "[bench][report]") {
  CHECK(verdict(Better::zero, {0}, {1}) == Judgement::worse);
  CHECK(verdict(Better::zero, {0, 0, 0}, {0, 0, 1}) == Judgement::worse);
  CHECK(verdict(Better::zero, {0, 2}, {0, 0}) == Judgement::better);
  CHECK(verdict(Better::zero, {0, 0}, {0}) == Judgement::same);
  CHECK(verdict(Better::zero, {0, 2}, {0, 3}) == Judgement::too_noisy);
}

TEST_CASE("comparison: zeros of other figures have no ratio", "[bench][report]") {
  CHECK(verdict(Better::lower, {0, 0}, {0, 0}) == Judgement::same);
  CHECK(verdict(Better::lower, {0, 0, 0, 0}, {1, 1, 1, 1}) == Judgement::too_noisy);
}

TEST_CASE("comparison: what is not in both, or in another unit, is not compared",
          "[bench][report]") {
  Report other = with(Better::lower, {1, 2, 3, 4}, "µs");
  other.figures.push_back({"g", "only here", "", Better::zero, {5}});
  const auto comparison =
      bench::compare({{"a", with(Better::lower, {1, 2, 3, 4})}, {"b", other}, {"c", Report()}});
  REQUIRE(comparison.figures.size() == 2);
  CHECK(comparison.figures[0].runs[1].verdict == Judgement::missing);
  CHECK(comparison.figures[0].runs[2].verdict == Judgement::missing);
  CHECK(comparison.figures[1].name == "g");
  CHECK(comparison.figures[1].runs[0].values.empty());
  CHECK(comparison.figures[1].runs[1].verdict == Judgement::missing);
  CHECK(comparison.regressions().empty());
}

TEST_CASE("comparison: a gate on two saved runs finds the slower one", "[bench][report]") {
  const auto comparison =
      bench::compare({{"old.json", calm_report()}, {"new.json", calm_report(1.3, "badc0de")}});
  std::vector<std::string> worse;
  for (const auto& [run, figure] : comparison.regressions()) {
    CHECK(run == 1);
    worse.push_back(comparison.figures[figure].name);
  }
  // The other percentiles' repeats are too far from each other to tell.
  CHECK(worse == std::vector<std::string>{"latency_p50", "latency_p90", "latency_p99", "join_p99",
                                          "server_cpu"});
  CHECK(bench::compare({{"old", calm_report()}, {"new", calm_report()}}).regressions().empty());
  CHECK(bench::compare({{"old", calm_report(1.3)}, {"new", calm_report()}}).regressions().empty());
}

TEST_CASE("comparison: each run is held against the first", "[bench][report]") {
  const auto comparison =
      bench::compare({{"a", calm_report()}, {"b", calm_report(1.3)}, {"c", calm_report(0.5)}});
  const auto& p50 = comparison.figures.at(1);
  REQUIRE(p50.name == "latency_p50");
  CHECK(p50.runs.at(0).verdict == Judgement::first);
  CHECK_FALSE(p50.runs.at(0).change);
  CHECK(p50.runs.at(1).verdict == Judgement::worse);
  CHECK(p50.runs.at(1).change->ratio == Approx(1.3));
  CHECK(p50.runs.at(2).verdict == Judgement::better);
  CHECK(p50.runs.at(2).change->ratio == Approx(0.5));
}

TEST_CASE("comparison: what differs in workload and setup is named, what does not is not",
          "[bench][report]") {
  Report before = calm_report();
  Report after = calm_report(1, "badc0de");
  after.workload[1].text = "200/s";
  after.setup.push_back({"kernel", "6.2"});
  auto comparison = bench::compare({{"a", before}, {"b", after}});
  REQUIRE(comparison.workload.size() == 1);
  CHECK(comparison.workload[0].name == "rate");
  CHECK(comparison.workload[0].texts.at(1) == "200/s");
  REQUIRE(comparison.setup.size() == 2);
  CHECK(comparison.setup[0].name == "version");
  CHECK(comparison.setup[1].name == "kernel");
  CHECK(comparison.setup[1].texts == std::vector<std::string>{"", "6.2"});

  after.scenario = "storm";
  comparison = bench::compare({{"a", before}, {"b", after}});
  CHECK(comparison.workload.at(0).name == "scenario");
}

TEST_CASE("comparison: what must not be overlooked is said first and last", "[bench][report]") {
  const std::string text = bench::comparison_text(
      bench::compare({{"a", calm_report()}, {"b", troubled_report()}, {"c", idle_report()}}));
  for (const char* const part :
       {"NOT THE SAME WORKLOAD: they differ in scenario, rooms", "B: INTERRUPTED", "B: FLAWED",
        "B: GENERATOR BOUND", "TOO FEW REPEATS to hold B ("}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
    CHECK(text.find(part) != text.rfind(part));
  }
  CHECK(text.find('\x1B') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
}

TEST_CASE("comparison: the last line says what came of it", "[bench][report]") {
  CHECK(bench::outcome_text(compared(Better::lower, kBefore, kBefore)) ==
        "No regression was found beyond noise (confidence 95%) and a tolerance of 5%.");
  CHECK(bench::outcome_text(compared(Better::zero, {0}, {3})) ==
        "1 REGRESSION beyond noise (confidence 95%) and a tolerance of 5%: figure of B.");
  CHECK(bench::outcome_text(compared(Better::lower, kBefore, {})) ==
        "Nothing was compared: no two of these runs have measured the same.");
}

TEST_CASE("comparison: runs are called by letters while there are some", "[bench][report]") {
  CHECK(bench::letter_of(0) == "A");
  CHECK(bench::letter_of(25) == "Z");
  CHECK(bench::letter_of(26) == "27");
}

TEST_CASE("comparison json: a ratio that is none is null", "[bench][report]") {
  const auto json = bench::comparison_json(compared(Better::lower, {1e-308}, {1e18}));
  CHECK(json.find("\"ratio\": null") != std::string::npos);
  CHECK(json.find("inf") == std::string::npos);
}

}  // namespace
}  // namespace chat::tests
