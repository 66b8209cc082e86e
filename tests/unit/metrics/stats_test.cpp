#include "chat/metrics/stats.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

namespace chat::tests {
namespace {

using metrics::WorkerStats;

const std::vector<std::uint64_t WorkerStats::*> kCounts{&WorkerStats::connections,
                                                        &WorkerStats::members_plain,
                                                        &WorkerStats::members_v1,
                                                        &WorkerStats::rooms,
                                                        &WorkerStats::queue_bytes,
                                                        &WorkerStats::accepted,
                                                        &WorkerStats::handshakes,
                                                        &WorkerStats::http_requests,
                                                        &WorkerStats::published,
                                                        &WorkerStats::repeats,
                                                        &WorkerStats::deliveries,
                                                        &WorkerStats::bytes_sent,
                                                        &WorkerStats::writes,
                                                        &WorkerStats::slow_closes,
                                                        &WorkerStats::descriptors_exhausted,
                                                        &WorkerStats::resumes_recovered,
                                                        &WorkerStats::resumes_trimmed,
                                                        &WorkerStats::resumes_other_epoch};

TEST_CASE("stats: every count of the workers is added up", "[metrics]") {
  WorkerStats first;
  WorkerStats second;
  std::uint64_t value = 0;
  for (const auto count : kCounts) {
    first.*count = ++value;
    second.*count = 100 * value;
  }
  first.add(second);
  value = 0;
  for (const auto count : kCounts) {
    ++value;
    CAPTURE(value);
    CHECK(first.*count == 101 * value);
  }
}

TEST_CASE("stats: codes and times of the workers are put together", "[metrics]") {
  WorkerStats first;
  first.errors_by_code = {{"busy", 1}, {"bad_json", 2}};
  first.closes_by_code = {{"1000", 5}};
  first.delivery_ns.record(100);
  WorkerStats second;
  second.errors_by_code = {{"busy", 10}, {"bad_name", 20}};
  second.closes_by_code = {{"1001", 7}};
  second.delivery_ns.record(300);
  second.loop_lag_ns.record(7);

  first.add(second);

  CHECK(first.errors_by_code ==
        std::map<std::string, std::uint64_t>{{"bad_json", 2}, {"bad_name", 20}, {"busy", 11}});
  CHECK(first.closes_by_code == std::map<std::string, std::uint64_t>{{"1000", 5}, {"1001", 7}});
  CHECK(first.delivery_ns.count() == 2);
  CHECK(first.delivery_ns.sum() == 400);
  CHECK(first.loop_lag_ns.count() == 1);
}

}  // namespace
}  // namespace chat::tests
