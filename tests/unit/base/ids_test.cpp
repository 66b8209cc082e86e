#include "chat/base/ids.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <type_traits>
#include <unordered_set>

using namespace chat::base;

TEST_CASE("ids: ids of two kinds cannot be mixed up", "[base][ids]") {
  CHECK_FALSE(std::is_convertible<RoomName, ClientId>::value);
  CHECK_FALSE(std::is_convertible<std::uint64_t, Seq>::value);
  CHECK_FALSE(std::is_constructible<Seq, MemberKey>::value);
}

TEST_CASE("ids: they compare, print and hash as their values", "[base][ids]") {
  CHECK(Seq(1) < Seq(2));
  CHECK(Seq(2) <= Seq(2));
  CHECK(Seq(3) > Seq(2));
  CHECK(Seq(3) >= Seq(3));
  CHECK(Seq(1) != Seq(2));
  CHECK(Seq() == Seq(0));
  std::ostringstream out;
  out << RoomName("lobby") << Seq(7);
  CHECK(out.str() == "lobby7");
  const std::unordered_set<RoomName> rooms = {RoomName("a"), RoomName("b"), RoomName("a")};
  CHECK(rooms.size() == 2);
}
