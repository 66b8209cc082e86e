#include "chat/metrics/exposition.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
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

Exposition read(const std::string& text) {
  static const std::regex help(R"(# HELP ([a-z0-9_]+) (\S.*))");
  static const std::regex type(R"(# TYPE ([a-z0-9_]+) (counter|gauge|histogram))");
  static const std::regex sample(
      R"(([a-z0-9_]+)(\{[a-z0-9_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z0-9_]+="(?:[^"\\\n]|\\["\\n])*")*\})? )"
      R"(([-+0-9.eE]+|\+Inf))");
  REQUIRE(!text.empty());
  REQUIRE(text.back() == '\n');
  Exposition read;
  std::set<std::string> seen;
  std::string current;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      REQUIRE(read.helps.insert(match[1]).second);
      current = match[1];
    } else if (std::regex_match(line, match, type)) {
      REQUIRE(match[1] == current);
      REQUIRE(read.types.emplace(match[1], match[2]).second);
    } else {
      REQUIRE(std::regex_match(line, match, sample));
      REQUIRE(family_of(match[1], read.types) == current);
      REQUIRE(seen.insert(match[1].str() + match[2].str()).second);
      read.samples.push_back({match[1], match[2], std::stod(match[3])});
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
    const auto exposition = read(to_prometheus(stats, false));
    CHECK(exposition.samples.size() >= 20);
    for (const auto& [name, type] : exposition.types) {
      CAPTURE(name);
      CHECK(name.rfind("chat_", 0) == 0);
      const bool total = name.size() > 6 && name.compare(name.size() - 6, 6, "_total") == 0;
      CHECK(total == (type == "counter"));
    }
  }
}

TEST_CASE("exposition: shows what was counted", "[metrics]") {
  const auto exposition = read(to_prometheus(busy_stats(), false));
  CHECK(exposition.value("chat_connections") == 3);
  CHECK(exposition.value("chat_members_plain") == 1);
  CHECK(exposition.value("chat_members_v1") == 2);
  CHECK(exposition.value("chat_rooms") == 4);
  CHECK(exposition.value("chat_deliveries_total") == 1'234'567'890'123.0);
  CHECK(exposition.value("chat_resumes_total", R"({outcome="recovered"})") == 0);
  CHECK(exposition.value("chat_resumes_total", R"({outcome="trimmed"})") == 6);
  CHECK(exposition.value("chat_errors_total", R"({code="bad_json"})") == 1);
  CHECK(exposition.value("chat_errors_total", R"({code="busy"})") == 2);
  CHECK(exposition.value("chat_closes_total", R"({code="1000"})") == 8);
}

TEST_CASE("exposition: readiness goes while draining", "[metrics]") {
  CHECK(read(to_prometheus({}, false)).value("chat_ready") == 1);
  CHECK(read(to_prometheus({}, true)).value("chat_ready") == 0);
}

TEST_CASE("exposition: a histogram's buckets add up to its count, the last is +Inf",
          "[metrics][histogram]") {
  const auto stats = busy_stats();
  const auto exposition = read(to_prometheus(stats, false));
  for (const std::string name : {"chat_delivery_seconds", "chat_loop_lag_seconds"}) {
    CAPTURE(name);
    static const std::regex bound(R"re(\{le="([^"]+)"\})re");
    double last_bound = -1;
    double last_count = 0;
    std::string last_label;
    for (const auto& sample : exposition.samples) {
      if (sample.name != name + "_bucket") continue;
      std::smatch match;
      REQUIRE(std::regex_match(sample.labels, match, bound));
      last_label = match[1];
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
  const auto exposition = read(to_prometheus(stats, false));
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
  const auto exposition = read(to_prometheus(stats, false));
  CHECK(exposition.value("chat_errors_total", R"({code="a\"} 1\nchat_ready 7\\"})") == 5);
  CHECK(exposition.value("chat_ready") == 1);
}

}  // namespace
}  // namespace chat::tests
