#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

namespace chat::bench {

/// A room of a test: its senders are the first of its members. Members and senders are numbered
/// over all rooms, in the order of the rooms.
struct RoomSize {
  std::size_t members;
  std::size_t senders;  ///< ≤ members
};

/// Holds every delivery against what must be: each message of a room reaches each of its members
/// once, each sender's in the order sent, and all members see one order. Thread: one.
class Verifier {
 public:
  struct Verdict {
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t misordered = 0;      ///< arrived after a later message of the same sender
    std::uint64_t foreign = 0;         ///< of another room, or never sent
    std::uint64_t order_mismatch = 0;  ///< members that got all, but in another order than the rest
    std::uint64_t members = 0;         ///< to whom something was to come …
    std::uint64_t reached = 0;         ///< … of whom so many got all of it
    double lowest_reach = 1;           ///< the least share that one of them got

    bool clean() const noexcept {
      return (lost | duplicated | misordered | foreign | order_mismatch) == 0;
    }
  };

  explicit Verifier(const std::vector<RoomSize>& rooms);

  /// A message has come to `member`: the `counter`-th (from 0) of `sender`.
  void on_delivery(std::size_t member, std::uint32_t sender, std::uint32_t counter) noexcept {
    Member& to = members_[member];
    const std::size_t own = sender - to.first_sender;
    if (own >= to.senders) {
      ++foreign_;
      return;
    }
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

  /// Deliveries so far of this room's messages, repeats included.
  std::uint64_t delivered() const noexcept { return delivered_; }

  /// Deliveries so far that were neither repeats nor foreign.
  std::uint64_t distinct() const noexcept { return delivered_ - duplicated_; }

  /// `sent[s]` = how many messages sender s has sent. Call once, at the end.
  Verdict verdict(const std::vector<std::uint32_t>& sent);

 private:
  struct Member {
    std::uint64_t hash = 0;  // over its whole sequence
    std::size_t first_slot;  // in next_, of its room's senders
    std::uint32_t first_sender;
    std::uint32_t senders;
    bool flawed = false;
  };

  void on_jump(Member& to, std::size_t own, std::uint32_t counter) noexcept;
  void judge(Member& member, const std::vector<std::uint32_t>& sent, Verdict& verdict);
  std::uint64_t count_order_mismatches() const;

  const std::vector<RoomSize> rooms_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> next_;                                   // by slot
  std::unordered_map<std::size_t, std::set<std::uint32_t>> missing_;  // by slot
  std::uint64_t delivered_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t misordered_ = 0;
  std::uint64_t foreign_ = 0;
};

}  // namespace chat::bench
