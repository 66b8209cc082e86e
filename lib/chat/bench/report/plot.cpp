#include "chat/bench/report/plot.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "chat/bench/report/html_text.hpp"
#include "chat/bench/report/ruler.hpp"

namespace chat::bench {
namespace {

constexpr double kCanvas = 1000;    // width and height of the lines' own coordinates
constexpr std::size_t kColors = 6;  // as in page_style, as the next
constexpr std::size_t kDashes = 5;

using Point = Series::Point;

std::string fixed(double value) {
  std::array<char, 32> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                     std::chars_format::fixed, 1);
  return {digits.data(), written.ptr};
}

std::string percent(double share) { return fixed(100 * share) + "%"; }

std::string look_classes(std::size_t look) {
  return "c" + std::to_string(look % kColors) + " d" + std::to_string(look % kDashes);
}

// ---- axes

struct Extent {
  double least_y;
  double most_y;
  double most_x;
};

/// Of all points and bands; nullopt when there is no point.
std::optional<Extent> extent_of(const Plot& plot) {
  std::optional<Extent> extent;
  const auto include = [&](double x, double low, double high) {
    if (!extent) extent = Extent{low, high, x};
    extent->least_y = std::min(extent->least_y, low);
    extent->most_y = std::max(extent->most_y, high);
    extent->most_x = std::max(extent->most_x, x);
  };
  for (const auto& series : plot.series) {
    for (const auto& [x, y] : series.points) {
      if (std::isfinite(y)) include(x, y, y);
    }
    for (const auto& [x, low, high] : series.band) include(x, low, high);
  }
  return extent;
}

struct Axes {
  Ruler x;
  Ruler y;
};

Axes axes_of(const Plot& plot, const Extent& extent) {
  return {plot.x == Plot::X::nines ? Ruler::nines(extent.most_x) : Ruler::linear(extent.most_x, 1),
          plot.y == Plot::Y::logarithmic ? Ruler::logarithmic(extent.least_y, extent.most_y)
                                         : Ruler::linear(extent.most_y)};
}

std::string grid_line(const std::string& x1, const std::string& x2, const std::string& y1,
                      const std::string& y2) {
  return "<line x1=\"" + x1 + "\" x2=\"" + x2 + "\" y1=\"" + y1 + "\" y2=\"" + y2 + "\"/>";
}

std::string grid(const Axes& axes) {
  std::string svg = "<g class=\"grid\">";
  for (const auto& tick : axes.y.ticks()) {
    const std::string y = percent(1 - tick.at);
    svg += grid_line("0", "100%", y, y);
  }
  for (const auto& tick : axes.x.ticks()) {
    const std::string x = percent(tick.at);
    svg += grid_line(x, x, "0", "100%");
  }
  return svg + "</g>";
}

std::string labels(const Axes& axes) {
  std::string svg = "<g class=\"ticks\" aria-hidden=\"true\">";
  for (const auto& tick : axes.y.ticks()) {
    svg += "<text class=\"y\" x=\"0\" y=\"" + percent(1 - tick.at) + "\" dx=\"-8\" dy=\"4\">" +
           html_text(tick.label) + "</text>";
  }
  for (const auto& tick : axes.x.ticks()) {
    svg += "<text class=\"x\" x=\"" + percent(tick.at) + "\" y=\"100%\" dy=\"18\">" +
           html_text(tick.label) + "</text>";
  }
  return svg + "</g>";
}

// ---- lines

/// "X Y" on the canvas.
std::string canvas_point(const Axes& axes, double x, double y) {
  return fixed(kCanvas * axes.x.place(x)) + " " + fixed(kCanvas * (1 - axes.y.place(y)));
}

/// Runs of points without a gap.
std::vector<std::vector<Point>> runs_of(const std::vector<Point>& points) {
  std::vector<std::vector<Point>> runs;
  bool is_gap = true;
  for (const auto& point : points) {
    if (!std::isfinite(point.y)) {
      is_gap = true;
      continue;
    }
    if (is_gap) runs.emplace_back();
    is_gap = false;
    runs.back().push_back(point);
  }
  return runs;
}

std::string line_path(const Axes& axes, const std::vector<Point>& points) {
  std::string path;
  for (const auto& run : runs_of(points)) {
    for (std::size_t i = 0; i < run.size(); ++i) {
      path += (i == 0 ? "M" : "L") + canvas_point(axes, run[i].x, run[i].y);
    }
  }
  return path;
}

std::string band_path(const Axes& axes, const std::vector<Series::Band>& band) {
  std::string path;
  for (std::size_t i = 0; i < band.size(); ++i) {
    path += (i == 0 ? "M" : "L") + canvas_point(axes, band[i].x, band[i].high);
  }
  for (auto at = band.rbegin(); at != band.rend(); ++at) {
    path += "L" + canvas_point(axes, at->x, at->low);
  }
  return path + "Z";
}

/// Points that no line goes to.
std::string dots(const Axes& axes, const Series& series) {
  std::string svg;
  for (const auto& run : runs_of(series.points)) {
    if (run.size() > 1) continue;
    svg += "<circle class=\"" + look_classes(series.look) + "\" cx=\"" +
           percent(axes.x.place(run[0].x)) + "\" cy=\"" + percent(1 - axes.y.place(run[0].y)) +
           "\" r=\"4\"/>";
  }
  return svg;
}

std::string lines(const Axes& axes, const std::vector<Series>& all) {
  std::string bands;
  std::string paths;
  std::string circles;
  for (const auto& series : all) {
    if (!series.band.empty()) {
      bands += "<path class=\"band " + look_classes(series.look) + "\" d=\"" +
               band_path(axes, series.band) + "\"/>";
    }
    paths += "<path class=\"series " + look_classes(series.look) + "\" data-name=\"" +
             html_text(series.name) + "\" d=\"" + line_path(axes, series.points) + "\"/>";
    circles += dots(axes, series);
  }
  return "<svg class=\"lines\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" "
         "width=\"100%\" height=\"100%\">" +
         bands + paths + "</svg>" + circles;
}

// ---- around it

std::string legend(const std::vector<Series>& all) {
  std::string html = "<ul class=\"legend\">";
  for (const auto& series : all) {
    html += "<li>" + swatch_of(series.look) + "<span class=\"called\">" + html_name(series.name) +
            "</span></li>";
  }
  return html + "</ul>";
}

std::string svg_of(const Plot& plot, const Extent& extent) {
  const Axes axes = axes_of(plot, extent);
  const std::string id = html_text(plot.id);
  return "<div class=\"frame\"><svg class=\"plot\" role=\"img\" aria-labelledby=\"" + id + "-t " +
         id + "-d\"><title id=\"" + id + "-t\">" + html_text(plot.title) + "</title><desc id=\"" +
         id + "-d\">" + html_text(plot.description) + "</desc>" + grid(axes) + labels(axes) +
         lines(axes, plot.series) + "</svg></div><p class=\"x-title\">" + html_text(plot.x_title) +
         "</p>";
}

}  // namespace

std::string swatch_of(std::size_t look) {
  return "<svg class=\"swatch\" width=\"34\" height=\"10\" aria-hidden=\"true\"><line "
         "class=\"series " +
         look_classes(look) + "\" x1=\"0\" x2=\"34\" y1=\"5\" y2=\"5\"/></svg>";
}

std::string html_of(const Plot& plot) {
  std::string html = "<figure class=\"card\" id=\"" + html_text(plot.id) + "\"><figcaption><h3>" +
                     html_text(plot.title) + "</h3>";
  const auto extent = extent_of(plot);
  if (!extent) {
    return html + "</figcaption><p class=\"nothing\">" + html_text(plot.nothing) +
           "</p></figure>\n";
  }
  html += "<p class=\"y-title\">" + html_text(plot.y_title) + "</p></figcaption>";
  return html + legend(plot.series) + svg_of(plot, *extent) + "</figure>\n";
}

}  // namespace chat::bench
