#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace chat::bench {

/// A message that is to be sent.
struct Due {
  std::uint64_t at_ns;  ///< since the plan's start
  std::size_t sender;
};

/// When which sender speaks, by plan alone: an answer that is late makes no message later, and
/// latency counts from the planned time. A load tester that waits for answers leaves out just the
/// messages that would have waited longest ("coordinated omission", G. Tene, How NOT to Measure
/// Latency, 2013).
///
/// even: one after the other at equal distances, in an order that is shuffled once. poisson: at
/// random distances with the same mean, each time any sender, as independent people do. Pure: the
/// same seed plans the same.
class Arrivals {
 public:
  enum class Kind : std::uint8_t { even, poisson };

  /// `per_second` > 0, `senders` ≥ 1.
  Arrivals(Kind kind, double per_second, std::size_t senders, std::uint64_t seed);

  /// The times never go back.
  Due next();

 private:
  double gap() noexcept;

  const Kind kind_;
  const double interval_ns_;
  std::mt19937_64 random_;
  std::vector<std::size_t> order_;  // of the senders; even only
  std::uint64_t turn_ = 0;
  double at_ns_ = 0;
  std::size_t senders_;
};

}  // namespace chat::bench
