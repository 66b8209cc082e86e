#include "chat/bench/report/report_json.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "support/bench_reports.hpp"

namespace chat::tests {
namespace {

using bench::Report;

/// `text` with the first `what` replaced.
std::string with(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

std::string problem_of(const std::string& text) {
  const auto report = bench::report_from_json(text);
  REQUIRE_FALSE(report);
  return report.error();
}

/// A report of nothing but what must be there, and `more`.
std::string least(const std::string& more = "") {
  return R"({"format":"chat-bench/1","scenario":"s","figures":[])" + more + "}";
}

Report read(const std::string& text) {
  auto report = bench::report_from_json(text);
  CAPTURE(text.substr(0, 2000));
  if (!report) FAIL(report.error());
  return std::move(*report);
}

TEST_CASE("report json: what was saved is read again, to the last digit", "[bench][report]") {
  Report report = GENERATE(calm_report(), troubled_report(), idle_report(), short_report());
  // Texts are UTF-8; that what is not is made so is another test's.
  report.figures[0].values[0] = 0.1 + 0.2;
  report.figures[0].values.push_back(-std::numeric_limits<double>::denorm_min());
  report.figures[0].values.push_back(1e18);
  const std::string json = bench::to_json(report);
  const Report again = read(json);
  CHECK(bench::to_json(again) == json);

  CHECK(again.scenario == report.scenario);
  CHECK(again.is_interrupted == report.is_interrupted);
  CHECK(again.warnings == report.warnings);
  CHECK(again.notes == report.notes);
  REQUIRE(again.figures.size() == report.figures.size());
  for (std::size_t i = 0; i < report.figures.size(); ++i) {
    CHECK(again.figures[i].name == report.figures[i].name);
    CHECK(again.figures[i].title == report.figures[i].title);
    CHECK(again.figures[i].unit == report.figures[i].unit);
    CHECK(again.figures[i].better == report.figures[i].better);
    CHECK(again.figures[i].values == report.figures[i].values);
  }
  CHECK(again.latency.count() == report.latency.count());
  CHECK(again.latency.sum() == report.latency.sum());
  CHECK(again.latency.max() == report.latency.max());
  CHECK(again.latency.quantile(0.999) == report.latency.quantile(0.999));
  REQUIRE(again.seconds.size() == report.seconds.size());
  CHECK(again.seconds[0].back().server == report.seconds[0].back().server);
  CHECK(again.seconds[0].back().p99_ms == report.seconds[0].back().p99_ms);
  CHECK(again.search.levels == report.search.levels);
  CHECK(again.search.holds == report.search.holds);
  CHECK(again.search.failed == report.search.failed);
  REQUIRE(again.objectives.size() == report.objectives.size());
  for (std::size_t i = 0; i < report.objectives.size(); ++i) {
    CHECK(again.objectives[i].title == report.objectives[i].title);
    CHECK(again.objectives[i].is_met == report.objectives[i].is_met);
    CHECK(again.objectives[i].is_measured == report.objectives[i].is_measured);
  }
}

TEST_CASE("report json: the histogram keeps counts that no double has", "[bench][report]") {
  Report report;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  report.latency.record(kMost, (std::uint64_t{1} << 60) + 1);
  const Report again = read(bench::to_json(report));
  CHECK(again.latency.count() == (std::uint64_t{1} << 60) + 1);
  CHECK(again.latency.max() == kMost);
}

TEST_CASE("report json: what programs want stands there computed", "[bench][report]") {
  const std::string json = bench::to_json(calm_report());
  for (const char* const part :
       {R"("format": "chat-bench/1")", R"("flawed": false)", R"("median": 1.025)",
        R"("better": "zero")", R"("relative_error": 0.0078125)", R"("p99.9_ms": )", R"("max_ms": )",
        R"("values": [1.02, 1.04, 1.01, 1.03])"}) {
    CAPTURE(part);
    CHECK(json.find(part) != std::string::npos);
  }
}

TEST_CASE("report json: a text that is no UTF-8 and a number that is none do not spoil it",
          "[bench][report]") {
  Report report = short_report();
  report.notes = {"a\xFF"};
  CHECK(read(bench::to_json(report)).notes.at(0) == "a\xEF\xBF\xBD");
  report.figures[0].values = {std::numeric_limits<double>::quiet_NaN()};
  CHECK(problem_of(bench::to_json(report)) == "figures[0].values[0] is not a number");
}

TEST_CASE("report json: what is not known is passed over, what may be missing is empty",
          "[bench][report]") {
  const Report report = read(least(R"(,"later":{"x":[1,{}]},"search":null)"));
  CHECK(report.scenario == "s");
  CHECK(report.search.of.empty());
  CHECK(report.latency.count() == 0);
  CHECK(read(least(",\"x\":" + std::string(1000, '[') + std::string(1000, ']'))).scenario == "s");
}

TEST_CASE("report json: the error says what is wrong where", "[bench][report]") {
  CHECK(problem_of("").find("it is no JSON: ") == 0);
  CHECK(problem_of("[]") == "it is not an object");
  CHECK(problem_of("{\"format\":\"chat-bench/2\"}") ==
        "format is \"chat-bench/2\", not \"chat-bench/1\"");
  CHECK(problem_of("{}") == "format is missing");
  CHECK(problem_of(least(",")).find("it is no JSON: ") == 0);
  CHECK(problem_of(least() + std::string(1, '\0')) == "it is no JSON: it has a NUL");
  CHECK(problem_of(least(",\"notes\":[1e999]")).find("it is no JSON: ") == 0);
  CHECK(problem_of(least(",\"notes\":[\"\xFF\"]")).find("it is no JSON: ") == 0);
  CHECK(problem_of(least(R"(,"notes":["a",1])")) == "notes[1] is not a text");
  CHECK(problem_of(least(R"(,"interrupted":1)")) == "interrupted is neither true nor false");
  CHECK(problem_of(least(R"(,"workload":[{"name":"x"}])")) == "workload[0].text is missing");
  CHECK(problem_of(least(R"(,"workload":[7])")) == "workload[0] is not an object");
  CHECK(problem_of(least(R"(,"seconds":[[{"at_s":-1}]])")) == "seconds[0][0].at_s is out of range");
  CHECK(problem_of(least(R"(,"seconds":{})")) == "seconds is not a list");
  const auto figures = [](const std::string& values, const std::string& more) {
    const std::string one =
        R"({"name":"x","title":"x","unit":"","better":"lower","values":)" + values + "}";
    return problem_of(R"({"format":"chat-bench/1","scenario":"s","figures":[)" + one + more + "]}");
  };
  CHECK(figures("[]", "") == "figures[0].values is empty");
  CHECK(figures("[1]", R"(,{"name":"x","title":"","unit":"","better":"lower","values":[2]})") ==
        "figures has \"x\" twice");
  CHECK(
      problem_of(least(R"(,"search":{"of":"rate","unit":"","why":"","levels":[1],"holds":[]})")) ==
      "search.holds is not as long as search.levels");
  const std::string calm = bench::to_json(calm_report());
  CHECK(problem_of(with(calm, "\"higher\"", "\"best\"")) ==
        "figures[0].better is \"best\", not lower, higher, neither or zero");
}

TEST_CASE("report json: a latency that cannot have been measured is refused", "[bench][report]") {
  const auto latency = [](const std::string& sum, const std::string& max,
                          const std::string& buckets) {
    return least(R"(,"latency":{"sum_ns":)" + sum + R"(,"max_ns":)" + max + R"(,"buckets":)" +
                 buckets + "}");
  };
  CHECK(read(latency("7", "5", "[[2,1],[5,1]]")).latency.quantile(1) == 5);
  CHECK(problem_of(latency("7", "5", "[[5,1],[2,1]]")) ==
        "latency.buckets[1] is not above the one before");
  CHECK(problem_of(latency("7", "5", "[[5,0]]")) == "latency.buckets[0][1] is not above 0");
  CHECK(problem_of(latency("7", "5", "[[5,-1]]")) == "latency.buckets[0][1] is not a whole number");
  CHECK(problem_of(latency("7", "5", "[[7424,1]]")) == "latency.buckets[0][0] is out of range");
  CHECK(problem_of(latency("7", "5", "[[5]]")) == "latency.buckets[0] is not [INDEX, COUNT]");
  CHECK(problem_of(latency("7", "6", "[[5,1]]")) ==
        "latency.max_ns is not in the last of the buckets");
  CHECK(problem_of(latency("0", "6", "[]")) == "latency.max_ns is not 0, but there is no bucket");
  CHECK(problem_of(latency("4", "5", "[[5,1]]")) == "latency.sum_ns is less than latency.max_ns");
}

TEST_CASE("report json: what is too much is refused", "[bench][report]") {
  std::string values = "1";
  for (std::size_t i = 0; i < bench::kMostRepeats; ++i) values += ",1";
  CHECK(problem_of(with(least(), "[]",
                        R"([{"name":"n","title":"t","unit":"","better":"lower","values":[)" +
                            values + "]}]")) == "figures[0].values has more than 100 items");
  CHECK(problem_of(least(",\"notes\":[\"" + std::string(5000, 'x') + "\"]")) ==
        "notes[0] is longer than 4096 bytes");
  CHECK(problem_of(std::string(bench::kMostReportBytes + 1, ' ')) == "it is longer than 64 MiB");
}

}  // namespace
}  // namespace chat::tests
