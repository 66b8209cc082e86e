#include "chat/bench/report/timeline.hpp"

#include <algorithm>

namespace chat::bench {
namespace {

using Member = double Second::*;
using Seconds = std::vector<Second>;

struct Range {
  std::size_t begin;
  std::size_t end;
};

/// In the part of a repeat that is in `range`; what is negative was not measured.
std::optional<double> mean(const Seconds& repeat, Range range, Member member) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t i = range.begin; i < std::min(range.end, repeat.size()); ++i) {
    if (repeat[i].*member < 0) continue;
    sum += repeat[i].*member;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

/// The same of the worst second; 0 was not measured.
std::optional<double> worst(const Seconds& repeat, Range range, Member member) {
  double most = 0;
  for (std::size_t i = range.begin; i < std::min(range.end, repeat.size()); ++i) {
    most = std::max(most, repeat[i].*member);
  }
  return most > 0 ? std::optional(most) : std::nullopt;
}

template <class Of>
std::optional<Spread> over_repeats(const Report& report, Of of) {
  std::vector<double> values;
  for (const auto& repeat : report.seconds) {
    if (const auto value = of(repeat)) values.push_back(*value);
  }
  return values.empty() ? std::nullopt : std::optional(spread_of(values));
}

Moment moment_of(const Report& report, double at_s, Range range) {
  const auto averaged = [&](Member member) {
    return over_repeats(report, [=](const Seconds& repeat) { return mean(repeat, range, member); });
  };
  const auto at_worst = [&](Member member) {
    return over_repeats(report,
                        [=](const Seconds& repeat) { return worst(repeat, range, member); });
  };
  Moment moment;
  moment.at_s = at_s;
  moment.deliveries = averaged(&Second::deliveries);
  moment.sent = averaged(&Second::sent);
  moment.p50_ms = at_worst(&Second::p50_ms);
  moment.p99_ms = at_worst(&Second::p99_ms);
  moment.generator = averaged(&Second::generator);
  moment.server = averaged(&Second::server);
  return moment;
}

}  // namespace

Timeline timeline_of(const Report& report, std::size_t most) {
  const auto longest = std::max_element(
      report.seconds.begin(), report.seconds.end(),
      [](const Seconds& one, const Seconds& other) { return one.size() < other.size(); });
  Timeline timeline;
  if (longest == report.seconds.end() || longest->empty() || most == 0) return timeline;
  timeline.step_s = (longest->size() + most - 1) / most;
  for (std::size_t begin = 0; begin < longest->size(); begin += timeline.step_s) {
    timeline.moments.push_back(
        moment_of(report, (*longest)[begin].at_s, {begin, begin + timeline.step_s}));
  }
  return timeline;
}

}  // namespace chat::bench
