#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

#include "chat/bench/crowd.hpp"
#include "chat/bench/gaps.hpp"

namespace chat::bench {

/// What became of the messages of a test.
struct Verdict {
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t misordered = 0;      ///< arrived after a later message of the same sender
  std::uint64_t foreign = 0;         ///< of another room, or never sent
  std::uint64_t order_mismatch = 0;  ///< members that got all, but in another order than the rest
  std::uint64_t members = 0;         ///< to whom something was to come, visitors left out …
  std::uint64_t reached = 0;         ///< … of whom so many got all of it
  double lowest_reach = 1;           ///< the least share that one of them got

  bool clean() const noexcept {
    return (lost | duplicated | misordered | foreign | order_mismatch) == 0;
  }
};

/// In which orders the members of a room got its messages. Members with a flaw of their own are
/// left out: they are counted for that already, and differ by necessity.
struct RoomOrders {
  struct Order {
    std::uint64_t hash;  ///< of the whole sequence
    std::uint64_t members;
  };
  std::size_t room;
  std::vector<Order> orders;  ///< each once; not empty
};

/// Holds every delivery against what must be: each message of a room reaches each of its members
/// once, each sender's in the order sent, and all members see one order. Thread: one.
class Verifier {
 public:
  using Verdict = bench::Verdict;

  explicit Verifier(const std::vector<RoomSize>& rooms);

  /// A message has come to `member`: the `counter`-th (from 0) of `sender`, whatever a server says
  /// these are.
  void on_delivery(std::size_t member, std::uint32_t sender, std::uint32_t counter) noexcept {
    Member& to = members_[member];
    const std::uint32_t own = sender - to.first_sender;
    if (own >= to.senders) return on_exception(to, own, counter);
    ++delivered_;
    to.hash = (to.hash ^ (std::uint64_t{sender} << 32U | counter)) * 0x9E3779B97F4A7C15U;
    to.hash ^= to.hash >> 29U;
    std::uint32_t& next = next_[to.first_slot + own];
    if (counter == next) {
      ++next;
    } else {
      on_jump(to, own, counter);
    }
  }

  /// `member` comes and goes: from now on it is a visitor, of whom nothing is required but that
  /// from the first message of a sender that comes to it, the others follow once and in order as
  /// far as any comes. What it has missed up to now is lost. Again each time that it comes back.
  void forget(std::size_t member);

  /// Deliveries so far of this room's messages, repeats included.
  std::uint64_t delivered() const noexcept { return delivered_ + visited_; }

  /// Those to members that are no visitors, without repeats: `expected(sent)` when all is there.
  std::uint64_t distinct() const noexcept { return delivered_ - repeated_ - forgotten_; }

  /// How many deliveries there must be to members that are no visitors. `sent` as in `verdict`.
  std::uint64_t expected(const std::vector<std::uint32_t>& sent) const;

  /// How many are known to be missing so far, because later ones came.
  std::uint64_t gaps() const noexcept { return open_ + settled_; }

  /// `sent[s]` = how many messages sender s has sent. Call once, at the end.
  Verdict verdict(const std::vector<std::uint32_t>& sent);

  /// Behind `verdict`: what `merge` needs of each process to compare the orders of all.
  std::vector<RoomOrders> orders() const;

 private:
  struct Member {
    std::uint64_t hash = 0;             // over its whole sequence
    std::size_t first_slot = 0;         // in next_, of its room's senders
    std::uint32_t first_sender = 0;     // its room's
    std::uint32_t senders = 0;          // of its room; 0 for a visitor, …
    std::uint32_t visited_senders = 0;  // … for whom they are here
    bool is_visitor = false;
    bool is_flawed = false;
  };
  /// What a visitor got of one sender.
  struct Visit {
    std::uint32_t first = 0;
    std::set<std::uint32_t> earlier;  // than the first, but behind it
  };
  /// What a counter is that is not the next one.
  enum class Jump : std::uint8_t { ahead, late, repeat, foreign };

  void on_exception(Member& to, std::uint32_t own, std::uint32_t counter) noexcept;
  void on_visit(std::size_t slot, std::uint32_t counter) noexcept;
  void on_jump(Member& to, std::uint32_t own, std::uint32_t counter) noexcept;
  Jump jump(std::size_t slot, std::uint32_t counter) noexcept;
  void judge(Member& member, const std::vector<std::uint32_t>& sent, Verdict& verdict) const;
  void judge_visitor(const Member& member, const std::vector<std::uint32_t>& sent,
                     Verdict& verdict) const;
  std::uint64_t never_sent(std::size_t slot, std::uint32_t first,
                           std::uint32_t sent) const noexcept;
  std::uint64_t missing_below(std::size_t slot, std::uint32_t end) const noexcept;

  const std::vector<RoomSize> rooms_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> next_;                // by slot
  std::unordered_map<std::size_t, Gaps> missing_;  // by slot
  std::unordered_map<std::size_t, Visit> visits_;  // by slot
  std::uint64_t delivered_ = 0;                    // not to visitors
  std::uint64_t repeated_ = 0;                     // of those
  std::uint64_t forgotten_ = 0;                    // of those, before their members were visitors
  std::uint64_t visited_ = 0;                      // to visitors
  std::uint64_t open_ = 0;                         // in missing_
  std::uint64_t settled_ = 0;                      // lost before their members were forgotten
  std::uint64_t duplicated_ = 0;
  std::uint64_t misordered_ = 0;
  std::uint64_t foreign_ = 0;
};

/// What one Verifier with the members of all would have said. `orders[i]` belongs to `verdicts[i]`;
/// rooms are numbered alike in all.
Verdict merge(const std::vector<Verdict>& verdicts,
              const std::vector<std::vector<RoomOrders>>& orders);

}  // namespace chat::bench
