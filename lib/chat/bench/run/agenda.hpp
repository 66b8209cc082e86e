#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

namespace chat::bench {

/// What is to be done with which member, and when. Thread: one.
class Agenda {
 public:
  enum class What : std::uint8_t { connect, disturb, send_again };
  struct Entry {
    std::uint64_t at;  ///< ns of CLOCK_MONOTONIC
    std::size_t member;
    What what;
  };

  void add(const Entry& entry) { entries_.push(entry); }
  void clear() { entries_ = {}; }
  /// The time of the first; UINT64_MAX: there is none.
  std::uint64_t due() const noexcept { return entries_.empty() ? UINT64_MAX : entries_.top().at; }
  /// The first one; there is one.
  Entry take() {
    const Entry first = entries_.top();
    entries_.pop();
    return first;
  }

 private:
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const noexcept { return a.at > b.at; }
  };
  std::priority_queue<Entry, std::vector<Entry>, Later> entries_;
};

}  // namespace chat::bench
