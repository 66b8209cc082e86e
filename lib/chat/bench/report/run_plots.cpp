#include "chat/bench/report/run_plots.hpp"

#include <cmath>
#include <limits>

#include "chat/bench/report/amount.hpp"
#include "chat/bench/report/percentiles.hpp"

namespace chat::bench {
namespace {

constexpr std::size_t kMostMoments = 300;  // more than the lines' pixels help nobody
constexpr double kPointsPerNine = 20;
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
constexpr double kPercent = 100;

using Measured = std::optional<Spread> Moment::*;

/// A thing that has a line over the time.
struct Thing {
  const char* name;
  Measured measured;
  double scale;
  const char* unit;
};

constexpr Thing kDeliveries{"deliveries", &Moment::deliveries, 1, "/s"};
constexpr Thing kP50{"p50", &Moment::p50_ms, 1, "ms"};
constexpr Thing kP99{"p99", &Moment::p99_ms, 1, "ms"};
constexpr Thing kGenerator{"generator (its busiest process)", &Moment::generator, kPercent, "%"};
constexpr Thing kServer{"server", &Moment::server, kPercent, "%"};

double ms_at(const base::Histogram& latency, double quantile) {
  return static_cast<double>(latency.quantile(quantile)) / kNsPerMs;
}

Series latency_series(const DrawnRun& run, std::size_t look) {
  Series series{run.name, {}, {}, look};
  if (run.latency->count() == 0) return series;
  const double nines = std::log10(static_cast<double>(run.latency->count()));
  for (double at = 0; at < nines; at += 1 / kPointsPerNine) {
    const double quantile = 1 - std::pow(10, -at);
    series.points.push_back({quantile, ms_at(*run.latency, quantile)});
  }
  series.points.push_back({1 - std::pow(10, -nines), ms_at(*run.latency, 1)});
  return series;
}

std::string percentiles_text(const DrawnRun& run) {
  if (run.latency->count() == 0) return run.name + ": nothing was delivered.";
  std::string text;
  for (const auto& [title, quantile] : kPercentiles) {
    text += (text.empty() ? "" : ", ") + std::string(title) + " " +
            amount(ms_at(*run.latency, quantile), "ms");
  }
  return run.name + ": " + text + ".";
}

Series time_series(const DrawnRun& run, const Thing& thing, const std::string& name,
                   std::size_t look) {
  Series series{name, {}, {}, look};
  for (const auto& moment : run.timeline.moments) {
    const auto& measured = moment.*thing.measured;
    series.points.push_back({moment.at_s, measured ? thing.scale * measured->median : kGap});
  }
  return series;
}

void add_band(Series& series, const DrawnRun& run, const Thing& thing) {
  for (const auto& moment : run.timeline.moments) {
    if (const auto& measured = moment.*thing.measured) {
      series.band.push_back(
          {moment.at_s, thing.scale * measured->least, thing.scale * measured->most});
    }
  }
}

bool has_points(const Series& series) {
  for (const auto& point : series.points) {
    if (std::isfinite(point.y)) return true;
  }
  return false;
}

/// "p99: 5.1 to 9.4 ms."
std::string range_words(const Series& series, const std::string& unit) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (const auto& point : series.points) {
    if (!std::isfinite(point.y)) continue;
    least = std::min(least, point.y);
    most = std::max(most, point.y);
  }
  if (least > most) return series.name + ": not measured.";
  return series.name + ": " + amount(least) + " to " + amount(most, unit) + ".";
}

std::size_t step_of(const std::vector<DrawnRun>& runs) {
  std::size_t step = 1;
  for (const auto& run : runs) step = std::max(step, run.timeline.step_s);
  return step;
}

Plot time_plot(const char* id, const char* title, const char* y_title, const char* nothing,
               std::size_t step) {
  Plot plot;
  plot.id = id;
  plot.title = title;
  plot.y_title = y_title;
  plot.nothing = nothing;
  plot.x_title = step == 1 ? "seconds" : "seconds, " + std::to_string(step) + " to a point";
  return plot;
}

void add(Plot& plot, Series series, const std::string& unit) {
  if (!has_points(series)) return;
  plot.description += (plot.description.empty() ? "" : " ") + range_words(series, unit);
  plot.series.push_back(std::move(series));
}

Plot of_one(Plot plot, const DrawnRun& run, std::initializer_list<Thing> things) {
  for (const auto& thing : things) {
    Series series = time_series(run, thing, thing.name, plot.series.size());
    add_band(series, run, thing);
    add(plot, std::move(series), thing.unit);
  }
  return plot;
}

Plot of_all(Plot plot, const std::vector<DrawnRun>& runs, const Thing& thing) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    add(plot, time_series(runs[i], thing, runs[i].name, i), thing.unit);
  }
  return plot;
}

Plot logarithmic(Plot plot) {
  plot.y = Plot::Y::logarithmic;
  return plot;
}

constexpr const char* kNothingCame = "Nothing was delivered.";
constexpr const char* kNotMeasured = "It was not measured.";

}  // namespace

DrawnRun drawn(const std::string& name, const Report& report) {
  return {name, &report.latency, timeline_of(report, kMostMoments)};
}

Plot latency_plot(const std::vector<DrawnRun>& runs) {
  Plot plot;
  plot.id = "plot-latency";
  plot.title = "Latency by percentile";
  plot.x_title = "percentile";
  plot.y_title = "ms, from planned sending to arrival; logarithmic";
  plot.nothing = kNothingCame;
  plot.x = Plot::X::nines;
  plot.y = Plot::Y::logarithmic;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    plot.description += (i == 0 ? "" : " ") + percentiles_text(runs[i]);
    Series series = latency_series(runs[i], i);
    if (has_points(series)) plot.series.push_back(std::move(series));
  }
  return plot;
}

std::vector<Plot> time_plots(const DrawnRun& run) {
  const std::size_t step = run.timeline.step_s;
  return {of_one(time_plot("plot-rate", "Deliveries by second", "a second", kNothingCame, step),
                 run, {kDeliveries}),
          of_one(logarithmic(time_plot("plot-latency-time", "Latency by second", "ms; logarithmic",
                                       kNothingCame, step)),
                 run, {kP99, kP50}),
          of_one(time_plot("plot-cpu", "CPU by second", "% of a core", kNotMeasured, step), run,
                 {kServer, kGenerator})};
}

std::vector<Plot> time_plots(const std::vector<DrawnRun>& runs) {
  const std::size_t step = step_of(runs);
  return {of_all(time_plot("plot-rate", "Deliveries by second", "a second", kNothingCame, step),
                 runs, kDeliveries),
          of_all(logarithmic(time_plot("plot-latency-time", "Latency p99 by second",
                                       "ms; logarithmic", kNothingCame, step)),
                 runs, kP99),
          of_all(time_plot("plot-server-cpu", "Server CPU by second", "% of a core", kNotMeasured,
                           step),
                 runs, kServer),
          of_all(time_plot("plot-generator-cpu", "Generator CPU by second",
                           "% of a core, its busiest process", kNotMeasured, step),
                 runs, kGenerator)};
}

}  // namespace chat::bench
