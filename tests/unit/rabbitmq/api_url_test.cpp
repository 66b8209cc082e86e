#include "chat/rabbitmq/api_url.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using namespace chat::rabbitmq;

TEST_CASE("api_url: an address is taken apart", "[rabbitmq][api_url]") {
  const auto [text, is_tls, host, port, user] =
      GENERATE(table<std::string, bool, std::string, int, std::string>({
          {"http://localhost", false, "localhost", 15672, "guest"},
          {"http://localhost/", false, "localhost", 15672, "guest"},
          {"https://rabbit.example", true, "rabbit.example", 15671, "guest"},
          {"https://ann@rabbit.example:443", true, "rabbit.example", 443, "ann"},
          {"http://[::1]:8080", false, "::1", 8080, "guest"},
          {"http://ann%40work@h:1", false, "h", 1, "ann@work"},
      }));
  CAPTURE(text);
  const auto url = parse_api_url(text);
  REQUIRE(url);
  CHECK(url->tls == is_tls);
  CHECK(url->host == host);
  CHECK(url->port == port);
  CHECK(url->user == user);
}

TEST_CASE("api_url: what is no address says why, and repeats no password", "[rabbitmq][api_url]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "write http://"},
      {"localhost:15672", "write http://"},
      {"amqp://localhost", "write http://"},
      {"http://", "host is missing"},
      {"http://h:0", "from 1 to 65535"},
      {"http://h:65536", "from 1 to 65535"},
      {"http://h:x", "from 1 to 65535"},
      {"http://::1:80", "[::1]"},
      {"http://h/api", "nothing comes behind"},
      {"http://h?x", "nothing comes behind"},
      {"http://@h", "user's name"},
      {"http://a%zz@h", "user's name"},
      {"http://a%3ab@h", "user's name"},
      {"http://a%00@h", "user's name"},
      {"http://ann:hidden@h", "no password"},
      {"http://ann:hid/den@h", "no password"},
      {"http://ann:hid@den@h", "no password"},
  }));
  CAPTURE(text);
  const auto url = parse_api_url(text);
  REQUIRE_FALSE(url);
  CHECK(url.error().code == chat::wire::Code::bad_request);
  CHECK_THAT(url.error().text(), Catch::Contains(why));
  CHECK_THAT(url.error().text(), !Catch::Contains("hid") && !Catch::Contains("den"));
}

TEST_CASE("api_url: described without its user", "[rabbitmq][api_url]") {
  CHECK(describe(*parse_api_url("http://ann@h:80")) == "http://h:80");
  CHECK(describe(*parse_api_url("https://[::1]")) == "https://[::1]:15671");
}
