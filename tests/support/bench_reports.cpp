#include "support/bench_reports.hpp"

#include <cstdint>

#include "chat/bench/report/objective.hpp"

namespace chat::tests {
namespace {

using bench::Figure;
using bench::Report;
using bench::Second;
using Better = Figure::Better;

/// `count` latencies of a server that is mostly fast: half of them below `middle_ns` and a quarter
/// of it more.
void record_tail(base::Histogram& latency, std::uint64_t count, double middle_ns) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const double rank = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    const double value = middle_ns * (1 + rank * rank * 0.25 / (1.0005 - rank));
    latency.record(static_cast<std::uint64_t>(value));
  }
}

std::vector<double> times(double factor, std::vector<double> values) {
  for (double& value : values) value *= factor;
  return values;
}

/// A repeat of `seconds` whose second half is busier.
std::vector<Second> some_seconds(std::size_t seconds, double slower, double shift) {
  std::vector<Second> line;
  for (std::size_t i = 0; i < seconds; ++i) {
    const double wave = static_cast<double>((i * 7 + 3) % 5) / 4;  // 0 to 1
    const double busy = i * 2 < seconds ? 1 : 1.25;
    Second second;
    second.at_s = static_cast<double>(i);
    second.deliveries = 49'000 + 1500 * wave + 100 * shift;
    second.sent = 98 + 3 * wave;
    second.p50_ms = slower * (1 + 0.05 * wave) * busy;
    second.p99_ms = slower * (4.5 + 2 * wave + shift) * busy;
    second.generator = 0.21 + 0.03 * wave + 0.01 * shift;
    second.server = slower * (0.34 + 0.05 * wave) * busy;
    line.push_back(second);
  }
  return line;
}

std::vector<bench::Objective> judged(const Report& report,
                                     std::initializer_list<const char*> written) {
  std::vector<bench::Bound> bounds;
  for (const char* const text : written) bounds.push_back(bench::parse_bound(text).value());
  return bench::judge(bounds, report);
}

}  // namespace

