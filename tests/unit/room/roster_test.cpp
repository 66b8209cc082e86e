#include "chat/room/roster.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "chat/base/text.hpp"
#include "chat/wire/names.hpp"

namespace chat::room {
namespace {

using base::MemberKey;

std::string times(int count, const std::string& text) {
  std::string all;
  for (; count > 0; --count) all += text;
  return all;
}

TEST_CASE("roster: a taken name gets the first free suffix, without regard to case",
          "[room][roster]") {
  Roster roster;
  CHECK(roster.enter(MemberKey(1), "Ann") == "Ann");
  CHECK(roster.enter(MemberKey(2), "ann") == "ann-2");
  CHECK(roster.enter(MemberKey(3), "ANN") == "ANN-3");
  roster.leave(MemberKey(2));
  CHECK(roster.enter(MemberKey(4), "aNN") == "aNN-2");
  CHECK(roster.size() == 3);
}

TEST_CASE("roster: where the small suffixes are taken, a larger one is tried only once",
          "[room][roster]") {
  Roster roster;
  for (std::uint64_t i = 1; i <= 9; ++i) roster.enter(MemberKey(i), "ann");
  CHECK(roster.enter(MemberKey(10), "ann") == "ann-10");
  CHECK(roster.enter(MemberKey(11), "ann-11") == "ann-11");
  CHECK(roster.enter(MemberKey(12), "ann") == "ann-12");
  roster.leave(MemberKey(10));
  CHECK(roster.enter(MemberKey(13), "ann") == "ann-13");
  CHECK(roster.rename(MemberKey(13), "ann") == "ann-14");
  roster.leave(MemberKey(5));
  CHECK(roster.rename(MemberKey(13), "ann") == "ann-5");
}

TEST_CASE("roster: a suffix never takes a name over the limits", "[room][roster]") {
  Roster roster;
  const auto longest = GENERATE(std::string(32, 'x'), std::string("漢") + std::string(31, 'y'),
                                times(5, "👩‍👩‍👧‍👦"));
  CHECK(roster.enter(MemberKey(1), longest) == longest);
  const auto second = roster.enter(MemberKey(2), longest);
  CAPTURE(second);
  CHECK(second != longest);
  CHECK(wire::parse_member_name(second).has_value());
}

TEST_CASE("roster: who asks for no name is a guest, and guests differ", "[room][roster]") {
  Roster roster;
  const auto first = roster.enter(MemberKey(1), "");
  const auto second = roster.enter(MemberKey(100'001), "");
  CHECK(first.rfind("guest-", 0) == 0);
  CHECK(second.rfind("guest-", 0) == 0);
  CHECK(first != second);
}

TEST_CASE("roster: a member may take its own name in another case", "[room][roster]") {
  Roster roster;
  roster.enter(MemberKey(1), "ann");
  CHECK(roster.rename(MemberKey(1), "Ann") == "Ann");
  CHECK(roster.rename(MemberKey(2), "bob").empty());
}

TEST_CASE("roster: who comes and goes between two looks does not show", "[room][roster]") {
  Roster roster;
  roster.enter(MemberKey(1), "ann");
  roster.leave(MemberKey(1));
  CHECK_FALSE(roster.has_changes());
  roster.enter(MemberKey(2), "bob");
  roster.rename(MemberKey(2), "rob");
  const auto changes = roster.take_changes(10);
  CHECK(changes.joined == std::vector<std::string>{"rob"});
  CHECK(changes.left.empty());
  CHECK(changes.renamed.empty());
  CHECK(changes.count == 1);
}

TEST_CASE("roster: above the limit only the count is told", "[room][roster]") {
  Roster roster;
  for (std::uint64_t i = 0; i < 5; ++i) roster.enter(MemberKey(i), "m" + std::to_string(i));
  const auto changes = roster.take_changes(4);
  CHECK(changes.count == 5);
  CHECK(changes.joined.empty());
}

TEST_CASE("roster: a reader who follows the changes has the roster", "[room][roster][property]") {
  const auto seed = Catch::rngSeed() + GENERATE(range(0U, 30U));
  CAPTURE(seed);
  std::mt19937 random(seed);
  Roster roster;
  std::set<std::string> followed;
  for (int step = 0; step < 500; ++step) {
    const MemberKey key(random() % 20);
    const auto name = "N" + std::to_string(random() % 6);
    switch (random() % 4) {
      case 0: roster.enter(key, random() % 5 == 0 ? "" : name); break;
      case 1: roster.rename(key, random() % 2 == 0 ? name : "n" + name.substr(1)); break;
      case 2: roster.leave(key); break;
      default: {
        const auto changes = roster.take_changes(100);
        // All that go are taken out before anyone comes: a name may pass from one to the other.
        for (const auto& gone : changes.left) REQUIRE(followed.erase(gone) == 1);
        for (const auto& [from, to] : changes.renamed) REQUIRE(followed.erase(from) == 1);
        for (const auto& come : changes.joined) REQUIRE(followed.insert(come).second);
        for (const auto& [from, to] : changes.renamed) REQUIRE(followed.insert(to).second);
        const auto names = roster.names(100);
        REQUIRE(followed == std::set<std::string>(names.begin(), names.end()));
        REQUIRE(changes.count == names.size());
      }
    }
    std::set<std::string> folded;
    for (const auto& here : roster.names(100)) {
      REQUIRE(folded.insert(base::fold_case(here).value_or("")).second);
    }
  }
}

}  // namespace
}  // namespace chat::room
