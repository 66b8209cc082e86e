#include "chat/bench/report/report_text.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "chat/base/text.hpp"
#include "chat/bench/report/remarks.hpp"
#include "chat/bench/report/text_block.hpp"
#include "support/bench_reports.hpp"

namespace chat::tests {
namespace {

using bench::Figure;
using bench::Report;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("report text: no line is wider than a terminal of 100 columns", "[bench][report]") {
  const Report report = GENERATE(calm_report(), troubled_report(), idle_report(), short_report());
  std::istringstream lines(bench::to_text(report));
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    const bool is_one_long_word = has(line, "wss://");
    CHECK((base::columns(line) <= 100 || is_one_long_word));
    CHECK((line.empty() || line.back() != ' '));
  }
}

TEST_CASE("report text: warnings, flaws and an early end are loud, first and last",
          "[bench][report]") {
  const std::string text = bench::to_text(troubled_report());
  CHECK(text.find("*** INTERRUPTED") == 0);
  for (const char* const part : {"*** INTERRUPTED", "*** FLAWED", "*** GENERATOR BOUND"}) {
    CHECK(has(text, part));
    CHECK(text.find(part) != text.rfind(part));
  }
  CHECK_FALSE(has(bench::to_text(calm_report()), "***"));
}

TEST_CASE("report text: strangers' texts cannot steer a terminal", "[bench][report]") {
  const std::string text = bench::to_text(troubled_report());
  CHECK(text.find('\x1B') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find("\xE2\x80\xAE") == std::string::npos);
  CHECK(has(text, "evil␍␊"));
}

TEST_CASE("report text: without a flaw it says what did not happen, as far as it was counted",
          "[bench][report]") {
  CHECK(bench::flawless_remark(calm_report()) ==
        "nothing lost, nothing twice, one order, no connection lost");
  CHECK(bench::flawless_remark(idle_report()) == "no connection lost");
  CHECK(bench::flawless_remark(troubled_report()).empty());
  CHECK(bench::flawless_remark(Report()).empty());
}

TEST_CASE("report text: objectives are met, missed, or not measured", "[bench][report]") {
  const std::string text = bench::to_text(calm_report());
  CHECK(has(text, "met     latency p99 ≤ 50 ms"));
  CHECK(has(text, "MISSED  latency p99.9 ≤ 20 ms"));
  CHECK(has(text, "MISSED  time to be back p99 ≤ 1 s  not measured"));
}

TEST_CASE("report text: a search tells the level, its neighbour and all runs", "[bench][report]") {
  Report report = troubled_report();
  CHECK(has(bench::to_text(report), "highest rate: 12,800/s held, 14,400/s did not: latency p99"));
  CHECK(has(bench::to_text(report), "runs: 6,400/s, 12,800/s, 25,600/s failed"));
  report.search.held = -1;
  CHECK(has(bench::to_text(report), "highest rate: no level held, 14,400/s did not"));
  report.search.held = 50;
  report.search.failed = -1;
  CHECK(has(bench::to_text(report), "highest rate: 50/s held, and none that was tried failed"));
}

TEST_CASE("report text: a figure of fewer repeats than the others says so", "[bench][report]") {
  CHECK(has(bench::to_text(calm_report()), "11,300–11,300, 3 of 4") == false);
  CHECK(has(bench::to_text(calm_report()), "11,300, 3 of 4"));
}

TEST_CASE("report text: nothing measured is no crash", "[bench][report]") {
  CHECK(bench::to_text(Report()) == "\n\nlatency\n  no deliveries\n");
}

TEST_CASE("text block: words are wrapped, wide letters count twice", "[bench][report]") {
  const std::string wide(90, 'x');
  CHECK(bench::wrapped_text("- ", wide + " yyyyyy zzzzzz") == "- " + wide + " yyyyyy\n  zzzzzz\n");
  CHECK(bench::wrapped_text("- ", wide + "x 聊天聊") == "- " + wide + "x 聊天聊\n");
  CHECK(bench::wrapped_text("- ", wide + "x 聊天聊天") == "- " + wide + "x\n  聊天聊天\n");
  CHECK(bench::wrapped_text("- ", "") == "- \n");
}

TEST_CASE("text block: columns stand below each other", "[bench][report]") {
  CHECK(bench::table_text({{"a", "1"}, {"聊天", "1,000"}}, "lr", 1) ==
        " a         1\n 聊天  1,000\n");
}

}  // namespace
}  // namespace chat::tests
