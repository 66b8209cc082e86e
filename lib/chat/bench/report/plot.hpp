#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace chat::bench {

/// A line of a plot. A point whose `y` is not finite is a gap.
struct Series {
  struct Point {
    double x;
    double y;
  };
  struct Band {
    double x;
    double low;
    double high;
  };

  std::string name;  ///< in the legend
  std::vector<Point> points;
  std::vector<Band> band;  ///< drawn below the line; may be empty
  /// How it looks, so that the same run looks alike in all plots: a colour and a dash pattern.
  std::size_t look = 0;
};

struct Plot {
  enum class X { time, nines };  ///< seconds from 0, linear; quantiles, by their nines
  enum class Y { linear, logarithmic };

  std::string id;     ///< of its elements; letters, digits, '-'
  std::string title;  ///< for people, as the rest
  std::string x_title;
  std::string y_title;      ///< with the unit
  std::string description;  ///< what it shows, for who does not see it
  std::string nothing;      ///< said in its place when no series has a point
  X x = X::time;
  Y y = Y::linear;
  std::vector<Series> series;
};

/// `plot` as an HTML figure with an inline SVG that is as wide as what it stands in while its
/// labels keep their size. What it needs of styles is in page_style. All texts are escaped.
std::string html_of(const Plot& plot);

/// The line of a legend: how `look` looks. 30 looks can be told apart.
std::string swatch_of(std::size_t look);

}  // namespace chat::bench
