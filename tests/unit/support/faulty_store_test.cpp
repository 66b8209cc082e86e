#include "support/faulty_store.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "chat/history/memory_store.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using base::RoomName;
using base::Seq;
using std::chrono::milliseconds;
using Strings = std::vector<std::string>;

const RoomName kOps("ops");
constexpr FaultyStore::Plan kLate{0, 100, milliseconds(10)};

struct Fixture {
  void append(const RoomName& room, std::uint64_t seq, const std::string& dedup = "") {
    auto message = std::make_shared<wire::Message>();
    message->seq = Seq(seq);
    store.append({room, {message}, dedup}, [this, seq](const wire::Result<void>& result) {
      events.push_back((result ? "stored " : "failed ") + std::to_string(seq));
    });
  }
  void settle() { executor.advance(std::chrono::seconds(1)); }
  std::size_t stored(const RoomName& room) {
    std::size_t count = 0;
    memory.read(room, {}, [&count](const auto& page) { count = page->messages.size(); });
    return count;
  }

  ManualExecutor executor;
  history::MemoryStore memory{history::Retention(), [] { return base::Epoch("E1"); }};
  FaultyStore store{executor, memory, 1, {}};
  Strings events;
};

TEST_CASE("faulty store: without a plan it is the store behind it", "[support]") {
  Fixture f;
  f.store.open(kOps, [&](const auto& opened) {
    REQUIRE(opened);
    f.events.push_back(opened->epoch.value());
  });
  f.append(kOps, 1, "snapshot");
  CHECK(f.events == Strings{"E1", "stored 1"});
  CHECK(f.stored(kOps) == 1);
  CHECK(f.store.durable() == f.memory.durable());
  CHECK(f.store.opens == 1);
  CHECK(f.store.appends == 1);
  CHECK(f.store.snapshots == 1);
}

TEST_CASE("faulty store: answers of one room come late but in the order of the calls",
          "[support]") {
  Fixture f;
  f.store.set_plan(kLate);
  for (std::uint64_t seq = 1; seq <= 20; ++seq) f.append(kOps, seq);
  CHECK(f.events.empty());
  CHECK(f.stored(kOps) == 0);
  f.settle();
  Strings expected;
  for (int seq = 1; seq <= 20; ++seq) expected.push_back("stored " + std::to_string(seq));
  CHECK(f.events == expected);
}

TEST_CASE("faulty store: rooms do not wait for each other", "[support]") {
  Fixture f;
  f.store.set_plan(kLate);
  f.append(kOps, 1);
  f.store.set_plan({});
  f.append(RoomName("dev"), 2);
  CHECK(f.events == Strings{"stored 2"});
}

TEST_CASE("faulty store: a failed append takes with it those that wait behind, and no later ones",
          "[support]") {
  Fixture f;
  f.store.set_plan(kLate);
  f.append(kOps, 1);
  f.store.fail_appends(1);
  f.append(kOps, 2);
  f.append(kOps, 3);
  f.settle();
  f.append(kOps, 4);
  f.settle();

  CHECK(f.events == Strings{"stored 1", "failed 2", "failed 3", "stored 4"});
  CHECK(f.stored(kOps) == 2);
}

TEST_CASE("faulty store: reads and opens behind a failed append go on", "[support]") {
  Fixture f;
  f.store.set_plan(kLate);
  f.store.fail_appends(1);
  f.append(kOps, 1);
  f.store.read(kOps, {}, [&](const auto& page) {
    f.events.push_back(page && page->messages.empty() ? "read nothing" : "read something");
  });
  f.settle();
  CHECK(f.events == Strings{"failed 1", "read nothing"});
}

TEST_CASE("faulty store: opens fail as often as told", "[support]") {
  Fixture f;
  f.store.fail_opens(2);
  for (int i = 0; i < 3; ++i) {
    f.store.open(kOps, [&](const auto& opened) {
      f.events.push_back(opened ? "opened" : std::string(wire::info(opened.error().code).name));
    });
  }
  CHECK(f.events == Strings{"unavailable", "unavailable", "opened"});
}

TEST_CASE("faulty store: an answer may call the store again", "[support]") {
  Fixture f;
  f.store.set_plan(GENERATE(FaultyStore::Plan{}, kLate));
  f.store.open(kOps, [&](const auto&) { f.append(kOps, 1); });
  f.settle();
  CHECK(f.events == Strings{"stored 1"});
}

TEST_CASE("faulty store: the same seed gives the same faults", "[support]") {
  const auto play = [](std::uint64_t seed) {
    Fixture f;
    FaultyStore store(f.executor, f.memory, seed, {30, 50, milliseconds(10)});
    std::string outcome;
    for (int i = 0; i < 50; ++i) {
      store.read(kOps, {}, [&outcome](const auto& page) { outcome += page ? '+' : '-'; });
      f.settle();
    }
    return outcome;
  };
  const auto first = play(7);
  CHECK(first == play(7));
  CHECK(first != play(8));
  CHECK(first.size() == 50);
  CHECK(first.find('-') != std::string::npos);
  CHECK(first.find('+') != std::string::npos);
}

}  // namespace
}  // namespace chat::tests
