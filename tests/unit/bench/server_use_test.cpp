#include "chat/bench/run/server_use.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "chat/metrics/exposition.hpp"

namespace chat::tests {
namespace {

using bench::ServerUse;
using bench::use_of_exposition;
using Catch::Contains;

const std::string kMemory = "process_resident_memory_bytes 1000\n";
const std::string kCpu = "process_cpu_seconds_total 2\n";

ServerUse use_of(const std::string& text) {
  const auto use = use_of_exposition(text);
  CAPTURE(text);
  REQUIRE(use);
  return *use;
}

std::string failure_of(const std::string& text) {
  const auto use = use_of_exposition(text);
  CAPTURE(text);
  REQUIRE_FALSE(use);
  return use.error();
}

TEST_CASE("bench server use: what our own server tells is understood, all of it",
          "[bench][server]") {
  metrics::ProcessStats process;
  process.user_s = 12.5;
  process.system_s = 0.25;
  process.resident_bytes = 123'456'789'012;
  process.voluntary_switches = 7;
  process.involuntary_switches = 8;
  const auto use = use_of(metrics::to_prometheus({}, process, true));
  CHECK(use.cpu_s == 12.75);
  CHECK(use.user_s == 12.5);
  CHECK(use.system_s == 0.25);
  CHECK(use.rss_bytes == 123'456'789'012U);
  CHECK(use.voluntary_switches == 7U);
  CHECK(use.involuntary_switches == 8U);
}

TEST_CASE("bench server use: what another server does not tell is not known", "[bench][server]") {
  const auto use = use_of(
      "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
      "# TYPE process_cpu_seconds_total counter\n"
      "process_cpu_seconds_total 0.97\n"
      "# HELP go_goroutines Number of goroutines that currently exist.\n"
      "go_goroutines 8\n"
      "process_resident_memory_bytes 2.4104960e+07\n");
  CHECK(use.cpu_s == 0.97);
  CHECK(use.rss_bytes == 24'104'960U);
  CHECK_FALSE(use.user_s);
  CHECK_FALSE(use.system_s);
  CHECK_FALSE(use.voluntary_switches);
  CHECK_FALSE(use.involuntary_switches);
}

TEST_CASE("bench server use: samples are found by their whole name, whatever is around it",
          "[bench][server]") {
  CHECK(use_of("process_cpu_seconds_total_more 9\nx_process_cpu_seconds_total 9\n" + kCpu + kMemory)
            .cpu_s == 2);
  CHECK(use_of("# process_cpu_seconds_total 9\n#process_cpu_seconds_total 9\n" + kCpu + kMemory)
            .cpu_s == 2);
  CHECK(use_of(kMemory + "  process_cpu_seconds_total\t 5\t1700000000000\r\n").cpu_s == 5);
  CHECK(use_of(kMemory + "process_cpu_seconds_total 5").cpu_s == 5);
  CHECK(use_of(kMemory + "process_cpu_seconds_total +5 # {trace=\"a\"} 1\n# EOF\n").cpu_s == 5);
  CHECK(use_of("<html>\x01\xff\n\n\n{}\n\"\n" + kCpu + kMemory).cpu_s == 2);
}

TEST_CASE("bench server use: labels are passed over, and samples that differ in them are summed",
          "[bench][server]") {
  CHECK(use_of(kMemory + "process_cpu_seconds_total{node=\"a\"} 1\n"
                         "process_cpu_seconds_total {node=\"b\",} 2\n"
                         "process_cpu_seconds_total{node=\"} 9\",other=\"\\\"} 8 \\\\\"}4\n")
            .cpu_s == 7);
  CHECK_THAT(failure_of(kMemory + "process_cpu_seconds_total{node=\"a} 1\n"),
             Contains("of no use is \"process_cpu_seconds_total{node="));
}

TEST_CASE("bench server use: what is no sensible number is told", "[bench][server]") {
  for (const std::string value :
       {"NaN", "+Inf", "-Inf", "-1", "1e300", "1e999", "x", "1x", "0x10", "", "++1", "\"1\""}) {
    CAPTURE(value);
    CHECK_THAT(failure_of(kMemory + "process_cpu_seconds_total " + value + "\n"),
               Contains("of no use is \"process_cpu_seconds_total "));
    CHECK_THAT(failure_of(kCpu + "process_resident_memory_bytes " + value + "\n"),
               Contains("of no use is \"process_resident_memory_bytes"));
    CHECK_THAT(failure_of(kCpu + kMemory + "process_cpu_user_seconds_total " + value + "\n"),
               Contains("of no use is"));
    CHECK_THAT(
        failure_of(kCpu + kMemory + "process_voluntary_context_switches_total " + value + "\n"),
        Contains("of no use is"));
  }
  CHECK_THAT(failure_of(kMemory + "process_cpu_seconds_total \x1b[31m\n"), !Contains("\x1b"));
}

TEST_CASE("bench server use: what is missing is named, with all that is wanted",
          "[bench][server]") {
  for (const std::string text : {"", "\n", "<html>nothing</html>", "process_cpu_seconds_total"}) {
    CHECK(failure_of(text + "\n" + kMemory) ==
          "there is no process_cpu_seconds_total; what is wanted is process_cpu_seconds_total and "
          "process_resident_memory_bytes");
  }
  CHECK_THAT(failure_of(kCpu), Contains("there is no process_resident_memory_bytes; "));
}

TEST_CASE("bench server use: of a sum is known what is known of both", "[bench][server]") {
  ServerUse sum = use_of(kCpu + kMemory + "process_cpu_user_seconds_total 1\n" +
                         "process_voluntary_context_switches_total 3\n");
  sum.add(use_of(kCpu + kMemory + "process_cpu_user_seconds_total 0.5\n" +
                 "process_involuntary_context_switches_total 3\n"));
  CHECK(sum.cpu_s == 4);
  CHECK(sum.rss_bytes == 2000);
  CHECK(sum.user_s == 1.5);
  CHECK_FALSE(sum.system_s);
  CHECK_FALSE(sum.voluntary_switches);
  CHECK_FALSE(sum.involuntary_switches);
}

}  // namespace
}  // namespace chat::tests