Report calm_report(double slower, const std::string& commit) {
  Report report;
  report.scenario = "fanout";
  report.workload = {{"rooms", "1 room of 500 members, 5 of them send"},
                     {"rate", "100/s, Poisson arrivals"},
                     {"message", "100 bytes"},
                     {"time", "10 s after 2 s of warm-up, 4 repeats"},
                     {"target", "ws://127.0.0.1:8000/ws/{room}/ in chat.v1"}};
  report.setup = {{"date", "2026-11-30 14:36 UTC"},
                  {"version", "chat 0.9.0, commit " + commit},
                  {"machine", "2 cores, Linux 6.1"}};
  report.figures = {
      {"deliveries", "deliveries", "/s", Better::higher, {49'912, 50'034, 49'871, 49'990}},
      {"latency_p50", "latency p50", "ms", Better::lower, times(slower, {1.02, 1.04, 1.01, 1.03})},
      {"latency_p90", "latency p90", "ms", Better::lower, times(slower, {2.61, 2.7, 2.64, 2.66})},
      {"latency_p99", "latency p99", "ms", Better::lower, times(slower, {6.1, 6.63, 6.3, 6.4})},
      {"latency_p99.9", "latency p99.9", "ms", Better::lower, times(slower, {14, 31, 19.6, 22})},
      {"latency_max", "latency max", "ms", Better::lower, times(slower, {41.5, 118, 57.25, 60})},
      {"join_p99", "join p99", "ms", Better::lower, times(slower, {8.4, 8.9, 9.6, 8.8})},
      {"reach", "reach", "%", Better::higher, {100, 100, 100, 100}},
      {"server_cpu", "server CPU per delivery", "µs", Better::lower,
       times(slower, {7.31, 7.28, 7.42, 7.3})},
      {"server_rss", "server memory per member", "bytes", Better::lower, {11'264, 11'264, 11'270}},
      {"generator", "generator", "% of a core", Better::neither, {22.1, 23.4, 22.8, 22.6}},
      {"lost", "lost", "", Better::zero, {0, 0, 0, 0}},
      {"duplicated", "duplicated", "", Better::zero, {0, 0, 0, 0}},
      {"misordered", "out of order", "", Better::zero, {0, 0, 0, 0}},
      {"order_mismatch", "in another order than the others", "", Better::zero, {0, 0, 0, 0}},
      {"disconnects", "disconnects", "", Better::zero, {0, 0, 0, 0}},
  };
  record_tail(report.latency, 200'000, slower * 900'000);
  for (int repeat = 0; repeat < 4; ++repeat) {
    report.seconds.push_back(some_seconds(10, slower, 0.25 * repeat));
  }
  report.objectives = judged(report, {"p99=50ms", "p99.9=20ms", "reach=99.95%", "back_p99=1s"});
  report.notes = {"The clocks of the generator's processes were 4 µs apart at most."};
  return report;
}

Report troubled_report() {
  Report report;
  report.scenario = "storm <b>\"&\x1B[31m";
  report.workload = {{"rooms", "20 rooms of 50 members, all of them send"},
                     {"=cmd|' /C calc'!A1", "a name that a spreadsheet would run"},
                     {"target",
                      "wss://chat.example.org:8443/a/rather/long/path/that/does/not/fit/"
                      "ws/{room}/?and=a&query=of&its=own, in socket.io"}};
  report.setup = {{"date", "2026-11-30 15:02 UTC"},
                  {"server", "evil\r\n</title><script>alert(1)</script>\xE2\x80\xAE"}};
  report.figures = {
      {"deliveries", "deliveries", "/s", Better::higher, {812'345.5}},
      {"latency_p99", "latency p99", "ms", Better::lower, {2345.678}},
      {"@SUM(1)", "a figure, with \"quotes\"", "µs", Better::lower, {0.000123}},
      {"reach", "reach", "%", Better::higher, {99.987}},
      {"lost", "lost", "", Better::zero, {1234}},
      {"duplicated", "duplicated", "", Better::zero, {0}},
      {"misordered", "out of order", "", Better::zero, {1}},
  };
  record_tail(report.latency, 5000, 180'000'000);
  std::vector<Second> seconds = some_seconds(4, 40, 0);
  for (auto& second : seconds) second.server = -1;
  seconds[2].p50_ms = seconds[2].p99_ms = seconds[2].deliveries = 0;
  report.seconds = {seconds};
  report.objectives = judged(report, {"p99=50ms"});
  report.search.of = "rate";
  report.search.unit = "/s";
  report.search.held = 12'800;
  report.search.failed = 14'400;
  report.search.why = "latency p99 was 2,350 ms, more than 50 ms";
  report.search.levels = {6400, 12'800, 25'600, 18'100, 14'400};
  report.search.holds = {true, true, false, false, false};
  report.warnings = {
      "GENERATOR BOUND: its busiest process used 97% of a core, so that the latency is at least in "
      "part its own, and the server may do better than it seems to."};
  report.notes = {"The server refused 12 messages: too_fast.", "<img src=x onerror=alert(1)>"};
  report.is_interrupted = true;
  return report;
}

Report idle_report() {
  Report report;
  report.scenario = "idle";
  report.workload = {{"rooms", "100 rooms of 100 members, who are silent"}};
  report.setup = {{"date", "2026-11-30 16:20 UTC"}};
  report.figures = {
      {"join_p99", "join p99", "ms", Better::lower, {12.5, 13.75}},
      {"server_rss", "server memory per member", "bytes", Better::lower, {9216, 9216}},
      {"disconnects", "disconnects", "", Better::zero, {0, 0}},
  };
  for (int repeat = 0; repeat < 2; ++repeat) {
    std::vector<Second> seconds(3);
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      seconds[i].at_s = static_cast<double>(i);
      seconds[i].generator = 0.01;
      seconds[i].server = 0.02;
    }
    report.seconds.push_back(seconds);
  }
  return report;
}

Report short_report() {
  Report report;
  report.scenario = "fanout";
  report.workload = {{"rooms", "1 room of 2 members, 1 of them sends"}};
  report.figures = {{"latency_p99", "latency p99", "ms", Better::lower, {0.25}},
                    {"lost", "lost", "", Better::zero, {0}}};
  report.latency.record(250'000);
  Second second;
  second.deliveries = second.sent = 1;
  second.p50_ms = second.p99_ms = 0.25;
  second.generator = 0.001;
  report.seconds = {{second}};
  return report;
}

}  // namespace chat::tests
