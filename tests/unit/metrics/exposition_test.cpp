#include "chat/metrics/exposition.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace chat::tests {
namespace {

using metrics::to_prometheus;
using metrics::WorkerStats;

struct Sample {
  std::string name;
  std::string labels;  // as written, with braces; empty = none
  double value = 0;
};

/// What a scraper reads: https://prometheus.io/docs/instrumenting/exposition_formats/
struct Exposition {
  std::map<std::string, std::string> types;
  std::set<std::string> helps;
  std::vector<Sample> samples;

  double value(const std::string& name, const std::string& labels = "") const {
    for (const auto& sample : samples) {
      if (sample.name == name && sample.labels == labels) return sample.value;
    }
    FAIL("no sample " << name << labels);
    return 0;
  }
};

/// The family that a sample belongs to: a histogram's have a suffix.
std::string family_of(const std::string& name, const std::map<std::string, std::string>& types) {
  for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
    if (name.size() <= suffix.size()) continue;
    const auto stem = name.substr(0, name.size() - suffix.size());
    const auto type = types.find(stem);
    const bool ends = name.compare(stem.size(), std::string::npos, suffix) == 0;
    if (ends && type != types.end() && type->second == "histogram") return stem;
  }
  return name;
}

/// Takes one line apart. Not by std::regex, which does not compile under ASan without warnings.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  bool skip(std::string_view text) {
    if (rest_.substr(0, text.size()) != text) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string name() {
    const auto taken = take(rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"));
    REQUIRE_FALSE(taken.empty());
    REQUIRE_FALSE((taken[0] >= '0' && taken[0] <= '9'));
    return taken;
  }
  /// {a="b",c="d"} as it is written; empty when there is none.
  std::string labels() {
    const auto all = rest_;
    if (!skip("{")) return {};
    do {
      name();
      REQUIRE(skip("=\""));
      while (!skip("\"")) {
        REQUIRE_FALSE(rest_.empty());
        const bool escaped = skip("\\");
        if (escaped) REQUIRE(std::string_view("\\\"n").find(rest_[0]) != std::string_view::npos);
        rest_.remove_prefix(1);
      }
    } while (skip(","));
    REQUIRE(skip("}"));
    return std::string(all.substr(0, all.size() - rest_.size()));
  }
  double number() {
    std::size_t used = 0;
    const std::string text(rest_);
    const double value = std::stod(text, &used);
    REQUIRE(used == text.size());
    return value;
  }
  std::string to_end() { return take(std::string_view::npos); }

 private:
  std::string take(std::size_t count) {
    const std::string taken(rest_.substr(0, count));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
};

Exposition read(const std::string& text) {
  REQUIRE(!text.empty());
  REQUIRE(text.back() == '\n');
  Exposition read;
  std::set<std::string> seen;
  std::string current;
  std::istringstream lines(text);
  for (std::string each; std::getline(lines, each);) {
    CAPTURE(each);
    Line line(each);
    if (line.skip("# HELP ")) {
      current = line.name();
      REQUIRE(read.helps.insert(current).second);
      REQUIRE(line.skip(" "));
      REQUIRE_FALSE(line.to_end().empty());
    } else if (line.skip("# TYPE ")) {
      REQUIRE(line.name() == current);
      REQUIRE(line.skip(" "));
      const auto type = line.to_end();
      REQUIRE((type == "counter" || type == "gauge" || type == "histogram"));
      REQUIRE(read.types.emplace(current, type).second);
    } else {
      Sample sample;
      sample.name = line.name();
      sample.labels = line.labels();
      REQUIRE(line.skip(" "));
      sample.value = line.number();
      REQUIRE(family_of(sample.name, read.types) == current);
      REQUIRE(seen.insert(sample.name + sample.labels).second);
      read.samples.push_back(sample);
    }
  }
  REQUIRE(read.types.size() == read.helps.size());
  return read;
}

WorkerStats busy_stats() {
  WorkerStats stats;
  stats.connections = 3;
  stats.members_plain = 1;
  stats.members_v1 = 2;
  stats.rooms = 4;
  stats.deliveries = 1'234'567'890'123;
  stats.resumes_trimmed = 6;
  stats.errors_by_code = {{"bad_json", 1}, {"busy", 2}};
  stats.closes_by_code = {{"1000", 8}};
  for (std::uint64_t ns = 1000; ns < 20'000'000'000; ns *= 3) stats.delivery_ns.record(ns, 2);
  return stats;
}

TEST_CASE("exposition: every line is Prometheus text, each sample once under its HELP and TYPE",
          "[metrics]") {
  for (const auto& stats : {WorkerStats(), busy_stats()}) {
    const auto exposition = read(to_prometheus(stats, {}, true));
    CHECK(exposition.samples.size() >= 20);
    for (const auto& [name, type] : exposition.types) {
      CAPTURE(name);
      CHECK((name.rfind("chat_", 0) == 0 || name.rfind("process_", 0) == 0));
      const bool total = name.size() > 6 && name.compare(name.size() - 6, 6, "_total") == 0;
      CHECK(total == (type == "counter"));
    }
  }
}

TEST_CASE("exposition: shows what was counted", "[metrics]") {
  const auto exposition = read(to_prometheus(busy_stats(), {}, false));
  CHECK(exposition.value("chat_connections") == 3);
  CHECK(exposition.value("chat_members", R"({dialect="plain"})") == 1);
  CHECK(exposition.value("chat_members", R"({dialect="v1"})") == 2);
  CHECK(exposition.value("chat_rooms") == 4);
  CHECK(exposition.value("chat_deliveries_total") == 1'234'567'890'123.0);
  CHECK(exposition.value("chat_resumes_total", R"({outcome="recovered"})") == 0);
  CHECK(exposition.value("chat_resumes_total", R"({outcome="trimmed"})") == 6);
  CHECK(exposition.value("chat_errors_total", R"({code="bad_json"})") == 1);
  CHECK(exposition.value("chat_errors_total", R"({code="busy"})") == 2);
  CHECK(exposition.value("chat_closes_total", R"({code="1000"})") == 8);
}

TEST_CASE("exposition: shows what the process has used", "[metrics]") {
  metrics::ProcessStats process;
  process.user_s = 1234.5;
  process.system_s = 0.25;
  process.voluntary_switches = 7;
  process.involuntary_switches = 8;
  const auto exposition = read(to_prometheus({}, process, true));
  CHECK(exposition.value("process_cpu_seconds_total") == 1234.75);
  CHECK(exposition.value("process_cpu_user_seconds_total") == 1234.5);
  CHECK(exposition.value("process_cpu_system_seconds_total") == 0.25);
  CHECK(exposition.value("process_voluntary_context_switches_total") == 7);
  CHECK(exposition.value("process_involuntary_context_switches_total") == 8);
  CHECK(exposition.types.count("process_resident_memory_bytes") == 0);
  process.resident_bytes = 123'456'789'012;
  CHECK(read(to_prometheus({}, process, true)).value("process_resident_memory_bytes") ==
        123'456'789'012.0);
}

TEST_CASE("process stats: the kernel knows what this one has used", "[metrics]") {
  const auto before = metrics::own_process();
  CHECK(before.user_s + before.system_s > 0);
  REQUIRE(before.resident_bytes);
  CHECK(*before.resident_bytes > 100'000);
  const std::vector<char> touched(64U << 20, 'x');
  const auto after = metrics::own_process();
  CHECK(*after.resident_bytes > *before.resident_bytes + touched.size() / 2);
  CHECK(after.user_s + after.system_s >= before.user_s + before.system_s);
  CHECK(after.voluntary_switches >= before.voluntary_switches);
  CHECK(after.involuntary_switches >= before.involuntary_switches);
}

TEST_CASE("exposition: readiness goes while draining", "[metrics]") {
  CHECK(read(to_prometheus({}, {}, true)).value("chat_ready") == 1);
  CHECK(read(to_prometheus({}, {}, false)).value("chat_ready") == 0);
}

TEST_CASE("exposition: a histogram's buckets add up to its count, the last is +Inf",
          "[metrics][histogram]") {
  const auto stats = busy_stats();
  const auto exposition = read(to_prometheus(stats, {}, true));
  for (const std::string name : {"chat_delivery_seconds", "chat_loop_lag_seconds"}) {
    CAPTURE(name);
    double last_bound = -1;
    double last_count = 0;
    std::string last_label;
    for (const auto& sample : exposition.samples) {
      if (sample.name != name + "_bucket") continue;
      Line label(sample.labels);
      REQUIRE(label.skip("{le=\""));
      last_label = label.to_end();
      REQUIRE(last_label.size() > 2);
      last_label.resize(last_label.size() - 2);
      const double upper = last_label == "+Inf" ? 1e300 : std::stod(last_label);
      CHECK(upper > last_bound);
      CHECK(sample.value >= last_count);
      last_bound = upper;
      last_count = sample.value;
    }
    CHECK(last_label == "+Inf");
    CHECK(last_count == exposition.value(name + "_count"));
  }
  CHECK(exposition.value("chat_delivery_seconds_count") ==
        static_cast<double>(stats.delivery_ns.count()));
  CHECK(exposition.value("chat_delivery_seconds_sum") ==
        Approx(static_cast<double>(stats.delivery_ns.sum()) / 1e9));
}

TEST_CASE("exposition: a time is counted in the bucket of its seconds", "[metrics][histogram]") {
  WorkerStats stats;
  stats.delivery_ns.record(2'000'000);
  stats.delivery_ns.record(400'000'000);
  stats.delivery_ns.record(60'000'000'000);
  const auto exposition = read(to_prometheus(stats, {}, true));
  const auto bucket = [&](const std::string& bound) {
    return exposition.value("chat_delivery_seconds_bucket", "{le=\"" + bound + "\"}");
  };
  CHECK(bucket("0.001") == 0);
  CHECK(bucket("0.0025") == 1);
  CHECK(bucket("0.25") == 1);
  CHECK(bucket("0.5") == 2);
  CHECK(bucket("5") == 2);
  CHECK(bucket("+Inf") == 3);
}

TEST_CASE("exposition: a label cannot break out of its quotes", "[metrics]") {
  WorkerStats stats;
  stats.errors_by_code = {{"a\"} 1\nchat_ready 7\\", 5}};
  const auto exposition = read(to_prometheus(stats, {}, true));
  CHECK(exposition.value("chat_errors_total", R"({code="a\"} 1\nchat_ready 7\\"})") == 5);
  CHECK(exposition.value("chat_ready") == 1);
}

}  // namespace
}  // namespace chat::tests
