#include <rapidcheck/catch.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chat/base/text.hpp"
#include "chat/room/dedup.hpp"
#include "chat/room/roster.hpp"
#include "chat/room/timeline.hpp"
#include "chat/wire/names.hpp"
#include "generators.hpp"

using namespace chat::room;
namespace base = chat::base;
namespace wire = chat::wire;
namespace prop = chat::prop;
using base::ClientId;
using base::Epoch;
using base::MemberKey;
using base::Seq;

namespace {

// ---- dedup

/// The rule in the plainest words: per client its highest kDedupWindow counters; in sum
/// kDedupEntries, those who sent last.
class NaiveDedup {
 public:
  void record(const std::string& client, std::uint64_t n, Seq seq) {
    if (client.empty()) return;
    auto& window = windows_[client];
    window.emplace(n, seq);
    if (window.size() > kDedupWindow) window.erase(window.begin());
    order_.remove(client);
    order_.push_back(client);
    while (entries() > kDedupEntries && order_.size() > 1) {
      windows_.erase(order_.front());
      order_.pop_front();
    }
  }
  Dedup::Answer judge(const std::string& client, std::uint64_t n) const {
    const auto found = windows_.find(client);
    if (found == windows_.end()) return {};
    const auto& window = found->second;
    if (window.count(n) > 0) return {Dedup::Verdict::repeat, window.at(n)};
    const bool behind = window.size() == kDedupWindow && n < window.begin()->first;
    return {behind ? Dedup::Verdict::stale : Dedup::Verdict::fresh, {}};
  }
  std::size_t entries() const {
    std::size_t entries = 0;
    for (const auto& [client, window] : windows_) entries += window.size();
    return entries;
  }

