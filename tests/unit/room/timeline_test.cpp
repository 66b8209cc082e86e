#include "chat/room/timeline.hpp"

#include <catch2/catch.hpp>

namespace chat::room {
namespace {

using base::ClientId;
using base::Epoch;
using base::Seq;
using Kind = Continuity::Kind;

TEST_CASE("timeline: seqs are given out one above the other, from the head it is opened with",
          "[room][timeline]") {
  Timeline timeline(Epoch("e"), Seq(41), Seq(0));
  CHECK(timeline.allot() == Seq(42));
  CHECK(timeline.allot() == Seq(43));
  CHECK(timeline.head() == Seq(43));
}

TEST_CASE("timeline: a message read back moves the head and is recognised when sent again",
          "[room][timeline]") {
  Timeline timeline(Epoch("e"), Seq(0), Seq(0));
  timeline.applied(ClientId("ann"), 3, Seq(9));
  CHECK(timeline.head() == Seq(9));
  CHECK(timeline.judge(ClientId("ann"), 3).verdict == Dedup::Verdict::repeat);
  CHECK(timeline.allot() == Seq(10));
}

TEST_CASE("timeline: a cursor joins on, or is told what is missing", "[room][timeline]") {
  Timeline timeline(Epoch("e"), Seq(20), Seq(10));
  const auto [epoch, seq, kind] = GENERATE(table<std::string, std::uint64_t, Kind>({
      {"e", 20, Kind::whole},
      {"e", 10, Kind::whole},
      {"", 15, Kind::whole},
      {"e", 9, Kind::trimmed},
      {"", 0, Kind::trimmed},
      {"e", 21, Kind::other_epoch},  // ahead of this log: it is not the one that gave it
      {"f", 15, Kind::other_epoch},
  }));
  CAPTURE(epoch, seq);
  const auto continuity = timeline.judge({Epoch(epoch), Seq(seq)});
  CHECK(continuity.kind == kind);
  if (kind == Kind::trimmed) CHECK(continuity.first == Seq(11));
}

TEST_CASE("timeline: trimming never takes the head back", "[room][timeline]") {
  Timeline timeline(Epoch("e"), Seq(5), Seq(0));
  timeline.trimmed(Seq(5));
  timeline.trimmed(Seq(3));
  CHECK(timeline.floor() == Seq(5));
  CHECK(timeline.judge({Epoch("e"), Seq(4)}).first == Seq(6));
  CHECK(timeline.allot() == Seq(6));
}

}  // namespace
}  // namespace chat::room
