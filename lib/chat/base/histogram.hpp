#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace chat::base {

/// Counts of values from 0 to 2^64-1 with a relative error of at most 1/128 (< 0.8 %).
///
/// Log-linear buckets: 128 linear steps per octave, as in HdrHistogram (G. Tene). About 57 KiB,
/// no allocation after construction. Pure. Thread: one at a time.
class Histogram {
 public:
  static constexpr unsigned kSubBits = 7;
  static constexpr std::size_t kBuckets = (64 - kSubBits + 1) << kSubBits;

  void record(std::uint64_t value, std::uint64_t count = 1) noexcept;
  void merge(const Histogram& other) noexcept;
  void clear() noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t sum() const noexcept { return sum_; }
  std::uint64_t max() const noexcept { return max_; }
  /// The value at `quantile` in [0, 1]: at least that share of the values are at or below it (to
  /// within the stated error). 0 when empty.
  std::uint64_t quantile(double quantile) const noexcept;
  /// How many values are at or below `limit` (to within the stated error).
  std::uint64_t count_at_or_below(std::uint64_t limit) const noexcept;

  /// The buckets that hold something, lowest first: with `sum` and `max` all that it knows, to be
  /// sent elsewhere.
  struct Bucket {
    std::uint32_t index;  ///< < kBuckets
    std::uint64_t count;  ///< > 0
  };
  std::vector<Bucket> buckets() const;
  /// Adds what `buckets` told of another one; buckets out of range are left out. `sum` and `max`
  /// are that one's.
  void add(const std::vector<Bucket>& buckets, std::uint64_t sum, std::uint64_t max) noexcept;

 private:
  static std::size_t index_of(std::uint64_t value) noexcept;
  static std::uint64_t highest_in(std::size_t index) noexcept;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace chat::base
