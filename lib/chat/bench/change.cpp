#include "chat/bench/change.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace chat::bench {
namespace {

bool is_usable(const std::vector<double>& values) {
  return !values.empty() &&
         std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
}

/// Of all orders of m and n values that are alike, the share in which u pairs have the one of the n
/// first, for each u (Mann and Whitney's recursion).
std::vector<double> rank_sum_shares(std::size_t m, std::size_t n) {
  // ways[j][u]: orders of i and j values, for the i that is being done.
  std::vector<std::vector<double>> ways(n + 1, std::vector<double>(m * n + 1, 0.0));
  for (auto& row : ways) row[0] = 1;  // i = 0
  for (std::size_t i = 1; i <= m; ++i) {
    for (std::size_t j = 1; j <= n; ++j) {
      // The last of all is one of the m, behind all j, or one of the n.
      std::vector<double> sum = ways[j - 1];
      for (std::size_t u = j; u <= m * n; ++u) sum[u] += ways[j][u - j];
      ways[j] = std::move(sum);
    }
  }
  std::vector<double> shares = ways[n];
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= all;
  return shares;
}

double median_of(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

}  // namespace

std::optional<Change> change_between(const std::vector<double>& before,
                                     const std::vector<double>& after, double wanted) {
  if (!is_usable(before) || !is_usable(after)) return std::nullopt;
  std::vector<double> ratios;
  ratios.reserve(before.size() * after.size());
  for (const double old : before) {
    for (const double now : after) ratios.push_back(now / old);
  }
  std::sort(ratios.begin(), ratios.end());

  // Leaving out the `left_out` lowest and highest ratios costs twice the share of that tail.
  const auto shares = rank_sum_shares(before.size(), after.size());
  std::size_t left_out = 0;
  double tail = shares[0];
  while (left_out + 1 < (ratios.size() + 1) / 2 &&
         1 - 2 * (tail + shares[left_out + 1]) >= wanted) {
    tail += shares[++left_out];
  }
  return Change{median_of(ratios), ratios[left_out], ratios[ratios.size() - 1 - left_out],
                std::max(0.0, 1 - 2 * tail)};
}

}  // namespace chat::bench
