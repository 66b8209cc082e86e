#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <unordered_set>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"

namespace chat::broker {

/// Lets a name's typing pass once a second per room. Pure: time is an argument. It remembers only
/// what passed in the last second.
class TypingGate {
 public:
  static constexpr base::Duration kInterval = std::chrono::seconds(1);

  bool pass(const base::RoomName& room, const std::string& name, base::TimePoint now);
  std::size_t remembered() const noexcept { return recent_.size(); }

 private:
  struct Passed {
    base::TimePoint at;
    const std::string* key;  // in recent_
  };

  std::unordered_set<std::string> recent_;
  std::deque<Passed> by_age_;  // oldest first
};

}  // namespace chat::broker
