#include "since.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <string>

using namespace chat;
using Kind = client::ReadFrom::Kind;
using tools::parse_since;

namespace {

constexpr base::WallMs kNow = 1'000'000'000'000;
constexpr base::WallMs kMoment = 1'764'064'800'000;  // 2025-11-25T10:00:00Z

}  // namespace

TEST_CASE("since: a time ago", "[tools]") {
  const auto [text, ago] = GENERATE(table<std::string, base::WallMs>({{"250ms", 250},
                                                                      {"10s", 10'000},
                                                                      {"10", 10'000},
                                                                      {"10m", 600'000},
                                                                      {"2h", 7'200'000},
                                                                      {"7d", 604'800'000},
                                                                      {"0s", 0}}));
  CAPTURE(text);
  const auto from = parse_since(text, kNow);
  REQUIRE(from);
  CHECK(from->kind == Kind::time);
  CHECK(from->at == kNow - ago);
}

TEST_CASE("since: a moment, in the zone that it names", "[tools]") {
  const std::string text =
      GENERATE("2025-11-25T10:00:00Z", "2025-11-25 10:00:00Z", "2025-11-25T10:00Z",
               "2025-11-25T10:00:00.250Z", "2025-11-25T18:00:00+08:00", "2025-11-25T06:30-0330",
               "2025-11-25T10:00:00z");
  CAPTURE(text);
  const auto from = parse_since(text, kNow);
  REQUIRE(from);
  CHECK(from->kind == Kind::time);
  CHECK(from->at == kMoment);
}

TEST_CASE("since: a moment without a zone is local", "[tools]") {
  const char* set = std::getenv("TZ");
  const std::string before = set == nullptr ? "" : set;
  ::setenv("TZ", "XYZ-8", 1);
  ::tzset();
  const auto from = parse_since("2025-11-25T18:00", kNow);
  const auto day = parse_since("2025-11-25", kNow);
  if (set == nullptr) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", before.c_str(), 1);
  }
  ::tzset();
  REQUIRE(from);
  CHECK(from->at == kMoment);
  REQUIRE(day);
  CHECK(day->at == kMoment - 18 * 3'600'000);
}

TEST_CASE("since: a cursor, also one whose epoch looks like a date", "[tools]") {
  const auto [text, epoch, seq] = GENERATE(table<std::string, std::string, std::uint64_t>({
      {"e:5", "e", 5},
      {"Ab-_9:0", "Ab-_9", 0},
      {"abcd-ef-ghij:5", "abcd-ef-ghij", 5},
      {"abcd-12-345:7", "abcd-12-345", 7},
  }));
  CAPTURE(text);
  const auto from = parse_since(text, kNow);
  REQUIRE(from);
  CHECK(from->kind == Kind::cursor);
  CHECK(from->cursor == wire::Cursor{base::Epoch(epoch), base::Seq(seq)});
}

TEST_CASE("since: all", "[tools]") {
  const auto from = parse_since("all", kNow);
  REQUIRE(from);
  CHECK(from->kind == Kind::all);
}

TEST_CASE("since: anything else is refused", "[tools]") {
  const std::string text =
      GENERATE("", "ALL", "yesterday", "10y", "-5s", "1e3s", ":5", "e:", "e:x", "e:-1",
               "e:9007199254740992", "2025-11-25T10:00:00+8", "2025-11-25T10:00:00 Z", "2025-13-25",
               "2025-11-25T25:00", "2025-11-25junk", "2025-11-25x:7", "1234567890s", "5 s");
  CAPTURE(text);
  CHECK_FALSE(parse_since(text, kNow));
}
