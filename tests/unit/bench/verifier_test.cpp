#include "chat/bench/verifier.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace chat::tests {
namespace {

using bench::RoomOrders;
using bench::RoomSize;
using bench::Verdict;
using bench::Verifier;

/// Rooms of 2 and 3 members with 1 and 2 senders: members 0 1 | 2 3 4, senders 0 | 1 2.
const std::vector<RoomSize> kRooms{{2, 1}, {3, 2}};

/// All in one order to each member, but for what `but` does to a member's list.
template <class But>
Verdict after(But but) {
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

TEST_CASE("verifier: what was never sent leaves no gap behind it", "[bench][verifier]") {
  const auto verdict = after([](std::size_t member, auto& messages) {
    if (member == 2) messages.emplace_back(1, 13);
  });
  CHECK(verdict.foreign == 1);
  CHECK(verdict.lost == 0);
  CHECK(verdict.reached == 5);
}

TEST_CASE("verifier: a visitor's first message of each sender is taken as it comes",
          "[bench][verifier]") {
  Verifier verifier({{2, 2}});
  verifier.forget(1);
  for (std::uint32_t i = 0; i < 10; ++i) {
    verifier.on_delivery(0, 0, i);
    verifier.on_delivery(0, 1, i);
    if (i >= 4 && i < 8) verifier.on_delivery(1, 0, i);
  }
  verifier.on_delivery(1, 1, 7);
  const auto verdict = verifier.verdict({10, 10});
  CHECK(verdict.clean());
  CHECK(verdict.members == 1);
  CHECK(verdict.reached == 1);
}

TEST_CASE("verifier: a visitor's gaps, repeats and disorder are counted", "[bench][verifier]") {
  Verifier verifier({{1, 1}});
  verifier.forget(0);
  for (const std::uint32_t counter : {5U, 8U, 8U, 6U, 3U, 3U}) verifier.on_delivery(0, 0, counter);
  CHECK(verifier.gaps() == 1);
  const auto verdict = verifier.verdict({10});
  CHECK(verdict.lost == 1);
  CHECK(verdict.duplicated == 2);
  CHECK(verdict.misordered == 2);
  CHECK(verdict.foreign == 0);
}

TEST_CASE("verifier: what a visitor got of other rooms, or nobody sent, is foreign",
          "[bench][verifier]") {
  Verifier verifier(kRooms);
  verifier.forget(2);
  verifier.on_delivery(2, 0, 1);
  verifier.on_delivery(2, 3, 1);
  verifier.on_delivery(2, 1, UINT32_MAX);
  verifier.on_delivery(2, 1, 4'000'000'000U);
  verifier.on_delivery(2, 2, 12);
  const auto verdict = verifier.verdict({0, 0, 10});
  CHECK(verdict.foreign == 5);
}

TEST_CASE("verifier: what was open before a member was forgotten is lost, its end is not",
          "[bench][verifier]") {
  Verifier verifier({{1, 1}});
  verifier.on_delivery(0, 0, 0);
  verifier.on_delivery(0, 0, 3);
  verifier.forget(0);
  CHECK(verifier.gaps() == 2);
  verifier.on_delivery(0, 0, 6);
  verifier.on_delivery(0, 0, 8);
  CHECK(verifier.gaps() == 3);
  verifier.forget(0);
  verifier.on_delivery(0, 0, 7);
  CHECK(verifier.gaps() == 3);
  const auto verdict = verifier.verdict({10});
  CHECK(verdict.lost == 3);
  CHECK((verdict.duplicated | verdict.misordered | verdict.foreign | verdict.order_mismatch) == 0);
  CHECK(verdict.members == 0);
}

TEST_CASE("verifier: all is there when the members who stay have got all", "[bench][verifier]") {
  Verifier verifier({{3, 1}, {1, 1}});
  const std::vector<std::uint32_t> sent{2, 1};
  CHECK(verifier.expected(sent) == 7);
  verifier.on_delivery(0, 0, 0);
  verifier.on_delivery(0, 0, 0);
  verifier.on_delivery(1, 0, 0);
  verifier.on_delivery(1, 0, 0);
  verifier.forget(1);
  CHECK(verifier.expected(sent) == 5);
  CHECK(verifier.distinct() == 1);
  verifier.on_delivery(1, 0, 1);
  verifier.on_delivery(1, 0, 1);
  verifier.on_delivery(0, 0, 1);
  verifier.on_delivery(2, 0, 1);
  verifier.on_delivery(2, 0, 0);
  verifier.on_delivery(3, 1, 0);
  CHECK(verifier.distinct() == verifier.expected(sent));
  CHECK(verifier.delivered() == 10);
}

/// The same with sets and lists, delivery by delivery.
class PlainVerifier {
 public:
  explicit PlainVerifier(const std::vector<RoomSize>& rooms) {
    std::uint32_t first = 0;
    for (std::size_t room = 0; room < rooms.size(); ++room) {
      const auto end = first + static_cast<std::uint32_t>(rooms[room].senders);
      for (std::size_t i = 0; i < rooms[room].members; ++i) members_.push_back({room, first, end});
      first = end;
    }
  }

  void on_delivery(std::size_t member, std::uint32_t sender, std::uint32_t counter) {
    Member& to = members_[member];
    if (sender < to.first || sender >= to.end) {
      ++verdict_.foreign;
      return;
    }
    Heard& heard = to.heard[sender];
    if (heard.all.empty()) heard.first = to.is_visitor ? counter : 0;
    if (!heard.all.insert(counter).second) {
      ++verdict_.duplicated;
    } else if (counter < heard.next) {
      ++verdict_.misordered;
      to.is_flawed = true;
    }
    heard.next = std::max(heard.next, counter + 1);
    to.sequence.emplace_back(sender, counter);
  }

  void forget(std::size_t member) {
    Member& who = members_[member];
    for (const auto& [sender, heard] : who.heard) verdict_.lost += missing(heard, heard.next);
    who.heard.clear();
    who.is_visitor = true;
  }

  std::uint64_t distinct() const {
    std::uint64_t count = 0;
    for (const Member& member : members_) {
      if (member.is_visitor) continue;
      for (const auto& [sender, heard] : member.heard) count += heard.all.size();
    }
    return count;
  }

  std::uint64_t gaps() const {
    std::uint64_t count = verdict_.lost;
    for (const Member& member : members_) {
      for (const auto& [sender, heard] : member.heard) count += missing(heard, heard.next);
    }
    return count;
  }

  Verdict verdict(const std::vector<std::uint32_t>& sent) {
    std::map<std::size_t, std::map<Sequence, std::uint64_t>> orders;
    for (Member& member : members_) {
      std::uint64_t all = 0;
      std::uint64_t lost = 0;
      for (std::uint32_t sender = member.first; sender < member.end; ++sender) {
        const Heard& heard = member.heard[sender];
        const auto end = member.is_visitor ? std::min(heard.next, sent[sender]) : sent[sender];
        lost += missing(heard, end);
        all += sent[sender];
        for (const auto counter : heard.all) verdict_.foreign += counter >= sent[sender] ? 1U : 0U;
        if (heard.next != sent[sender]) member.is_flawed = true;
      }
      verdict_.lost += lost;
      if (member.is_visitor) continue;
      const bool is_whole = lost == 0 && !member.is_flawed && member.sequence.size() == all;
      if (is_whole) ++orders[member.room][member.sequence];
      if (all == 0) continue;
      ++verdict_.members;
      if (lost == 0) ++verdict_.reached;
      verdict_.lowest_reach = std::min(verdict_.lowest_reach,
                                       static_cast<double>(all - lost) / static_cast<double>(all));
    }
    for (const auto& [room, alike] : orders) {
      std::uint64_t most = 0;
      for (const auto& [order, members] : alike) {
        verdict_.order_mismatch += members;
        most = std::max(most, members);
      }
      verdict_.order_mismatch -= most;
    }
    return verdict_;
  }

 private:
  using Sequence = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  struct Heard {
    std::set<std::uint32_t> all;
    std::uint32_t first = 0;
    std::uint32_t next = 0;
  };
  struct Member {
    std::size_t room;
    std::uint32_t first;
    std::uint32_t end;
    bool is_visitor = false;
    bool is_flawed = false;
    std::map<std::uint32_t, Heard> heard = {};
    Sequence sequence = {};
  };

  static std::uint64_t missing(const Heard& heard, std::uint32_t end) {
    std::uint64_t count = 0;
    for (std::uint32_t i = heard.first; i < end; ++i) count += 1 - heard.all.count(i);
    return count;
  }

  std::vector<Member> members_;
  Verdict verdict_;
};

/// Something that happens to a member.
struct Event {
  std::size_t member;
  bool is_forgotten;
  std::uint32_t sender;
  std::uint32_t counter;
};

/// A test with faults: few members with many, and many with none.
struct Story {
  std::vector<RoomSize> rooms;
  std::vector<std::uint32_t> sent;
  std::vector<Event> events;

  explicit Story(std::mt19937_64& random) {
    const auto below = [&random](std::size_t end) { return random() % end; };
    std::size_t member = 0;
    for (auto left = 1 + below(3); left > 0; --left) {
      const auto first = static_cast<std::uint32_t>(sent.size());
      rooms.push_back({below(7), 1 + below(3)});
      std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
      for (std::size_t i = 0; i < rooms.back().senders; ++i) sent.push_back(0);
      for (auto messages = below(12); messages > 0; --messages) {
        const auto sender = first + static_cast<std::uint32_t>(below(rooms.back().senders));
        order.emplace_back(sender, sent[sender]++);
      }
      for (std::size_t i = 0; i < rooms.back().members; ++i, ++member) {
        const std::size_t faults = below(3) == 0 ? 4 : 1000;
        auto own = order;
        if (below(4) == 0 && own.size() > 1) std::swap(own[0], own[1]);
        for (const auto& [sender, counter] : own) {
          if (below(faults) == 0) continue;
          events.push_back({member, false, sender, counter});
          if (below(faults) == 0) events.push_back(events[below(events.size())]);
          if (below(faults) == 0) {
            events.push_back({member, false, static_cast<std::uint32_t>(below(9)),
                              static_cast<std::uint32_t>(below(20))});
          }
          if (below(2 * faults) == 0) events.push_back({member, true, 0, 0});
        }
      }
    }
  }

  template <class Of>
  void play(Of of) const {
    for (const Event& event : events) {
      const auto [verifier, member] = of(event.member);
      if (event.is_forgotten) {
        verifier->forget(member);
      } else {
        verifier->on_delivery(member, event.sender, event.counter);
      }
    }
  }
};

auto fields_of(const Verdict& verdict) {
  return std::make_tuple(verdict.lost, verdict.duplicated, verdict.misordered, verdict.foreign,
                         verdict.order_mismatch, verdict.members, verdict.reached,
                         verdict.lowest_reach);
}

TEST_CASE("verifier: says of any story what a plain account of it says", "[bench][verifier]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int round = 0; round < 3000; ++round) {
    const Story story(random);
    Verifier verifier(story.rooms);
    PlainVerifier plain(story.rooms);
    story.play([&](std::size_t member) { return std::make_pair(&verifier, member); });
    story.play([&](std::size_t member) { return std::make_pair(&plain, member); });
    REQUIRE(verifier.distinct() == plain.distinct());
    REQUIRE(verifier.gaps() == plain.gaps());
    REQUIRE(fields_of(verifier.verdict(story.sent)) == fields_of(plain.verdict(story.sent)));
  }
}

TEST_CASE("verifier: several that share the members say together what one says of all",
          "[bench][verifier]") {
  std::mt19937_64 random(Catch::rngSeed());
  for (int round = 0; round < 3000; ++round) {
    const Story story(random);
    const std::size_t workers = 1 + random() % 4;
    std::vector<std::vector<RoomSize>> shares(workers);
    std::vector<std::pair<std::size_t, std::size_t>> places;  // worker, room
    for (std::size_t room = 0; room < story.rooms.size(); ++room) {
      for (auto& share : shares) share.push_back({0, story.rooms[room].senders});
      for (std::size_t i = 0; i < story.rooms[room].members; ++i) {
        const std::size_t worker = random() % workers;
        ++shares[worker][room].members;
        places.emplace_back(worker, room);
      }
    }
    std::vector<Verifier> verifiers;
    for (const auto& share : shares) verifiers.emplace_back(share);
    std::vector<std::size_t> counts(workers);
    std::vector<std::pair<Verifier*, std::size_t>> members;
    for (const auto& [worker, room] : places) {
      members.emplace_back(&verifiers[worker], counts[worker]++);
    }
    Verifier whole(story.rooms);
    story.play([&](std::size_t member) { return std::make_pair(&whole, member); });
    story.play([&](std::size_t member) { return members[member]; });

    std::vector<Verdict> verdicts;
    std::vector<std::vector<RoomOrders>> orders;
    std::uint64_t gaps = 0;
    std::uint64_t distinct = 0;
    std::uint64_t expected = 0;
    for (auto& verifier : verifiers) {
      gaps += verifier.gaps();
      distinct += verifier.distinct();
      expected += verifier.expected(story.sent);
      verdicts.push_back(verifier.verdict(story.sent));
      orders.push_back(verifier.orders());
    }
    REQUIRE(gaps == whole.gaps());
    REQUIRE(distinct == whole.distinct());
    REQUIRE(expected == whole.expected(story.sent));
    REQUIRE(fields_of(bench::merge(verdicts, orders)) == fields_of(whole.verdict(story.sent)));
  }
}

TEST_CASE("verifier: whatever a server makes of a mark, no more is wrong than came or was sent",
          "[bench][verifier]") {
  constexpr std::uint32_t kHostile[] = {0,           1,           2,          3,
                                        9'999'999,   10'000'001,  2147483647, 2147483648,
                                        4294967294U, 4294967295U, 19'999'998, 100};
  std::mt19937_64 random(Catch::rngSeed());
  for (int round = 0; round < 2000; ++round) {
    Verifier verifier(kRooms);
    const bool has_visitors = round % 2 == 0;
    const auto deliveries = random() % 60;
    for (std::uint64_t i = 0; i < deliveries; ++i) {
      if (has_visitors && random() % 10 == 0) verifier.forget(random() % 5);
      verifier.on_delivery(random() % 5, kHostile[random() % 12], kHostile[random() % 12]);
    }
    const std::vector<std::uint32_t> sent{3, 0, 100};
    REQUIRE(verifier.distinct() <= deliveries);
    const auto all = verifier.expected(sent);
    const auto verdict = verifier.verdict(sent);
    REQUIRE(verdict.duplicated + verdict.misordered <= deliveries);
    REQUIRE(verdict.foreign <= deliveries);
    REQUIRE((verdict.lowest_reach >= 0 && verdict.lowest_reach <= 1));
    if (!has_visitors) REQUIRE(verdict.lost <= all);
  }
}

}  // namespace
}  // namespace chat::tests
