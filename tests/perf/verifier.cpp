#include "verifier.hpp"

#include <algorithm>

namespace perf {
namespace {

/// A jump so far ahead is no gap but a message that was never sent.
constexpr std::uint32_t kMaxGap = 10'000'000;

}  // namespace

Verifier::Verifier(std::size_t rooms, std::size_t members, std::size_t senders)
    : members_(members),
      senders_(senders),
      first_sender_(rooms * members),
      next_(rooms * members * senders),
      hashes_(rooms * members),
      flawed_(rooms * members) {
  for (std::size_t member = 0; member < first_sender_.size(); ++member) {
    first_sender_[member] = static_cast<std::uint32_t>(member / members * senders);
  }
}

void Verifier::on_jump(std::size_t member, std::size_t own, std::uint32_t counter) noexcept {
  flawed_[member] = true;
  const std::size_t slot = member * senders_ + own;
  std::uint32_t& next = next_[slot];
  if (counter < next) {
    const auto missing = missing_.find(slot);
    if (missing != missing_.end() && missing->second.erase(counter) > 0) {
      ++misordered_;
    } else {
      ++duplicated_;
    }
    return;
  }
  if (counter - next > kMaxGap) {
    --delivered_;
    ++foreign_;
    return;
  }
  auto& missing = missing_[slot];
  for (; next < counter; ++next) missing.insert(missing.end(), next);
  next = counter + 1;
}

Verifier::Verdict Verifier::verdict(const std::vector<std::uint32_t>& sent) {
  Verdict verdict;
  verdict.duplicated = duplicated_;
  verdict.misordered = misordered_;
  verdict.foreign = foreign_;
  for (const auto& [slot, missing] : missing_) verdict.lost += missing.size();
  for (std::size_t member = 0; member < hashes_.size(); ++member) {
    for (std::size_t own = 0; own < senders_; ++own) {
      const std::uint32_t next = next_[member * senders_ + own];
      const std::uint32_t all = sent[first_sender_[member] + own];
      if (next < all) verdict.lost += all - next;
      if (next > all) verdict.foreign += next - all;
      if (next != all) flawed_[member] = true;
    }
  }
  verdict.order_mismatch = count_order_mismatches();
  return verdict;
}

/// Members with a flaw of their own are counted for that already, and differ by necessity.
std::uint64_t Verifier::count_order_mismatches() const {
  std::uint64_t mismatches = 0;
  for (std::size_t first = 0; first < hashes_.size(); first += members_) {
    std::unordered_map<std::uint64_t, std::size_t> alike;
    std::size_t whole = 0;
    std::size_t most = 0;
    for (std::size_t member = first; member < first + members_; ++member) {
      if (flawed_[member]) continue;
      ++whole;
      most = std::max(most, ++alike[hashes_[member]]);
    }
    mismatches += whole - most;
  }
  return mismatches;
}

}  // namespace perf
