#include "chat/room/dedup.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <random>

namespace chat::room {
namespace {

using base::ClientId;
using base::Seq;
using Verdict = Dedup::Verdict;

TEST_CASE("dedup: a message sent again gets the first one's seq", "[room][dedup]") {
  Dedup dedup;
  dedup.record(ClientId("ann"), 7, Seq(100));
  CHECK(dedup.judge(ClientId("ann"), 7).verdict == Verdict::repeat);
  CHECK(dedup.judge(ClientId("ann"), 7).seq == Seq(100));
  CHECK(dedup.judge(ClientId("ann"), 8).verdict == Verdict::fresh);
  CHECK(dedup.judge(ClientId("bob"), 7).verdict == Verdict::fresh);
}

TEST_CASE("dedup: a lower n that was never taken is fresh while it is in the window",
          "[room][dedup]") {
  Dedup dedup;
  dedup.record(ClientId("ann"), 5, Seq(1));
  dedup.record(ClientId("ann"), 7, Seq(2));
  CHECK(dedup.judge(ClientId("ann"), 6).verdict == Verdict::fresh);
  CHECK(dedup.judge(ClientId("ann"), 1).verdict == Verdict::fresh);
}

TEST_CASE("dedup: behind a full window a repeat cannot be told from a new one and is stale",
          "[room][dedup]") {
  Dedup dedup;
  for (std::uint64_t n = 1; n <= kDedupWindow + 10; ++n) {
    dedup.record(ClientId("ann"), n, Seq(n));
  }
  CHECK(dedup.judge(ClientId("ann"), 10).verdict == Verdict::stale);
  CHECK(dedup.judge(ClientId("ann"), 11).verdict == Verdict::repeat);
  CHECK(dedup.entries() == kDedupWindow);
}

TEST_CASE("dedup: without a client nothing is a repeat and nothing is remembered",
          "[room][dedup]") {
  Dedup dedup;
  dedup.record(ClientId(), 1, Seq(1));
  CHECK(dedup.judge(ClientId(), 1).verdict == Verdict::fresh);
  CHECK(dedup.entries() == 0);
}

TEST_CASE("dedup: many clients stay within the room's bound, the one silent longest goes",
          "[room][dedup]") {
  Dedup dedup;
  dedup.record(ClientId("old"), 1, Seq(1));
  for (std::uint64_t i = 0; i < kDedupEntries; ++i) {
    dedup.record(ClientId("c" + std::to_string(i % 1000)), i, Seq(i + 2));
  }
  CHECK(dedup.entries() <= kDedupEntries);
  CHECK(dedup.judge(ClientId("old"), 1).verdict == Verdict::fresh);
}

/// The rule in the plainest words: per client the highest kDedupWindow counters recorded.
class Naive {
 public:
  void record(const std::string& client, std::uint64_t n, Seq seq) {
    auto& window = windows_[client];
    window.emplace(n, seq);
    if (window.size() > kDedupWindow) window.erase(window.begin());
  }
  Dedup::Answer judge(const std::string& client, std::uint64_t n) const {
    const auto found = windows_.find(client);
    if (found == windows_.end()) return {};
    const auto& window = found->second;
    if (window.count(n) > 0) return {Verdict::repeat, window.at(n)};
    if (window.size() == kDedupWindow && n < window.begin()->first) return {Verdict::stale, {}};
    return {};
  }

 private:
  std::map<std::string, std::map<std::uint64_t, Seq>> windows_;
};

TEST_CASE("dedup: agrees with a naive model, and so does what is restored from a snapshot",
          "[room][dedup][property]") {
  const auto seed = Catch::rngSeed() + GENERATE(range(0U, 40U));
  CAPTURE(seed);
  std::mt19937 random(seed);
  Dedup dedup;
  Naive naive;
  std::uint64_t seq = 0;
  for (int step = 0; step < 2000; ++step) {
    const auto client = "c" + std::to_string(random() % 5);
    const std::uint64_t n = random() % 100 == 0 ? random() % 5000 : seq / 4 + random() % 300;
    const auto answer = dedup.judge(ClientId(client), n);
    const auto expected = naive.judge(client, n);
    REQUIRE(answer.verdict == expected.verdict);
    REQUIRE(answer.seq == expected.seq);
    if (answer.verdict == Verdict::fresh) {
      dedup.record(ClientId(client), n, Seq(++seq));
      naive.record(client, n, Seq(seq));
    }
    if (random() % 500 == 0) {
      Dedup restored;
      REQUIRE(restored.restore(dedup.snapshot()));
      REQUIRE(restored.snapshot() == dedup.snapshot());
      dedup = std::move(restored);
    }
  }
}

TEST_CASE("dedup: what is no snapshot is refused and changes nothing", "[room][dedup]") {
  Dedup dedup;
  dedup.record(ClientId("ann"), 1, Seq(1));
  const auto good = dedup.snapshot();
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    CHECK_FALSE(dedup.restore(good.substr(0, cut)));
  }
  CHECK_FALSE(dedup.restore(good + "x"));
  CHECK_FALSE(dedup.restore(std::string(1, '\x01') + std::string(20, '\xff')));
  CHECK(dedup.judge(ClientId("ann"), 1).verdict == Verdict::repeat);
}

TEST_CASE("dedup: a snapshot whose counters do not ascend is refused", "[room][dedup]") {
  const std::string client =
      "\x01\x01\x01"
      "a";  // the format, one client, its name
  const std::string five_as_seq_1 = "\x05\x01";
  Dedup dedup;
  CHECK(dedup.restore(client + "\x02" + five_as_seq_1 + "\x01\x02"));
  CHECK(dedup.judge(ClientId("a"), 6).seq == Seq(2));
  CHECK_FALSE(dedup.restore(client + "\x02" + five_as_seq_1 + std::string("\0\x02", 2)));
  const std::string nearly_two_to_64 = std::string(9, '\xff') + "\x01";
  CHECK_FALSE(dedup.restore(client + "\x02" + five_as_seq_1 + nearly_two_to_64 + "\x02"));
  CHECK_FALSE(dedup.restore(std::string("\x01\x01\0\x01\x05\x01", 6)));  // nobody's
  CHECK(dedup.judge(ClientId("a"), 6).seq == Seq(2));
}

}  // namespace
}  // namespace chat::room
