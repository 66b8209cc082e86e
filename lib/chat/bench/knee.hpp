#pragma once

#include <cstddef>
#include <optional>

namespace chat::bench {

/// Looks for the highest level – a rate, a number of members – at which a server still does what is
/// asked: doubles until it does not, then halves the distance, on the scale of the logarithm, until
/// that is small. A level is judged by most of several runs, because near the knee one run means
/// little. Pure.
class Knee {
 public:
  struct Options {
    double first = 100;       ///< tried first; > 0
    double least = 1;         ///< below it is no level
    double most = 1e9;        ///< nor above it
    double precision = 0.05;  ///< done when failed / held ≤ 1 + precision
    std::size_t repeats = 3;  ///< runs for a level, at most; odd
  };
  struct Found {
    std::optional<double> held;    ///< the highest level that held; none: not even `least` does
    std::optional<double> failed;  ///< the lowest that did not; none: `most` holds
  };

  explicit Knee(const Options& options);

  /// The level of the next run; nullopt when it is found.
  std::optional<double> next() const noexcept { return level_; }
  /// How the run at `next()` went.
  void on_run(bool held);
  /// As far as it is known.
  const Found& found() const noexcept { return found_; }

 private:
  void judge(bool held);
  std::optional<double> choose() const;

  const Options options_;
  std::optional<double> level_;
  std::size_t held_ = 0;    // runs at level_
  std::size_t failed_ = 0;  // runs at level_
  Found found_;
};

}  // namespace chat::bench
