#include "chat/bench/report/report.hpp"

#include <algorithm>

namespace chat::bench {

Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  const double median =
      sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return {median, sorted.front(), sorted.back()};
}

const Figure* Report::figure(std::string_view name) const noexcept {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [name](const Figure& each) { return each.name == name; });
  return found == figures.end() ? nullptr : &*found;
}

bool Report::is_flawed() const noexcept {
  return std::any_of(figures.begin(), figures.end(), [](const Figure& each) {
    return each.better == Figure::Better::zero && spread_of(each.values).most > 0;
  });
}

bool Report::is_good() const noexcept {
  return std::all_of(objectives.begin(), objectives.end(),
                     [](const Objective& each) { return each.is_met; });
}

}  // namespace chat::bench
