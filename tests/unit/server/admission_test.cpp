#include "chat/server/admission.hpp"

#include <catch2/catch.hpp>
#include <string>

using chat::server::Admission;
using chat::wire::Code;

namespace {

/// "in", or the code it was refused with.
std::string enter(Admission& admission, const std::string& peer) {
  const auto entered = admission.enter(peer);
  return entered ? "in" : std::string(chat::wire::info(entered.error().code).name);
}

}  // namespace

TEST_CASE("admission: so many from one address, whatever the port", "[server][admission]") {
  Admission admission(0, 2);
  CHECK(enter(admission, "192.0.2.1:1") == "in");
  CHECK(enter(admission, "192.0.2.1:2") == "in");
  CHECK(enter(admission, "192.0.2.1:3") == "too_many_from_address");
  CHECK(enter(admission, "192.0.2.2:3") == "in");
  admission.leave("192.0.2.1:1");
  CHECK(enter(admission, "192.0.2.1:4") == "in");
  CHECK(enter(admission, "192.0.2.1:5") == "too_many_from_address");
}

TEST_CASE("admission: so many in all", "[server][admission]") {
  Admission admission(2, 2);
  CHECK(enter(admission, "192.0.2.1:1") == "in");
  CHECK(enter(admission, "unix") == "in");
  CHECK(enter(admission, "192.0.2.3:1") == "too_many_connections");
  CHECK(enter(admission, "unix") == "too_many_connections");
  admission.leave("unix");
  CHECK(enter(admission, "192.0.2.3:1") == "in");
}

TEST_CASE("admission: who is refused takes no place", "[server][admission]") {
  Admission admission(3, 1);
  CHECK(enter(admission, "192.0.2.1:1") == "in");
  for (int i = 0; i < 10; ++i) CHECK(enter(admission, "192.0.2.1:2") == "too_many_from_address");
  CHECK(enter(admission, "192.0.2.2:1") == "in");
  CHECK(enter(admission, "192.0.2.3:1") == "in");
  for (int i = 0; i < 10; ++i) CHECK(enter(admission, "192.0.2.4:1") == "too_many_connections");
  admission.leave("192.0.2.3:1");
  CHECK(enter(admission, "192.0.2.4:1") == "in");
}

TEST_CASE("admission: a network of one IPv6 host counts as one address", "[server][admission]") {
  Admission admission(0, 1);
  CHECK(enter(admission, "[2001:db8:1:2::1]:1") == "in");
  CHECK(enter(admission, "[2001:db8:1:2:ffff:ffff:ffff:ffff]:1") == "too_many_from_address");
  CHECK(enter(admission, "[2001:db8:1:3::1]:1") == "in");
  CHECK(enter(admission, "[::1]:1") == "in");
  CHECK(enter(admission, "[::1]:2") == "too_many_from_address");
  admission.leave("[2001:db8:1:2::1]:1");
  CHECK(enter(admission, "[2001:db8:1:2::2]:1") == "in");
}

TEST_CASE("admission: an IPv4 address in IPv6 clothes is itself", "[server][admission]") {
  Admission admission(0, 1);
  CHECK(enter(admission, "[::ffff:192.0.2.1]:1") == "in");
  CHECK(enter(admission, "[::ffff:192.0.2.2]:1") == "in");
  CHECK(enter(admission, "[::ffff:192.0.2.1]:2") == "too_many_from_address");
}

TEST_CASE("admission: behind a proxy's socket only the whole is counted", "[server][admission]") {
  Admission admission(0, 1);
  for (int i = 0; i < 10; ++i) CHECK(enter(admission, "unix") == "in");
}

TEST_CASE("admission: 0 is no limit", "[server][admission]") {
  Admission admission(0, 0);
  for (int i = 0; i < 1000; ++i) REQUIRE(enter(admission, "192.0.2.1:1") == "in");
  for (int i = 0; i < 1000; ++i) admission.leave("192.0.2.1:1");
}
