#include "chat/bench/run/recorder.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace chat::tests {
namespace {

using bench::Recorder;
using bench::Tick;

constexpr std::uint64_t kSecond = bench::kNanosPerSecond;
constexpr std::uint64_t kMilli = 1'000'000;

/// The ticks of a window as a worker takes them, each when it is due or `late` behind that.
std::vector<Tick> ticks_of(Recorder& recorder, std::uint64_t late, Recorder::Counts counts = {}) {
  std::vector<Tick> ticks;
  std::uint64_t now = 0;
  while (recorder.last() < recorder.end()) {
    now = std::max(now, std::min(recorder.next(), recorder.end()) + late);
    ++counts.sent;
    counts.deliveries += 10;
    ticks.push_back(recorder.take(now, counts));
  }
  return ticks;
}

TEST_CASE("recorder: ticks end with the warm-up, with each second behind it, and with the window",
          "[bench][recorder]") {
  Recorder recorder;
  recorder.start(100 * kMilli, kSecond, 2500 * kMilli, {});
  CHECK(recorder.begin() == kSecond);
  CHECK(recorder.length() == 2500 * kMilli);
  CHECK(recorder.end() == 3500 * kMilli);
  const auto ticks = ticks_of(recorder, 0);
  REQUIRE(ticks.size() == 4);
  const std::vector<std::int64_t> seconds{-1, 0, 1, 2};
  const std::vector<double> lengths{0.9, 1, 1, 0.5};
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    CAPTURE(i);
    CHECK(ticks[i].second == seconds[i]);
    CHECK(ticks[i].length_s == Approx(lengths[i]));
    CHECK(ticks[i].is_measured == (i > 0));
    CHECK(ticks[i].sent == 1);
    CHECK(ticks[i].deliveries == 10);
  }
}

TEST_CASE("recorder: a long warm-up is told of each second: who says nothing is taken for lost",
          "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, 2500 * kMilli, kSecond, {});
  const auto ticks = ticks_of(recorder, 0);
  REQUIRE(ticks.size() == 4);
  const std::vector<double> lengths{1, 1, 0.5, 1};
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    CAPTURE(i);
    CHECK(ticks[i].length_s == Approx(lengths[i]));
    CHECK(ticks[i].is_measured == (i == 3));
    CHECK(ticks[i].second == (i == 3 ? 0 : -1));
  }
}

TEST_CASE("recorder: without a warm-up the first tick of the window is measured",
          "[bench][recorder]") {
  Recorder recorder;
  recorder.start(kSecond, kSecond, kSecond, {});
  const auto tick = recorder.take(2 * kSecond, {});
  CHECK(tick.second == 0);
  CHECK(tick.is_measured);
}

TEST_CASE("recorder: a tick that is late is as long as it was, and the next one ends in time",
          "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, 0, 3 * kSecond, {});
  const auto late = recorder.take(1300 * kMilli, {});
  CHECK(late.second == 0);
  CHECK(late.length_s == Approx(1.3));
  CHECK(recorder.next() == 2 * kSecond);
  const auto next = recorder.take(2 * kSecond, {});
  CHECK(next.second == 1);
  CHECK(next.length_s == Approx(0.7));
}

TEST_CASE("recorder: who stood still for seconds tells of all that time in one tick",
          "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, 0, 5 * kSecond, {});
  const auto tick = recorder.take(3700 * kMilli, {37, 370, 0, 0});
  CHECK(tick.second == 0);
  CHECK(tick.length_s == Approx(3.7));
  CHECK(tick.sent == 37);
  CHECK(recorder.next() == 4 * kSecond);
}

TEST_CASE("recorder: who stood still over the begin makes up for it in the window: that is as long",
          "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, kSecond, 5 * kSecond, {});
  recorder.note({100, 1000, 0, 0});
  const auto warm =
      recorder.take(1400 * kMilli, {130, 1300, 0, 0});  // it has begun to make up for it
  CHECK_FALSE(warm.is_measured);
  CHECK(warm.length_s == Approx(1));
  CHECK(warm.sent == 100);
  CHECK(warm.deliveries == 1000);
  CHECK(recorder.last() == kSecond);
  CHECK(recorder.next() == 2 * kSecond);
  recorder.end_window(1500 * kMilli);
  const auto tick = recorder.take(1500 * kMilli, {150, 1500, 0, 0});
  CHECK(tick.is_measured);
  CHECK(tick.second == 0);
  CHECK(tick.length_s == Approx(0.5));
  CHECK(tick.sent == 50);
  CHECK(tick.deliveries == 500);
}

