#include "chat/bench/report/report_csv.hpp"

#include <catch2/catch.hpp>

namespace chat::tests {
namespace {

using bench::Figure;
using bench::Report;

std::string csv_of(const std::string& scenario, const std::string& name) {
  Report report;
  report.scenario = scenario;
  report.figures = {{name, "", "", Figure::Better::lower, {1}}};
  return bench::to_csv(report);
}

constexpr const char* kHeading = "scenario,figure,unit,repeat,value\n";

TEST_CASE("report csv: a row for each figure and repeat, all digits of the values",
          "[bench][report]") {
  Report report;
  report.scenario = "fanout";
  report.figures = {{"latency_p99", "latency p99", "ms", Figure::Better::lower, {1.5, 0.1 + 0.2}},
                    {"lost", "lost", "", Figure::Better::zero, {}},
                    {"delta", "delta", "µs", Figure::Better::neither, {-5}}};
  CHECK(bench::to_csv(report) == std::string(kHeading) +
                                     "fanout,latency_p99,ms,1,1.5\n"
                                     "fanout,latency_p99,ms,2,0.30000000000000004\n"
                                     "fanout,delta,µs,1,-5\n");
}

TEST_CASE("report csv: what would end a cell is quoted", "[bench][report]") {
  CHECK(csv_of("a,b", "c\"d\"") == std::string(kHeading) + "\"a,b\",\"c\"\"d\"\"\",,1,1\n");
  CHECK(csv_of("a\nb", "c\x1B[1m") == std::string(kHeading) + "a␊b,c␛[1m,,1,1\n");
}

TEST_CASE("report csv: no text is a formula for a spreadsheet", "[bench][report]") {
  const std::string begin = GENERATE("=", "+", "-", "@");
  const std::string csv = csv_of("fanout", begin + "1+1");
  CHECK(csv.find("'" + begin + "1+1") != std::string::npos);
}

}  // namespace
}  // namespace chat::tests
