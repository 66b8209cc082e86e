#include "chat/bench/report/ruler.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "chat/bench/report/amount.hpp"

namespace chat::bench {
namespace {

constexpr double kMostSteps = 5;        // of a linear axis
constexpr double kMostFineDecades = 2;  // with 1, 2 and 5 marked
constexpr double kMostNines = 12;
constexpr double kMostNineLabels = 5;
constexpr double kLeastLogarithm = -9;
constexpr double kSlack = 1e-9;  // of what is rounded

/// 1, 2 or 5 times a power of ten, not below `value`; `value` > 0.
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (value <= factor * power * (1 + kSlack)) return factor * power;
  }
  return 10 * power;
}

double round_down(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {5.0, 2.0}) {
    if (value >= factor * power * (1 - kSlack)) return factor * power;
  }
  return power;
}

/// "90", "99", "99.9", …
std::string percent_of_nines(std::size_t nines) {
  if (nines == 1) return "90";
  return nines == 2 ? "99" : "99." + std::string(nines - 2, '9');
}

double logarithm(double value) {
  return value > 0 ? std::max(std::log10(value), kLeastLogarithm) : kLeastLogarithm;
}

}  // namespace

double Ruler::stretched(double value) const noexcept {
  switch (scale_) {
    case Scale::linear: return value;
    case Scale::logarithmic: return logarithm(value);
    case Scale::nines: return value < 1 ? std::min(-std::log10(1 - value), kMostNines) : kMostNines;
  }
  return value;
}

double Ruler::place(double value) const noexcept {
  const double share = (stretched(value) - low_) / (high_ - low_);
  return share > 0 ? std::min(share, 1.0) : 0;  // nor -0, nor NaN
}

void Ruler::mark(double value, std::string label) {
  ticks_.push_back({place(value), std::move(label)});
}

Ruler Ruler::linear(double most, double least_step) {
  const double top = most > 0 && std::isfinite(most) ? most : 1;
  const double step = std::max(round_up(top / kMostSteps), least_step);
  const double steps = std::ceil(top / step - kSlack);
  Ruler ruler(Scale::linear, 0, steps * step);
  for (double i = 0; i <= steps; ++i) ruler.mark(i * step, amount(i * step));
  return ruler;
}

Ruler Ruler::logarithmic(double least, double most) {
  const double floor = std::pow(10, kLeastLogarithm);
  const double bottom = round_down(std::max(least, floor));
  double top = round_up(std::max({most, bottom, floor}));
  if (top <= bottom * (1 + kSlack)) top = round_up(bottom * 2);
  Ruler ruler(Scale::logarithmic, std::log10(bottom), std::log10(top));
  const double decades = ruler.high_ - ruler.low_;
  const double stride = std::ceil(decades / 6);
  for (double power = std::floor(ruler.low_); power <= ruler.high_ + kSlack; power += stride) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, power);
      const bool is_inside = value >= bottom * (1 - kSlack) && value <= top * (1 + kSlack);
      if (is_inside && (factor == 1 || decades <= kMostFineDecades)) {
        ruler.mark(value, amount(value));
      }
    }
  }
  return ruler;
}

Ruler Ruler::nines(double most) {
  const double nines = most < 1 ? std::ceil(-std::log10(1 - most) - kSlack) : kMostNines;
  Ruler ruler(Scale::nines, 0, std::clamp(nines, 1.0, kMostNines));
  ruler.mark(0.5, "50");
  const double stride = std::ceil(ruler.high_ / kMostNineLabels);
  for (double i = 1; i <= ruler.high_; i += stride) {
    ruler.mark(1 - std::pow(10, -i), percent_of_nines(static_cast<std::size_t>(i)));
  }
  return ruler;
}

}  // namespace chat::bench