TEST_CASE("recorder: who slept through the window tells of all of it", "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, kSecond, kSecond, {});
  const auto ticks = ticks_of(recorder, 4 * kSecond);
  REQUIRE(ticks.size() == 2);
  CHECK_FALSE(ticks[0].is_measured);
  CHECK(ticks[0].sent == 0);
  CHECK(ticks[1].is_measured);
  CHECK(ticks[1].second == 0);
  CHECK(ticks[1].sent == 2);
  CHECK(recorder.last() >= recorder.end());
}

TEST_CASE("recorder: what was counted before the start is nobody's", "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, kSecond, kSecond, {100, 1000, 50, 9000});
  const auto warm = recorder.take(kSecond, {101, 1010, 51, 9100});
  CHECK_FALSE(warm.is_measured);
  const auto tick = recorder.take(2 * kSecond, {103, 1030, 53, 9400});
  CHECK(tick.is_measured);
  CHECK(tick.sent == 2);
  CHECK(tick.deliveries == 20);
  CHECK(tick.acked == 2);
  CHECK(tick.bytes == 300);
}

TEST_CASE("recorder: latency is of what was planned in the window, whenever it comes",
          "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, kSecond, kSecond, {});
  recorder.take(kSecond, {});
  recorder.record(kSecond + 1, kSecond - 1);  // planned in the warm-up
  recorder.record(kSecond + 7, kSecond);
  recorder.record(3 * kSecond, 2 * kSecond - 1);
  recorder.record(3 * kSecond, 2 * kSecond);  // planned behind it
  const auto tick = recorder.take(2 * kSecond, {});
  CHECK(tick.latency.count() == 2);
  CHECK(tick.latency.sum() == 7 + kSecond + 1);
  recorder.record(4 * kSecond, kSecond + 5);
  const auto drained = recorder.take(4 * kSecond, {});
  CHECK_FALSE(drained.is_measured);
  CHECK(drained.latency.count() == 1);
}

TEST_CASE("recorder: a window that is stopped is as long as it was", "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, kSecond, 10 * kSecond, {});
  recorder.take(kSecond, {});
  recorder.take(2 * kSecond, {});
  recorder.end_window(2500 * kMilli);
  CHECK(recorder.begin() == kSecond);
  CHECK(recorder.end() == 2500 * kMilli);
  recorder.record(3 * kSecond, 2400 * kMilli);
  recorder.record(3 * kSecond, 2500 * kMilli);  // was never to be measured
  const auto tick = recorder.take(2500 * kMilli, {});
  CHECK(tick.is_measured);
  CHECK(tick.length_s == Approx(0.5));
  CHECK(tick.latency.count() == 1);
}

TEST_CASE("recorder: a window that is stopped while it warms up is none", "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, 2 * kSecond, 10 * kSecond, {});
  recorder.end_window(kSecond);
  CHECK(recorder.end() == kSecond);
  CHECK(recorder.length() == 0);
  recorder.record(kSecond, kSecond / 2);
  const auto tick = recorder.take(kSecond, {5, 50, 0, 0});
  CHECK_FALSE(tick.is_measured);
  CHECK(tick.latency.count() == 0);
}

TEST_CASE("recorder: CPU time is that of the tick", "[bench][recorder]") {
  Recorder recorder;
  recorder.start(0, 0, kSecond, {});
  const std::uint64_t begun = bench::own_cpu();
  while (bench::own_cpu() - begun < 5 * kMilli) {
  }
  CHECK(recorder.take(kSecond, {}).cpu_s >= 0.005);
  CHECK(recorder.take(kSecond, {}).cpu_s < 0.005);
}

}  // namespace
}  // namespace chat::tests
