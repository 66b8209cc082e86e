#include "chat/client/server_url.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "chat/wire/names.hpp"

using namespace chat;
using client::parse_server_url;

TEST_CASE("server url: what is given, its one spelling and where a room's socket is", "[client]") {
  const auto [given, text, path] = GENERATE(table<std::string, std::string, std::string>({
      {"ws://localhost:8000", "ws://localhost:8000", "/ws/lobby/"},
      {"localhost:8000", "ws://localhost:8000", "/ws/lobby/"},
      {"localhost", "ws://localhost", "/ws/lobby/"},
      {"ws://localhost:80", "ws://localhost", "/ws/lobby/"},
      {"ws://localhost:443", "ws://localhost:443", "/ws/lobby/"},
      {"wss://chat.example", "wss://chat.example", "/ws/lobby/"},
      {"wss://chat.example:443/", "wss://chat.example", "/ws/lobby/"},
      {"wss://chat.example:80", "wss://chat.example:80", "/ws/lobby/"},
      {"http://a_b-c.example:1", "ws://a_b-c.example:1", "/ws/lobby/"},
      {"https://h:65535/", "wss://h:65535", "/ws/lobby/"},
      {"ws://h/chat", "ws://h/chat", "/chat/ws/lobby/"},
      {"ws://h/a/b%20c//", "ws://h/a/b%20c", "/a/b%20c/ws/lobby/"},
      {"ws://127.0.0.1:8000", "ws://127.0.0.1:8000", "/ws/lobby/"},
      {"ws://[::1]:8000", "ws://[::1]:8000", "/ws/lobby/"},
      {"wss://[fe80::1%eth0]", "wss://[fe80::1%eth0]", "/ws/lobby/"},
      {"[::1]", "ws://[::1]", "/ws/lobby/"},
  }));
  CAPTURE(given);
  const auto url = parse_server_url(given);
  REQUIRE(url);
  CHECK(url->text() == text);
  CHECK(url->socket_path(base::RoomName("lobby")) == path);
  const auto again = parse_server_url(url->text());
  REQUIRE(again);
  CHECK(again->text() == text);
}

TEST_CASE("server url: a room's name is escaped in its path", "[client]") {
  const auto url = parse_server_url("h");
  REQUIRE(url);
  const auto room = wire::parse_room_name("部屋");
  REQUIRE(room);
  CHECK(url->socket_path(*room) == "/ws/%E9%83%A8%E5%B1%8B/");
}

TEST_CASE("server url: what is wrong is said", "[client]") {
  const auto [given, why] = GENERATE(table<std::string, std::string>({
      {"", "no host"},
      {"ws://", "no host"},
      {"ws://:8000", "no host"},
      {"ws:///lobby", "no host"},
      {"ws://ho st", "no host"},
      {"ws://h\x1b[31m", "no host"},
      {"ws://h\r\nX: y", "no host"},
      {"::1", "no host"},
      {"ws://[]", "no host"},
      {"ws://[::1", "no ]"},
      {"ws://[::1]8000", "no :"},
      {"ftp://h", "unknown scheme"},
      {"://h", "unknown scheme"},
      {"ws://h:", "port"},
      {"ws://h:0", "port"},
      {"ws://h:65536", "port"},
      {"ws://h:-1", "port"},
      {"ws://h:8000x", "port"},
      {"ws://h:80:80", "port"},
      {"ws://[::1]:", "port"},
      {"ws://h/a b", "must be escaped"},
      {"ws://h/\xE9\x83\xA8", "must be escaped"},
      {"ws://h/\r\nX: y", "must be escaped"},
      {"ws://h/?room=x", "a query"},
      {"ws://h#x", "a query"},
      {"ws://ann@h", "a user"},
  }));
  CAPTURE(given);
  const auto url = parse_server_url(given);
  REQUIRE_FALSE(url);
  CHECK(url.error().code == wire::Code::bad_request);
  const auto text = url.error().text();
  CHECK_THAT(text, Catch::Contains(why));
  for (const char c : text) CHECK(static_cast<unsigned char>(c) >= 0x20);
}

TEST_CASE("server url: no error repeats a password", "[client]") {
  const std::string given = GENERATE(
      "ws://ann:hunter2@h", "ann:hunter2@h", "ws://ann:hunter2/x@h", "ws://ann:hunter2?x@h",
      "ann:hunter2://@h", "ws://h/?password=hunter2", "ws://h/#hunter2", "ftp://ann:hunter2@h",
      "ws://h:0?token=hunter2", "ws://[::1?token=hunter2", "ws://h/ x?token=hunter2");
  CAPTURE(given);
  const auto url = parse_server_url(given);
  REQUIRE_FALSE(url);
  CHECK_THAT(url.error().text(), !Catch::Contains("hunter2"));
}
