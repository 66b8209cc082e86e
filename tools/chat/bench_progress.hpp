#pragma once

#include <string>

#include "chat/bench/run/trial.hpp"

namespace chat::tools {

/// One line on stderr that says how far a load test is, written over and over. Thread: one.
class BenchProgress {
 public:
  /// `when`: "auto" (at a terminal), "always" (a line each time where stderr is none) or "never".
  explicit BenchProgress(const std::string& when);
  ~BenchProgress() { clear(); }
  BenchProgress(const BenchProgress&) = delete;
  BenchProgress& operator=(const BenchProgress&) = delete;

  bool is_shown() const noexcept { return is_shown_; }
  /// Run `number` (from 0) of `runs` (0: not known), at `level` where there are several.
  void show(std::size_t number, std::size_t runs, const std::string& level,
            const bench::Progress& progress);
  /// Takes the line away.
  void clear();

 private:
  const bool is_terminal_;
  const bool is_shown_;
  bool is_there_ = false;
};

}  // namespace chat::tools
