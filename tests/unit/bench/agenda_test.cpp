#include "chat/bench/run/agenda.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace chat::tests {
namespace {

using bench::Agenda;

TEST_CASE("agenda: nothing is due when there is nothing", "[bench][agenda]") {
  Agenda agenda;
  CHECK(agenda.due() == UINT64_MAX);
  agenda.add({5, 1, Agenda::What::connect});
  CHECK(agenda.due() == 5);
  agenda.clear();
  CHECK(agenda.due() == UINT64_MAX);
}

TEST_CASE("agenda: what was put in comes out by its time, each once, as it was",
          "[bench][agenda]") {
  const unsigned seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  std::mt19937 random(seed);
  Agenda agenda;
  std::vector<std::uint64_t> times;
  for (std::size_t member = 0; member < 100; ++member) {
    times.push_back(random() % 50);
    agenda.add(
        {times.back(), member, member % 2 == 0 ? Agenda::What::connect : Agenda::What::disturb});
  }
  std::vector<std::size_t> seen;
  std::uint64_t last = 0;
  while (agenda.due() != UINT64_MAX) {
    const auto due = agenda.due();
    const auto entry = agenda.take();
    CHECK(entry.at == due);
    CHECK(entry.at >= last);
    CHECK(entry.at == times[entry.member]);
    CHECK((entry.what == Agenda::What::connect) == (entry.member % 2 == 0));
    last = entry.at;
    seen.push_back(entry.member);
  }
  std::sort(seen.begin(), seen.end());
  REQUIRE(seen.size() == 100);
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == i);
}

}  // namespace
}  // namespace chat::tests
