#include "chat/bench/verifier.hpp"

#include <algorithm>
#include <iterator>

namespace chat::bench {
namespace {

/// A jump so far ahead is no gap but a message that was never sent.
constexpr std::uint32_t kMaxGap = 10'000'000;
/// No test sends as many.
constexpr std::uint32_t kMaxCounter = UINT32_MAX / 2;
/// The next message of a sender who has not spoken to a visitor: none is this one.
constexpr std::uint32_t kNotYet = UINT32_MAX;

std::uint64_t sum(const std::vector<std::uint32_t>& sent, std::size_t first, std::size_t count) {
  std::uint64_t all = 0;
  for (std::size_t i = first; i < first + count; ++i) all += sent[i];
  return all;
}

/// All but those who agree with most.
std::uint64_t count_mismatches(const std::vector<std::vector<RoomOrders>>& orders) {
  std::unordered_map<std::size_t, std::unordered_map<std::uint64_t, std::uint64_t>> rooms;
  for (const auto& some : orders) {
    for (const auto& room : some) {
      for (const auto& order : room.orders) rooms[room.room][order.hash] += order.members;
    }
  }
  std::uint64_t mismatches = 0;
  for (const auto& [room, alike] : rooms) {
    std::uint64_t most = 0;
    for (const auto& [hash, members] : alike) {
      mismatches += members;
      most = std::max(most, members);
    }
    mismatches -= most;
  }
  return mismatches;
}

}  // namespace

Verifier::Verifier(const std::vector<RoomSize>& rooms) : rooms_(rooms) {
  std::uint32_t first_sender = 0;
  std::size_t slots = 0;
  for (const auto& room : rooms) {
    const auto senders = static_cast<std::uint32_t>(room.senders);
    for (std::size_t i = 0; i < room.members; ++i) {
      Member member;
      member.first_slot = slots;
      member.first_sender = first_sender;
      member.senders = senders;
      members_.push_back(member);
      slots += room.senders;
    }
    first_sender += senders;
  }
  next_.resize(slots);
}

void Verifier::on_exception(Member& to, std::uint32_t own, std::uint32_t counter) noexcept {
  if (own >= to.visited_senders) {
    ++foreign_;
    return;
  }
  ++visited_;
  const std::size_t slot = to.first_slot + own;
  std::uint32_t& next = next_[slot];
  if (counter == next && next != kNotYet) {
    ++next;
  } else {
    on_visit(slot, counter);
  }
}

/// A visitor's first message of a sender, or one that is not the next one.
void Verifier::on_visit(std::size_t slot, std::uint32_t counter) noexcept {
  const auto visit = visits_.find(slot);
  if (visit == visits_.end()) {
    if (counter > kMaxCounter) {
      --visited_;
      ++foreign_;
      return;
    }
    visits_[slot].first = counter;
    next_[slot] = counter + 1;
  } else if (counter < visit->second.first) {
    const bool is_new = visit->second.earlier.insert(counter).second;
    ++(is_new ? misordered_ : duplicated_);
  } else if (jump(slot, counter) == Jump::foreign) {
    --visited_;
  }
}

void Verifier::on_jump(Member& to, std::uint32_t own, std::uint32_t counter) noexcept {
  to.is_flawed = true;
  const Jump kind = jump(to.first_slot + own, counter);
  if (kind == Jump::repeat) ++repeated_;
  if (kind == Jump::foreign) --delivered_;
}

Verifier::Jump Verifier::jump(std::size_t slot, std::uint32_t counter) noexcept {
  std::uint32_t& next = next_[slot];
  if (counter > kMaxCounter || (counter >= next && counter - next > kMaxGap)) {
    ++foreign_;
    return Jump::foreign;
  }
  if (counter >= next) {
    missing_[slot].add(next, counter);
    open_ += counter - next;
    next = counter + 1;
    return Jump::ahead;
  }
  const auto missing = missing_.find(slot);
  if (missing == missing_.end() || !missing->second.take(counter)) {
    ++duplicated_;
    return Jump::repeat;
  }
  --open_;
  ++misordered_;
  return Jump::late;
}

void Verifier::forget(std::size_t member) {
  Member& who = members_[member];
  const std::uint32_t senders = who.is_visitor ? who.visited_senders : who.senders;
  for (std::size_t slot = who.first_slot; slot < who.first_slot + senders; ++slot) {
    std::uint64_t lost = 0;
    const auto missing = missing_.find(slot);
    if (missing != missing_.end()) {
      lost = missing->second.size();
      missing_.erase(missing);
    }
    open_ -= lost;
    settled_ += lost;
    if (!who.is_visitor) forgotten_ += next_[slot] - lost;
    visits_.erase(slot);
    next_[slot] = kNotYet;
  }
  who.is_visitor = true;
  who.visited_senders = senders;
  who.senders = 0;
}

std::uint64_t Verifier::expected(const std::vector<std::uint32_t>& sent) const {
  std::uint64_t all = 0;
  std::size_t first_sender = 0;
  auto member = members_.begin();
  for (const auto& room : rooms_) {
    const auto end = member + static_cast<std::ptrdiff_t>(room.members);
    const auto strict =
        std::count_if(member, end, [](const Member& one) { return !one.is_visitor; });
    all += static_cast<std::uint64_t>(strict) * sum(sent, first_sender, room.senders);
    first_sender += room.senders;
    member = end;
  }
  return all;
}

Verdict Verifier::verdict(const std::vector<std::uint32_t>& sent) {
  Verdict verdict;
  verdict.lost = settled_;
  verdict.duplicated = duplicated_;
  verdict.misordered = misordered_;
  verdict.foreign = foreign_;
  for (Member& member : members_) {
    if (member.is_visitor) {
      judge_visitor(member, sent, verdict);
    } else {
      judge(member, sent, verdict);
    }
  }
  verdict.order_mismatch = count_mismatches({orders()});
  return verdict;
}

void Verifier::judge(Member& member, const std::vector<std::uint32_t>& sent,
                     Verdict& verdict) const {
  std::uint64_t lost = 0;
  for (std::size_t own = 0; own < member.senders; ++own) {
    const std::size_t slot = member.first_slot + own;
    const std::uint32_t count = sent[member.first_sender + own];
    lost += missing_below(slot, count);
    if (next_[slot] < count) lost += count - next_[slot];
    verdict.foreign += never_sent(slot, 0, count);
    if (next_[slot] != count) member.is_flawed = true;
  }
  verdict.lost += lost;
  const std::uint64_t all = sum(sent, member.first_sender, member.senders);
  if (all == 0) return;
  ++verdict.members;
  if (lost == 0) ++verdict.reached;
  const double reach = static_cast<double>(all - lost) / static_cast<double>(all);
  verdict.lowest_reach = std::min(verdict.lowest_reach, reach);
}

void Verifier::judge_visitor(const Member& member, const std::vector<std::uint32_t>& sent,
                             Verdict& verdict) const {
  for (std::size_t own = 0; own < member.visited_senders; ++own) {
    const std::size_t slot = member.first_slot + own;
    const auto visit = visits_.find(slot);
    if (visit == visits_.end()) continue;
    const auto& [first, earlier] = visit->second;
    const std::uint32_t count = sent[member.first_sender + own];
    verdict.lost += missing_below(slot, count);
    verdict.foreign += never_sent(slot, first, count);
    verdict.foreign +=
        static_cast<std::uint64_t>(std::distance(earlier.lower_bound(count), earlier.end()));
  }
}

/// Of what came from `first` on, what is beyond all that was sent.
std::uint64_t Verifier::never_sent(std::size_t slot, std::uint32_t first,
                                   std::uint32_t sent) const noexcept {
  const std::uint32_t from = std::max(first, sent);
  if (next_[slot] <= from) return 0;
  const std::uint64_t missing = missing_below(slot, UINT32_MAX) - missing_below(slot, sent);
  return next_[slot] - from - missing;
}

std::uint64_t Verifier::missing_below(std::size_t slot, std::uint32_t end) const noexcept {
  const auto missing = missing_.find(slot);
  return missing == missing_.end() ? 0 : missing->second.below(end);
}

std::vector<RoomOrders> Verifier::orders() const {
  std::vector<RoomOrders> all;
  auto member = members_.begin();
  for (std::size_t room = 0; room < rooms_.size(); ++room) {
    std::unordered_map<std::uint64_t, std::uint64_t> alike;
    for (std::size_t i = 0; i < rooms_[room].members; ++i, ++member) {
      if (!member->is_flawed && !member->is_visitor) ++alike[member->hash];
    }
    if (alike.empty()) continue;
    RoomOrders orders{room, {}};
    for (const auto& [hash, members] : alike) orders.orders.push_back({hash, members});
    all.push_back(std::move(orders));
  }
  return all;
}

Verdict merge(const std::vector<Verdict>& verdicts,
              const std::vector<std::vector<RoomOrders>>& orders) {
  Verdict all;
  for (const Verdict& one : verdicts) {
    all.lost += one.lost;
    all.duplicated += one.duplicated;
    all.misordered += one.misordered;
    all.foreign += one.foreign;
    all.members += one.members;
    all.reached += one.reached;
    all.lowest_reach = std::min(all.lowest_reach, one.lowest_reach);
  }
  all.order_mismatch = count_mismatches(orders);
  return all;
}

}  // namespace chat::bench
