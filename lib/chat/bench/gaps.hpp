#pragma once

#include <cstdint>
#include <map>

namespace chat::bench {

/// Numbers that are missing in a sequence. What it takes is by gaps, however wide they are. Thread:
/// one.
class Gaps {
 public:
  /// From `first` to before `end`. Nothing from there on may be in it yet.
  void add(std::uint32_t first, std::uint32_t end) { ends_.emplace_hint(ends_.end(), first, end); }
  /// It is there after all; false when it was not missing.
  bool take(std::uint32_t number);
  /// How many are missing, of those below `end`.
  std::uint64_t below(std::uint64_t end) const noexcept;
  std::uint64_t size() const noexcept { return below(UINT64_MAX); }

 private:
  std::map<std::uint32_t, std::uint32_t> ends_;  // by first
};

}  // namespace chat::bench
