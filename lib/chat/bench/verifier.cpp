#include "chat/bench/verifier.hpp"

#include <algorithm>

namespace chat::bench {
namespace {

/// A jump so far ahead is no gap but a message that was never sent.
constexpr std::uint32_t kMaxGap = 10'000'000;

}  // namespace

Verifier::Verifier(const std::vector<RoomSize>& rooms) : rooms_(rooms) {
  std::uint32_t first_sender = 0;
  std::size_t slots = 0;
  for (const auto& room : rooms) {
    const auto senders = static_cast<std::uint32_t>(room.senders);
    for (std::size_t i = 0; i < room.members; ++i) {
      members_.push_back({0, slots, first_sender, senders});
      slots += room.senders;
    }
    first_sender += senders;
  }
  next_.resize(slots);
}

void Verifier::on_jump(Member& to, std::size_t own, std::uint32_t counter) noexcept {
  to.flawed = true;
  const std::size_t slot = to.first_slot + own;
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
  for (Member& member : members_) judge(member, sent, verdict);
  verdict.order_mismatch = count_order_mismatches();
  return verdict;
}

void Verifier::judge(Member& member, const std::vector<std::uint32_t>& sent, Verdict& verdict) {
  std::uint64_t all = 0;
  std::uint64_t lost = 0;
  for (std::size_t own = 0; own < member.senders; ++own) {
    const std::size_t slot = member.first_slot + own;
    const std::uint32_t next = next_[slot];
    const std::uint32_t count = sent[member.first_sender + own];
    const auto missing = missing_.find(slot);
    if (missing != missing_.end()) lost += missing->second.size();
    if (next < count) lost += count - next;
    if (next > count) verdict.foreign += next - count;
    if (next != count) member.flawed = true;
    all += count;
  }
  verdict.lost += lost;
  if (all == 0) return;
  ++verdict.members;
  if (lost == 0) ++verdict.reached;
  const std::uint64_t came = all - std::min(lost, all);
  verdict.lowest_reach =
      std::min(verdict.lowest_reach, static_cast<double>(came) / static_cast<double>(all));
}

/// Members with a flaw of their own are counted for that already, and differ by necessity.
std::uint64_t Verifier::count_order_mismatches() const {
  std::uint64_t mismatches = 0;
  auto member = members_.begin();
  for (const auto& room : rooms_) {
    std::unordered_map<std::uint64_t, std::size_t> alike;
    std::size_t whole = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < room.members; ++i, ++member) {
      if (member->flawed) continue;
      ++whole;
      most = std::max(most, ++alike[member->hash]);
    }
    mismatches += whole - most;
  }
  return mismatches;
}

}  // namespace chat::bench
