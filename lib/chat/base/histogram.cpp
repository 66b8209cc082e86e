#include "chat/base/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chat::base {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t add_capped(std::uint64_t a, std::uint64_t b) noexcept {
  return b > kMost - a ? kMost : a + b;
}

std::uint64_t multiply_capped(std::uint64_t a, std::uint64_t b) noexcept {
  return a != 0 && b > kMost / a ? kMost : a * b;
}

unsigned highest_bit(std::uint64_t value) noexcept {
  return 63U - static_cast<unsigned>(__builtin_clzll(value));
}

}  // namespace

void Histogram::record(std::uint64_t value, std::uint64_t count) noexcept {
  if (count == 0) return;
  auto& bucket = counts_[index_of(value)];
  bucket = add_capped(bucket, count);
  count_ = add_capped(count_, count);
  sum_ = add_capped(sum_, multiply_capped(value, count));
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts_[i] = add_capped(counts_[i], other.counts_[i]);
  }
  count_ = add_capped(count_, other.count_);
  sum_ = add_capped(sum_, other.sum_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() noexcept {
  counts_.fill(0);
  count_ = sum_ = max_ = 0;
}

std::uint64_t Histogram::quantile(double quantile) const noexcept {
  if (count_ == 0) return 0;
  const double share = std::clamp(std::isnan(quantile) ? 0.0 : quantile, 0.0, 1.0);
  const double wanted = std::max(std::ceil(share * static_cast<double>(count_)), 1.0);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen = add_capped(seen, counts_[i]);
    if (static_cast<double>(seen) >= wanted) return std::min(highest_in(i), max_);
  }
  return max_;
}

std::uint64_t Histogram::count_at_or_below(std::uint64_t limit) const noexcept {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i <= index_of(limit); ++i) seen = add_capped(seen, counts_[i]);
  return seen;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] > 0) filled.push_back({static_cast<std::uint32_t>(i), counts_[i]});
  }
  return filled;
}

void Histogram::add(const std::vector<Bucket>& buckets, std::uint64_t sum,
                    std::uint64_t max) noexcept {
  for (const auto& [index, count] : buckets) {
    if (index >= kBuckets) continue;
    counts_[index] = add_capped(counts_[index], count);
    count_ = add_capped(count_, count);
  }
  sum_ = add_capped(sum_, sum);
  max_ = std::max(max_, max);
}

// The first octave's 2^kSubBits values have a bucket each; every octave above it is cut into as
// many equal steps, each 2^shift wide.

std::size_t Histogram::index_of(std::uint64_t value) noexcept {
  constexpr std::uint64_t kLinear = std::uint64_t{1} << kSubBits;
  if (value < kLinear) return static_cast<std::size_t>(value);
  const unsigned shift = highest_bit(value) - kSubBits;
  const std::uint64_t step = (value >> shift) - kLinear;
  return static_cast<std::size_t>(((std::uint64_t{shift} + 1) << kSubBits) + step);
}

std::uint64_t Histogram::highest_in(std::size_t index) noexcept {
  constexpr std::uint64_t kLinear = std::uint64_t{1} << kSubBits;
  if (index < kLinear) return index;
  const auto shift = static_cast<unsigned>(index >> kSubBits) - 1;
  const std::uint64_t lowest = (kLinear + (index & (kLinear - 1))) << shift;
  return lowest + ((std::uint64_t{1} << shift) - 1);
}

}  // namespace chat::base
