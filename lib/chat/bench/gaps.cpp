#include "chat/bench/gaps.hpp"

#include <algorithm>
#include <iterator>

namespace chat::bench {

bool Gaps::take(std::uint32_t number) {
  auto gap = ends_.upper_bound(number);
  if (gap == ends_.begin()) return false;
  --gap;
  const auto [first, end] = *gap;
  if (number >= end) return false;
  if (number + 1 < end) ends_.emplace_hint(std::next(gap), number + 1, end);
  if (number > first) {
    gap->second = number;
  } else {
    ends_.erase(gap);
  }
  return true;
}

std::uint64_t Gaps::below(std::uint64_t end) const noexcept {
  std::uint64_t count = 0;
  for (const auto& [first, behind] : ends_) {
    if (first >= end) break;
    count += std::min<std::uint64_t>(behind, end) - first;
  }
  return count;
}

}  // namespace chat::bench
