#include "chat/rabbitmq/broker_url.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using namespace chat::rabbitmq;

TEST_CASE("broker_url: an address is taken apart", "[rabbitmq][broker_url]") {
  const auto [text, described, user, vhost] =
      GENERATE(table<std::string, std::string, std::string, std::string>({
          {"amqp://localhost", "amqp://localhost:5672/%2F", "guest", "/"},
          {"amqp://localhost/", "amqp://localhost:5672/%2F", "guest", "/"},
          {"amqps://h", "amqps://h:5671/%2F", "guest", "/"},
          {"amqp://ann@h:1/asgi", "amqp://h:1/asgi", "ann", "asgi"},
          {"amqp://a%40b@h/x%2Fy", "amqp://h:5672/x%2Fy", "a@b", "x/y"},
          {"amqp://h/caf%C3%A9%20au", "amqp://h:5672/caf%C3%A9%20au", "guest", "café au"},
          {"amqp://a,b:2,[::1]:3/v", "amqp://a:5672,b:2,[::1]:3/v", "guest", "v"},
      }));
  CAPTURE(text);
  const auto url = parse_broker_url(text);
  REQUIRE(url);
  CHECK(describe(*url) == described);
  CHECK(url->user == user);
  CHECK(url->vhost == vhost);
}

TEST_CASE("broker_url: hosts keep their order, an IPv6 address loses its brackets",
          "[rabbitmq][broker_url]") {
  const auto url = parse_broker_url("amqps://[::1],b:99,10.0.0.1");
  REQUIRE(url);
  REQUIRE(url->hosts.size() == 3);
  CHECK(url->tls);
  CHECK(url->hosts[0].name == "::1");
  CHECK(url->hosts[0].port == 5671);
  CHECK(url->hosts[1].name == "b");
  CHECK(url->hosts[1].port == 99);
  CHECK(url->hosts[2].name == "10.0.0.1");
}

TEST_CASE("broker_url: what is no address says why, and repeats no password",
          "[rabbitmq][broker_url]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "write amqp://"},
      {"http://h", "write amqp://"},
      {"amqp://", "host is missing"},
      {"amqp://a,,b", "host is missing"},
      {"amqp://h:0", "from 1 to 65535"},
      {"amqp://h:99999", "from 1 to 65535"},
      {"amqp://h:", "from 1 to 65535"},
      {"amqp://[::1", "[::1]"},
      {"amqp://[::1]x", "after [address]"},
      {"amqp://::1", "[::1]"},
      {"amqp://a b", "not a host's name"},
      {"amqp://a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", "at most 16"},
      {"amqp://h/a/b", "%2F"},
      {"amqp://h/a?b", "nothing comes behind"},
      {"amqp://h/%zz", "percent-encoding"},
      {"amqp://h/%0A", "control characters"},
      {"amqp://h/%FF", "UTF-8"},
      {"amqp://h/%20a", "no space at its ends"},
      {"amqp://@h", "user's name"},
      {"amqp://a%00@h", "user's name"},
      {"amqp://ann:hidden@h/v", "no password"},
      {"amqp://ann:hid@den@h/v", "no password"},
  }));
  CAPTURE(text);
  const auto url = parse_broker_url(text);
  REQUIRE_FALSE(url);
  CHECK(url.error().code == chat::wire::Code::bad_request);
  CHECK_THAT(url.error().text(), Catch::Contains(why));
  CHECK_THAT(url.error().text(), !Catch::Contains("hid") && !Catch::Contains("den"));
}

TEST_CASE("broker_url: a vhost's name is UTF-8 that can be written and reached",
          "[rabbitmq][broker_url]") {
  for (const std::string good : {"/", "asgi", "a b", "x/y", "café", "漢字"}) {
    CAPTURE(good);
    CHECK(problem_of_vhost(good).empty());
  }
  CHECK(problem_of_vhost(std::string(255, 'x')).empty());
  for (const std::string bad : {"", " a", "a ", "a\nb", "a\x7F", "\xFF", "\xC2\x85"}) {
    CAPTURE(bad);
    CHECK_FALSE(problem_of_vhost(bad).empty());
  }
  CHECK_FALSE(problem_of_vhost(std::string(256, 'x')).empty());
  CHECK_FALSE(problem_of_vhost(std::string("a\0b", 3)).empty());
}
