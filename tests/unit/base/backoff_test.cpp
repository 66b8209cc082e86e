#include "chat/base/backoff.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace chat::base;
using namespace std::chrono_literals;

namespace {

/// The random number that makes the wait as long as `bound` allows.
std::uint64_t longest(Duration bound) { return static_cast<std::uint64_t>(bound.count()); }

}  // namespace

TEST_CASE("backoff: the bound doubles up to the cap", "[base][backoff]") {
  Backoff backoff(100ms, 1s);
  for (const Duration bound : {Duration(100ms), Duration(200ms), Duration(400ms), Duration(800ms),
                               Duration(1s), Duration(1s)}) {
    CHECK(backoff.next(longest(bound)) == bound);
  }
}

TEST_CASE("backoff: the first wait is at most the base", "[base][backoff]") {
  Backoff backoff(100ms, 1s);
  CHECK(backoff.next(longest(100ms) + 1) == Duration::zero());
}

TEST_CASE("backoff: a success starts it again", "[base][backoff]") {
  Backoff backoff(100ms, 1s);
  for (int i = 0; i < 10; ++i) backoff.next(0);
  backoff.reset();
  CHECK(backoff.next(longest(100ms)) == 100ms);
}

TEST_CASE("backoff: the extremes do not overflow", "[base][backoff]") {
  Backoff endless(1ns, Duration::max());
  for (int i = 0; i < 200; ++i) CHECK(endless.next(longest(Duration::max())) >= Duration::zero());
  CHECK(endless.next(longest(Duration::max())) == Duration::max());

  Backoff none(0ns, 0ns);
  CHECK(none.next(std::numeric_limits<std::uint64_t>::max()) == Duration::zero());
  Backoff negative(-1s, -1s);
  CHECK(negative.next(7) == Duration::zero());
  Backoff capped(10s, 1s);
  CHECK(capped.next(longest(1s)) == 1s);
}
