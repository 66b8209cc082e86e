#include "chat/bench/report/report_html.hpp"

#include <catch2/catch.hpp>

#include "chat/bench/report/comparison_html.hpp"
#include "chat/bench/report/html_text.hpp"
#include "chat/bench/report/page.hpp"
#include "support/bench_reports.hpp"

namespace chat::tests {
namespace {

using bench::ComparedRun;
using bench::Report;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string compared(const std::vector<ComparedRun>& runs) {
  return bench::comparison_html(runs, bench::compare(runs));
}

std::string behind(const std::string& html, const std::string& mark) {
  const auto at = html.find(mark);
  REQUIRE(at != std::string::npos);
  return html.substr(at);
}

TEST_CASE("html text: it is text, in elements and in attributes", "[bench][report]") {
  CHECK(bench::html_text("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(bench::html_text("a\x1B\n\xE2\x80\xAE\xFF") == "a␛␊\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(bench::html_name("聊天") == "<bdi>聊天</bdi>");
}

TEST_CASE("report html: strangers' texts are no markup, wherever they stand", "[bench][report]") {
  Report report = troubled_report();
  const std::string evil = "\"'><script>evil</script>";
  for (auto& figure : report.figures) figure.name = figure.title = figure.unit = evil;
  for (auto& fact : report.workload) fact = {evil, evil};
  for (auto& objective : report.objectives) objective = {evil, evil, 1, evil, false};
  report.search.of = report.search.unit = report.search.why = evil;
  report.scenario = evil;
  report.warnings = report.notes = {evil};
  const std::string html =
      GENERATE_COPY(bench::to_html(report), compared({{evil, report}, {evil, report}}));
  CHECK_FALSE(has(html, "<script"));
  CHECK_FALSE(has(html, "\"'>"));
  CHECK_FALSE(has(html, "<img src=x"));
  CHECK(has(html, "&lt;script&gt;evil"));
}

TEST_CASE("report html: the page asks nobody for anything, and forbids it too", "[bench][report]") {
  const std::string html =
      GENERATE(bench::to_html(calm_report()), compared({{"a", calm_report()}}));
  CHECK(has(html,
            "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
            "form-action 'none'\""));
  for (const char* const part : {" src=", " href=", "url(", "@import", "http:", "https:"}) {
    CAPTURE(part);
    CHECK_FALSE(has(html, part));
  }
}

TEST_CASE("report html: warnings come before all else", "[bench][report]") {
  const std::string html = bench::to_html(troubled_report());
  CHECK(html.find("GENERATOR BOUND") < html.find("<h2>What was asked for"));
  CHECK_FALSE(has(bench::to_html(calm_report()), "Read this first"));
}

TEST_CASE("report html: each plot has its series, a title and a description", "[bench][report]") {
  const std::string html = bench::to_html(calm_report());
  CHECK(count(html, "<svg class=\"plot\" role=\"img\"") == 4);
  CHECK(count(html, "<desc ") == 4);
  CHECK(has(html, "all repeats: p50 1.02 ms, p90 2.72 ms"));
  for (const char* const name :
       {"all repeats", "deliveries", "p99", "p50", "server", "generator (its busiest process)"}) {
    CAPTURE(name);
    CHECK(count(html, "data-name=\"" + std::string(name) + "\"") == 1);
  }
}

TEST_CASE("report html: several runs are lines of the same plots", "[bench][report]") {
  const std::string html =
      compared({{"old", calm_report()}, {"new", calm_report(1.3)}, {"idle", idle_report()}});
  const std::string latency = behind(html, "id=\"plot-latency\"");
  CHECK(count(html, "data-name=\"A old\"") == 5);
  CHECK(count(html, "data-name=\"B new\"") == 5);
  // It had no latency.
  CHECK(count(html, "data-name=\"C idle\"") == 3);
  CHECK(has(latency.substr(0, latency.find("</figure>")), "class=\"series c1 d1\""));
}

TEST_CASE("report html: what was not measured is said, not drawn", "[bench][report]") {
  const std::string idle = bench::to_html(idle_report());
  CHECK(count(idle, "Nothing was delivered.") == 2);
  const std::string nothing = bench::to_html(Report());
  CHECK(count(nothing, "<svg class=\"plot\"") == 0);
  CHECK(has(nothing, "It was not measured."));
}

TEST_CASE("report html: a line of one point is a dot", "[bench][report]") {
  CHECK(count(bench::to_html(short_report()), "<circle ") == 5);
  CHECK(count(bench::to_html(calm_report()), "<circle ") == 0);
  // A gap is in the latency of its third second.
  CHECK(count(bench::to_html(troubled_report()), "<circle ") == 2);
}

TEST_CASE("report html: numbers of all sizes give a page without a number that is none",
          "[bench][report]") {
  Report report = short_report();
  report.seconds[0][0].deliveries = 1e18;
  report.seconds[0][0].at_s = 1e18;
  report.seconds[0].push_back({1e18, 0, 0, 1e-18, 1e18, 0, 0});
  report.latency.record(0);
  report.latency.record(~std::uint64_t{0}, std::uint64_t{1} << 62);
  const std::string html = bench::to_html(report);
  const std::string plots = behind(html, "<figure");
  for (const char* const part : {"nan", "inf%", "\"inf", "∞", "-0.0"}) {
    CAPTURE(part);
    CHECK_FALSE(has(plots, part));
  }
}

}  // namespace
}  // namespace chat::tests
