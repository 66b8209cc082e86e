#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

namespace perf {

/// Holds every delivery against what must be: each message of a room reaches each of its members
/// once, each sender's in the order sent, and all members see one order.
class Verifier {
 public:
  struct Verdict {
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t misordered = 0;      ///< arrived after a later message of the same sender
    std::uint64_t foreign = 0;         ///< of another room, or never sent
    std::uint64_t order_mismatch = 0;  ///< members that got all, but in another order than the rest

    bool clean() const noexcept {
      return (lost | duplicated | misordered | foreign | order_mismatch) == 0;
    }
  };

  /// Member m is in room m / `members`; sender s speaks in room s / `senders`.
  Verifier(std::size_t rooms, std::size_t members, std::size_t senders);

  void on_delivery(std::size_t member, std::uint32_t sender, std::uint32_t counter) noexcept {
    const std::size_t own = sender - first_sender_[member];
    if (own >= senders_) {
      ++foreign_;
      return;
    }
    ++delivered_;
    std::uint64_t& hash = hashes_[member];
    hash = (hash ^ (std::uint64_t{sender} << 32U | counter)) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 29U;
    std::uint32_t& next = next_[member * senders_ + own];
    if (counter == next) {
      ++next;
    } else {
      on_jump(member, own, counter);
    }
  }

  /// Deliveries so far of this room's messages, repeats included.
  std::uint64_t delivered() const noexcept { return delivered_; }

  /// Deliveries so far that were neither repeats nor foreign.
  std::uint64_t distinct() const noexcept { return delivered_ - duplicated_; }

  /// `sent[s]` = how many messages sender s has sent. Call once, at the end.
  Verdict verdict(const std::vector<std::uint32_t>& sent);

 private:
  void on_jump(std::size_t member, std::size_t own, std::uint32_t counter) noexcept;
  std::uint64_t count_order_mismatches() const;

  std::size_t members_;
  std::size_t senders_;
  std::vector<std::uint32_t> first_sender_;  ///< by member
  std::vector<std::uint32_t> next_;          ///< by member and sender of its room
  std::vector<std::uint64_t> hashes_;        ///< by member, over its whole sequence
  std::vector<bool> flawed_;                 ///< by member
  std::unordered_map<std::size_t, std::set<std::uint32_t>> missing_;  ///< by index into next_
  std::uint64_t delivered_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t misordered_ = 0;
  std::uint64_t foreign_ = 0;
};

}  // namespace perf
