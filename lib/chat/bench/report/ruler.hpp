#pragma once

#include <string>
#include <vector>

namespace chat::bench {

/// One axis of a plot: where a value stands on it, and what is written beside it.
class Ruler {
 public:
  struct Tick {
    double at;  ///< 0 to 1
    std::string label;
  };

  /// From 0 to a round number that is not below `most`, with marks at least `least_step` apart.
  static Ruler linear(double most, double least_step = 0);
  /// Logarithmic, between round numbers around the two. What is not above 0 stands at the low end.
  static Ruler logarithmic(double least, double most);
  /// Of quantiles below 1 by their nines, 1 / (1 - q) being logarithmic, as HdrHistogram draws
  /// them: from 0 up to at least `most`.
  static Ruler nines(double most);

  /// 0 (low) to 1; what is beyond the ends stands at them.
  double place(double value) const noexcept;
  const std::vector<Tick>& ticks() const noexcept { return ticks_; }

 private:
  enum class Scale { linear, logarithmic, nines };
  Ruler(Scale scale, double low, double high) : scale_(scale), low_(low), high_(high) {}

  double stretched(double value) const noexcept;
  void mark(double value, std::string label);

  Scale scale_;
  double low_;   // stretched
  double high_;  // stretched; above low_
  std::vector<Tick> ticks_;
};

}  // namespace chat::bench
