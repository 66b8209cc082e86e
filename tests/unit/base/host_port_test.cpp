#include "chat/base/host_port.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

namespace chat::tests {
namespace {

using base::parse_host_port;

TEST_CASE("host_port: names, addresses and ports are taken apart and written again", "[base]") {
  const auto [text, name, port] = GENERATE(table<std::string, std::string, int>({
      {"localhost:7000", "localhost", 7000},
      {"10.0.0.2:1", "10.0.0.2", 1},
      {"[::1]:65535", "::1", 65535},
  }));
  CAPTURE(text);
  const auto place = parse_host_port(text, std::nullopt);
  REQUIRE(place);
  CHECK(place->name == name);
  CHECK(place->port == port);
  CHECK(text_of(*place) == text);
}

TEST_CASE("host_port: a port that is not written is the usual one, or is asked for", "[base]") {
  CHECK(parse_host_port("localhost", 80)->port == 80);
  CHECK(parse_host_port("[::1]", 80)->port == 80);
  CHECK(parse_host_port("localhost", std::nullopt).error() ==
        "a port is missing, as in localhost:7000");
  CHECK(parse_host_port("[::1]", std::nullopt).error() == "a port is missing, as in [::1]:7000");
}

TEST_CASE("host_port: port 0 is for who listens", "[base]") {
  CHECK(parse_host_port("localhost:0", std::nullopt, 0)->port == 0);
  CHECK(parse_host_port("localhost:0", std::nullopt).error() ==
        "a port is a number from 1 to 65535");
}

TEST_CASE("host_port: what is none is told in words", "[base]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "a host is missing"},
      {":80", "a host is missing"},
      {"[]:80", "a host is missing"},
      {"::1", "an IPv6 address is written [::1]"},
      {"[::1", "an IPv6 address is written [::1]"},
      {"[::1]80", "after [address] comes :PORT or nothing"},
      {"localhost:", "a port is a number from 1 to 65535"},
      {"localhost:65536", "a port is a number from 1 to 65535"},
      {"localhost:8o", "a port is a number from 1 to 65535"},
      {"localhost:-1", "a port is a number from 1 to 65535"},
      {"lo cal:1", "\"lo cal\" is not a host's name"},
      {"lo\ncal:1", "is not a host's name"},
  }));
  CAPTURE(text);
  const auto place = parse_host_port(text, 80);
  REQUIRE_FALSE(place);
  CHECK_THAT(place.error(), Catch::Contains(why));
}

}  // namespace
}  // namespace chat::tests
