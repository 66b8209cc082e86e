#include "chat/bench/verifier.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <utility>
#include <vector>

namespace chat::tests {
namespace {

using bench::RoomSize;
using bench::Verifier;

/// Rooms of 2 and 3 members with 1 and 2 senders: members 0 1 | 2 3 4, senders 0 | 1 2.
const std::vector<RoomSize> kRooms{{2, 1}, {3, 2}};

/// All in one order to each member, but for what `but` does to a member's list.
template <class But>
Verifier::Verdict after(But but) {
  using Message = std::pair<std::uint32_t, std::uint32_t>;
  Verifier verifier(kRooms);
  for (std::size_t member = 0; member < 5; ++member) {
    std::vector<Message> messages;
    for (std::uint32_t i = 0; i < 10; ++i) {
      if (member < 2) {
        messages.emplace_back(0, i);
      } else {
        messages.emplace_back(1, i);
        messages.emplace_back(2, i);
      }
    }
    but(member, messages);
    for (const auto& [sender, counter] : messages) verifier.on_delivery(member, sender, counter);
  }
  return verifier.verdict({10, 10, 10});
}

TEST_CASE("verifier: each to each, once and in one order, is clean", "[bench][verifier]") {
  const auto verdict = after([](auto, auto&) {});
  CHECK(verdict.clean());
  CHECK(verdict.members == 5);
  CHECK(verdict.reached == 5);
  CHECK(verdict.lowest_reach == 1);
}

TEST_CASE("verifier: what does not come is lost, in the middle and at the end",
          "[bench][verifier]") {
  const auto verdict = after([](std::size_t member, auto& messages) {
    if (member == 1) messages.erase(messages.begin() + 3);
    if (member == 4) messages.resize(15);
  });
  CHECK(verdict.lost == 6);
  CHECK((verdict.duplicated | verdict.misordered | verdict.foreign | verdict.order_mismatch) == 0);
  CHECK(verdict.reached == 3);
  CHECK(verdict.lowest_reach == 0.75);
}

TEST_CASE("verifier: what comes twice is counted, at once or much later", "[bench][verifier]") {
  const auto verdict = after([](std::size_t member, auto& messages) {
    if (member != 2) return;
    messages.insert(messages.begin() + 4, messages[3]);
    messages.push_back(messages[0]);
  });
  CHECK(verdict.duplicated == 2);
  CHECK((verdict.lost | verdict.misordered | verdict.foreign | verdict.order_mismatch) == 0);
  CHECK(verdict.reached == 5);
}

TEST_CASE("verifier: a sender's later message before an earlier one is out of order",
          "[bench][verifier]") {
  const auto verdict = after([](std::size_t member, auto& messages) {
    if (member == 0) std::swap(messages[5], messages[6]);
  });
  CHECK(verdict.misordered == 1);
  CHECK((verdict.lost | verdict.duplicated | verdict.foreign | verdict.order_mismatch) == 0);
}

TEST_CASE("verifier: members who got two senders' messages in another order are counted",
          "[bench][verifier]") {
  const auto verdict = after([](std::size_t member, auto& messages) {
    if (member == 3) std::swap(messages[4], messages[5]);
  });
  CHECK(verdict.order_mismatch == 1);
  CHECK((verdict.lost | verdict.duplicated | verdict.misordered | verdict.foreign) == 0);
}

TEST_CASE("verifier: other rooms' messages, and those that nobody sent, are foreign",
          "[bench][verifier]") {
  const auto verdict = after([](std::size_t member, auto& messages) {
    if (member == 0) messages.emplace_back(1, 0);
    if (member == 4) messages.emplace_back(0, 3);
    if (member == 1) messages.emplace_back(0, 4'000'000'000U);
    if (member == 2) messages.emplace_back(1, 10);
  });
  CHECK(verdict.foreign == 4);
  CHECK(verdict.lost == 0);
}

TEST_CASE("verifier: any mixture of faults is counted exactly", "[bench][verifier]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int round = 0; round < 200; ++round) {
    std::uint64_t lost = 0;
    std::uint64_t doubled = 0;
    const auto verdict = after([&](std::size_t, auto& messages) {
      auto kept = messages;
      kept.clear();
      for (const auto& message : messages) {
        const auto dice = random() % 10;
        if (dice == 0) {
          ++lost;
          continue;
        }
        kept.push_back(message);
        if (dice > 1) continue;
        ++doubled;
        kept.push_back(message);
      }
      messages = kept;
    });
    REQUIRE(verdict.lost == lost);
    REQUIRE(verdict.duplicated == doubled);
    REQUIRE(verdict.misordered == 0);
  }
}

}  // namespace
}  // namespace chat::tests