 private:
  std::map<std::string, std::map<std::uint64_t, Seq>> windows_;
  std::list<std::string> order_;  // who sent last, at the end
};

/// A run of messages of one client.
struct Run {
  std::string client;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

std::ostream& operator<<(std::ostream& out, const Run& run) {
  return out << run.client << ": " << run.first << " +" << run.count;
}

/// Few clients and near counters, so that windows fill and overlap.
rc::Gen<std::vector<Run>> runs() {
  const auto client = rc::gen::element<std::string>("", "a", "b", "c");
  const auto count =
      rc::gen::oneOf(rc::gen::just(std::uint64_t{1}), rc::gen::inRange<std::uint64_t>(1, 300));
  return rc::gen::container<std::vector<Run>>(
      rc::gen::build<Run>(rc::gen::set(&Run::client, client),
                          rc::gen::set(&Run::first, rc::gen::inRange<std::uint64_t>(0, 800)),
                          rc::gen::set(&Run::count, count)));
}

/// As a broker records: what is fresh.
void record(Dedup& dedup, const Run& run, std::uint64_t& seq) {
  const ClientId client(run.client);
  for (std::uint64_t n = run.first; n < run.first + run.count; ++n) {
    if (dedup.judge(client, n).verdict != Dedup::Verdict::fresh) continue;
    dedup.record(client, n, Seq(++seq));
  }
}

bool same(const Dedup::Answer& a, const Dedup::Answer& b) {
  return a.verdict == b.verdict && a.seq == b.seq;
}

}  // namespace

TEST_CASE("law: dedup answers as the naive rule does", "[prop][dedup]") {
  rc::prop("window", [] {
    Dedup dedup;
    NaiveDedup naive;
    std::uint64_t seq = 0;
    for (const Run& run : *runs()) {
      for (std::uint64_t n = run.first; n < run.first + run.count; ++n) {
        const auto answer = dedup.judge(ClientId(run.client), n);
        RC_ASSERT(same(answer, naive.judge(run.client, n)));
        if (answer.verdict != Dedup::Verdict::fresh) continue;
        dedup.record(ClientId(run.client), n, Seq(++seq));
        naive.record(run.client, n, Seq(seq));
      }
      RC_ASSERT(dedup.entries() == naive.entries());
    }
  });
}

TEST_CASE("law: of very many clients dedup remembers those who sent last", "[prop][dedup]") {
  rc::prop("bound", [] {
    constexpr std::uint64_t kClients = 3 * kDedupEntries / kDedupWindow / 2;
    const auto step = *rc::gen::inRange<std::uint64_t>(1, kClients);
    Dedup dedup;
    std::list<std::string> order;
    for (std::uint64_t i = 0; i < kClients; ++i) {
      const auto client = "c" + std::to_string(i * step % kClients);
      for (std::uint64_t n = 0; n < kDedupWindow; ++n) {
        dedup.record(ClientId(client), n, Seq(i * kDedupWindow + n + 1));
      }
      order.remove(client);
      order.push_front(client);
    }
    RC_ASSERT(dedup.entries() <= kDedupEntries);
    std::size_t place = 0;
    for (const auto& client : order) {
      const bool remembered = place++ < kDedupEntries / kDedupWindow;
      RC_ASSERT((dedup.judge(ClientId(client), 0).verdict == Dedup::Verdict::repeat) == remembered);
    }
  });
}

TEST_CASE("law: what is restored from a snapshot answers and goes on as the original",
          "[prop][dedup]") {
  rc::prop("restore ∘ snapshot = id", [] {
    Dedup original;
    std::uint64_t seq = 0;
    for (const Run& run : *runs()) record(original, run, seq);
    Dedup restored;
    RC_ASSERT(restored.restore(original.snapshot()));
    RC_ASSERT(restored.snapshot() == original.snapshot());
    RC_ASSERT(restored.entries() == original.entries());

    for (const Run& run : *runs()) {
      std::uint64_t seq_again = seq;
      record(original, run, seq);
      record(restored, run, seq_again);
      RC_ASSERT(seq_again == seq);
    }
    RC_ASSERT(restored.snapshot() == original.snapshot());
    for (const char* client : {"", "a", "b", "c"}) {
      const auto n = *rc::gen::inRange<std::uint64_t>(0, 1100);
      RC_ASSERT(same(restored.judge(ClientId(client), n), original.judge(ClientId(client), n)));
    }
  });
}

TEST_CASE("law: whatever bytes are restored are their own snapshot, or are refused",
          "[prop][dedup]") {
  rc::prop("changed snapshots", [] {
    Dedup original;
    std::uint64_t seq = 0;
    for (const Run& run : *rc::gen::resize(5, runs())) record(original, run, seq);
    auto bytes = original.snapshot();
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = *rc::gen::arbitrary<char>();

    Dedup restored;
    if (restored.restore(bytes)) {
      RC_ASSERT(restored.snapshot() == bytes);
    } else {
      RC_ASSERT(restored.entries() == 0U);
    }
  });
}

// ---- timeline

namespace {

rc::Gen<std::vector<std::uint8_t>> steps() {
  return rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
}

}  // namespace

TEST_CASE("law: a cursor joins on exactly when nothing above it was dropped", "[prop][timeline]") {
  rc::prop("judge", [] {
    const auto start = *rc::gen::inRange<std::uint64_t>(0, 50);
    Timeline timeline(Epoch("e"), Seq(start), Seq(start));
    std::set<std::uint64_t> kept;
    std::optional<std::uint64_t> dropped;  // the newest one
    if (start > 0) dropped = start;
    for (const auto step : *steps()) {
      if (step % 3 > 0 || kept.empty()) {
        const auto seq = timeline.allot();
        if (!kept.empty()) RC_ASSERT(seq.value() > *kept.rbegin());
        if (dropped) RC_ASSERT(seq.value() > *dropped);
        timeline.applied(ClientId("a"), seq.value(), seq);
        kept.insert(seq.value());
      } else {
        dropped = *std::next(kept.begin(), static_cast<std::ptrdiff_t>(step % kept.size()));
        kept.erase(kept.begin(), kept.upper_bound(*dropped));
        timeline.trimmed(Seq(*dropped));
      }
    }

    const auto head = timeline.head().value();
    for (std::uint64_t seq = 0; seq <= head + 3; ++seq) {
      for (const char* epoch : {"e", ""}) {
        const auto continuity = timeline.judge({Epoch(epoch), Seq(seq)});
        if (seq > head) {
          RC_ASSERT(continuity.kind == Continuity::Kind::other_epoch);
        } else if (dropped && *dropped > seq) {
          RC_ASSERT(continuity.kind == Continuity::Kind::trimmed);
          RC_ASSERT(continuity.first.value() == (kept.empty() ? head + 1 : *kept.begin()));
        } else {
          RC_ASSERT(continuity.kind == Continuity::Kind::whole);
        }
      }
      RC_ASSERT(timeline.judge({Epoch("f"), Seq(seq)}).kind == Continuity::Kind::other_epoch);
    }
  });
}

// ---- roster

namespace {

rc::Gen<std::string> member_name() {
  const auto any = rc::gen::map(prop::text(), [](const std::string& text) {
    const auto name = wire::parse_member_name(text);
    return name ? *name : std::string("ann");
  });
  const auto near = rc::gen::element<std::string>("ann", "Ann", "ANN", "ann-2", "Ann-2", "straße",
                                                  "STRASSE", std::string(32, 'x'),
                                                  std::string(32, 'X'), std::string(64, 'x'));
  const auto valid = rc::gen::map(near, [](const std::string& text) {
    const auto name = wire::parse_member_name(text);
    return name ? *name : std::string(30, 'x') + "-2";
  });
  return rc::gen::oneOf(any, valid);
}

}  // namespace

TEST_CASE("law: names in a room are valid, and unique without regard to case", "[prop][roster]") {
  rc::prop("names", [] {
    Roster roster;
    std::map<std::uint64_t, std::string> here;
    for (const auto step : *steps()) {
      const std::uint64_t key = step / 3 % 8;
      if (step % 3 == 0) {
        roster.leave(MemberKey(key));
        here.erase(key);
      } else if (here.count(key) == 0) {
        here[key] = roster.enter(MemberKey(key), step % 3 == 1 ? *member_name() : "");
      } else {
        here[key] = roster.rename(MemberKey(key), *member_name());
      }

      std::set<std::string> folded;
      for (const auto& [member, name] : here) {
        RC_ASSERT(wire::parse_member_name(name) == name);
        RC_ASSERT(roster.name_of(MemberKey(member)) == name);
        RC_ASSERT(folded.insert(base::fold_case(name).value()).second);
      }
      RC_ASSERT(roster.size() == here.size());
    }
    auto names = roster.names(100);
    std::vector<std::string> expected;
    for (const auto& [key, name] : here) expected.push_back(name);
    std::sort(names.begin(), names.end());
    std::sort(expected.begin(), expected.end());
    RC_ASSERT(names == expected);
    RC_ASSERT(roster.names(2).size() == std::min<std::size_t>(2, here.size()));
  });
}

TEST_CASE("law: who asks for a free name gets it, a taken one keeps its start", "[prop][roster]") {
  rc::prop("wanted", [] {
    Roster roster;
    const auto wanted = *member_name();
    RC_ASSERT(roster.enter(MemberKey(1), wanted) == wanted);
    RC_ASSERT(roster.rename(MemberKey(1), wanted) == wanted);
    const auto second = roster.enter(MemberKey(2), wanted);
    RC_ASSERT(second.size() >= 2U);
    // "-3" where cutting for "-2" would have made the first one's name.
    const auto suffix = second.substr(second.size() - 2);
    RC_ASSERT(suffix == "-2" || suffix == "-3");
    const auto start = second.substr(0, second.size() - 2);
    RC_ASSERT(wanted.substr(0, start.size()) == start);
    roster.leave(MemberKey(1));
    RC_ASSERT(roster.enter(MemberKey(3), wanted) == wanted);
  });
}
