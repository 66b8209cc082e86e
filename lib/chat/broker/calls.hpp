#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

namespace chat::broker {

/// Callbacks of calls that another loop will answer, by number: only the number leaves the loop, so
/// that a callback is run and destroyed where it was made.
/// Thread: one loop.
template <class Answer>
class Calls {
 public:
  using Done = std::function<void(Answer)>;

  std::uint64_t begin(Done done) {
    open_.emplace(++last_, std::move(done));
    return last_;
  }
  /// The call's callback; there must be one.
  void answer(std::uint64_t call, Answer answer) {
    auto entry = open_.extract(call);
    entry.mapped()(std::move(answer));
  }

 private:
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, Done> open_;
};

}  // namespace chat::broker
