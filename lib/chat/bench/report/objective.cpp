#include "chat/bench/report/objective.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/bench/report/amount.hpp"
#include "chat/bench/report/percentiles.hpp"

namespace chat::bench {
namespace {

constexpr std::string_view kUnderstood =
    "understood are p50, p90, p95, p99, p99.9 and max = TIME (of the latency; with join_, rejoin_ "
    "or back_ in front: of those), and reach = PERCENT, as in p99=50ms and reach=99.9%";
constexpr std::string_view kLatency = "latency";
constexpr double kMostSeconds = 1e6;

/// What percentiles there are of.
struct Times {
  std::string_view front;  ///< of a bound's name
  std::string_view group;  ///< how the figure's name begins
  std::string_view title;
};
constexpr std::array<Times, 4> kTimes{{
    {"join_", "join", "time to join"},
    {"rejoin_", "rejoin", "time to join again"},
    {"back_", "back", "time to be back"},
    {"", kLatency, kLatency},
}};

struct TimeUnit {
  std::string_view written;
  std::string_view shown;
  double seconds;
};
constexpr std::array<TimeUnit, 5> kTimeUnits{{
    {"ns", "ns", 1e-9},
    {"us", "µs", 1e-6},
    {"µs", "µs", 1e-6},
    {"ms", "ms", 1e-3},
    {"s", "s", 1},
}};

const TimeUnit* time_unit(std::string_view written) {
  for (const auto& unit : kTimeUnits) {
    if (unit.written == written) return &unit;
  }
  return nullptr;
}

const Percentile* percentile(std::string_view title) {
  for (const auto& each : kPercentiles) {
    if (each.title == title) return &each;
  }
  return nullptr;
}

tl::unexpected<std::string> problem(std::string_view text, std::string_view what) {
  return tl::unexpected("objective \"" + base::escape_for_log(text, 60) +
                        "\": " + std::string(what) + "; " + std::string(kUnderstood));
}

/// A number without a sign, and what stands behind it.
std::optional<std::pair<double, std::string_view>> number_and_rest(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (read.ec != std::errc()) return std::nullopt;
  return std::pair(value, text.substr(static_cast<std::size_t>(read.ptr - text.data())));
}

/// The figure that `name` means, as far as it is a time.
std::optional<Bound> time_bound(std::string_view name) {
  for (const auto& [front, group, title] : kTimes) {
    if (name.substr(0, front.size()) != front) continue;
    const auto* const found = percentile(name.substr(front.size()));
    if (found == nullptr) continue;
    Bound bound;
    bound.figure = std::string(group) + "_" + found->title;
    bound.title = std::string(title) + " " + found->title;
    return bound;
  }
  return std::nullopt;
}

bool set_time(Bound& bound, std::string_view value) {
  const auto number = number_and_rest(value);
  const auto* const unit = number ? time_unit(number->second) : nullptr;
  if (unit == nullptr || number->first <= 0 || number->first * unit->seconds > kMostSeconds) {
    return false;
  }
  bound.limit = number->first;
  bound.unit = unit->shown;
  return true;
}

bool set_percent(Bound& bound, std::string_view value) {
  const auto number = number_and_rest(value);
  if (!number || number->second != "%" || number->first > 100) return false;
  bound.limit = number->first;
  bound.unit = "%";
  return true;
}

/// In the bound's unit; both are times, or they are the same.
std::optional<double> converted(double value, std::string_view from, std::string_view to) {
  const auto* const unit = time_unit(from);
  const auto* const wanted = time_unit(to);
  if (unit != nullptr && wanted != nullptr) return value * (unit->seconds / wanted->seconds);
  return from == to ? std::optional(value) : std::nullopt;
}

std::optional<double> quantile_of(const base::Histogram& latency, const Bound& bound) {
  if (latency.count() == 0 || bound.figure.compare(0, kLatency.size(), kLatency) != 0) {
    return std::nullopt;
  }
  const auto* const found = percentile(std::string_view(bound.figure).substr(kLatency.size() + 1));
  if (found == nullptr) return std::nullopt;
  return converted(static_cast<double>(latency.quantile(found->quantile)), "ns", bound.unit);
}

std::optional<double> measured(const Bound& bound, const Report& report) {
  const Figure* const figure = report.figure(bound.figure);
  if (figure == nullptr || figure->values.empty()) return quantile_of(report.latency, bound);
  return converted(spread_of(figure->values).median, figure->unit, bound.unit);
}

Objective judge(const Bound& bound, const Report& report) {
  const bool is_least = bound.side == Bound::Side::at_least;
  Objective objective;
  objective.name = bound.written;
  objective.title =
      bound.title + (is_least ? " ≥ " : " ≤ ") + exact_amount(bound.limit, bound.unit);
  objective.unit = bound.unit;
  const auto value = measured(bound, report);
  objective.is_measured = value.has_value();
  objective.measured = value.value_or(0);
  objective.is_met = value && (is_least ? *value >= bound.limit : *value <= bound.limit);
  return objective;
}

}  // namespace

tl::expected<Bound, std::string> parse_bound(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return problem(text, "it is not NAME=VALUE");
  const auto name = text.substr(0, equals);
  const auto value = text.substr(equals + 1);
  if (name == "reach") {
    Bound bound{std::string(text), "reach", "reach", Bound::Side::at_least, 0, "%"};
    if (!set_percent(bound, value)) return problem(text, "its value is not 0% to 100%");
    return bound;
  }
  auto bound = time_bound(name);
  if (!bound) return problem(text, "its name is not known");
  bound->written = text;
  if (!set_time(*bound, value)) return problem(text, "its value is not a time above 0 with a unit");
  return *bound;
}

std::vector<Objective> judge(const std::vector<Bound>& bounds, const Report& report) {
  std::vector<Objective> objectives;
  objectives.reserve(bounds.size());
  for (const auto& bound : bounds) objectives.push_back(judge(bound, report));
  return objectives;
}

}  // namespace chat::bench
