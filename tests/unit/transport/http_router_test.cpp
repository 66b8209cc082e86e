#include "chat/transport/http_router.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using namespace chat::transport;
using chat::wire::Code;

namespace {

HttpRequest request_for(const std::string& target, const std::string& method = "GET") {
  HttpRequest request;
  request.method = method;
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  return request;
}

Route routed(const std::string& target, const std::string& method = "GET") {
  CAPTURE(target, method);
  auto found = route(request_for(target, method));
  if (!found) FAIL(found.error().text());
  return std::move(*found);
}

chat::wire::Error refused(const std::string& target, const std::string& method = "GET") {
  CAPTURE(target, method);
  const auto found = route(request_for(target, method));
  REQUIRE_FALSE(found);
  return found.error();
}

}  // namespace

TEST_CASE("route: every target by its path", "[transport][route]") {
  const auto [path, target] = GENERATE(table<std::string, Target>({
      {"/", Target::home},
      {"/?room=x", Target::home},
      {"/lobby/", Target::room_page},
      {"/lobby", Target::room_redirect},
      {"/ws/lobby/", Target::socket},
      {"/ws/lobby", Target::socket},
      {"/ws/lobby/?a=b", Target::socket},
      {"/debug/echo", Target::echo},
      {"/debug", Target::room_redirect},
      {"/debug/", Target::room_page},
      {"/assets/app.js", Target::asset},
      {"/api/rooms", Target::api_rooms},
      {"/api/rooms/lobby/messages", Target::api_messages},
      {"/api/rooms/lobby/messages?since=3", Target::api_messages},
      {"/api/rooms/lobby/members", Target::api_members},
      {"/api/openapi.json", Target::api_openapi},
      {"/healthz", Target::healthz},
      {"/readyz", Target::readyz},
      {"/metrics", Target::metrics},
  }));
  CHECK(routed(path).target == target);
}

TEST_CASE("route: nothing else is there", "[transport][route]") {
  const std::string path = GENERATE(
      as<std::string>(), "/a/b", "/a/b/", "/lobby//", "//lobby", "/ws/a/b", "/ws/a//", "/ws//a",
      "/debug/echo/", "/debug/other", "/assets/", "/assets/a/b", "/assets/..%2fx/y", "/assets//",
      "/api", "/api/", "/api/room", "/api/rooms/", "/api/rooms/lobby", "/api/rooms/lobby/",
      "/api/rooms/lobby/messages/", "/api/rooms/lobby/other", "/api/openapi.json/", "/healthz/x");
  const auto error = refused(path);
  CAPTURE(path, error.text());
  CHECK((error.code == Code::not_found || error.code == Code::bad_room));
  if (path.rfind("/api/", 0) == 0) CHECK_THAT(error.detail, Catch::Contains("/api/openapi.json"));
}

TEST_CASE("route: a room is percent-decoded and brought to NFC", "[transport][route]") {
  const auto [segment, room] = GENERATE(table<std::string, std::string>({
      {"lobby", "lobby"},
      {"%6cobby", "lobby"},
      {"%D0%BA%D0%BE", "ко"},
      {"cafe%CC%81", "café"},
      {"caf%c3%a9", "café"},
      {"ws2", "ws2"},
      {"%5f", "_"},
  }));
  CAPTURE(segment);
  CHECK(routed("/" + segment + "/").room.value() == room);
  CHECK(routed("/" + segment).room.value() == room);
  CHECK(routed("/ws/" + segment).room.value() == room);
  CHECK(routed("/ws/" + segment + "/").room.value() == room);
  CHECK(routed("/api/rooms/" + segment + "/messages").room.value() == room);
  CHECK(routed("/api/rooms/" + segment + "/members").room.value() == room);
}

TEST_CASE("route: what names no room is refused on every path", "[transport][route]") {
  const auto [segment, reason] = GENERATE(table<std::string, std::string>({
      {"a%20b", "letters, digits and _"},
      {"a-b", "letters, digits and _"},
      {"a%2fb", "letters, digits and _"},
      {"a%00", "letters, digits and _"},
      {"..", "letters, digits and _"},
      {"%ff", "UTF-8"},
      {"%ED%A0%80", "UTF-8"},
      {"%", "percent-encoding"},
      {"%4", "percent-encoding"},
      {"%4g", "percent-encoding"},
      {std::string(95, 'r'), "94 characters"},
  }));
  for (const std::string& path : {"/" + segment + "/", "/" + segment, "/ws/" + segment + "/",
                                  "/ws/" + segment, "/api/rooms/" + segment + "/messages"}) {
    const auto error = refused(path);
    CAPTURE(path, error.text());
    CHECK(error.code == Code::bad_room);
    CHECK_THAT(error.detail, Catch::Contains(reason));
  }
}

TEST_CASE("route: reserved names are no rooms", "[transport][route]") {
  const std::string name =
      GENERATE(as<std::string>(), "api", "assets", "healthz", "metrics", "readyz", "ws", "%61pi");
  CHECK(refused("/ws/" + name).code == Code::bad_room);
  CHECK(refused("/ws/" + name + "/").code == Code::bad_room);
  CHECK(refused("/api/rooms/" + name + "/messages").code == Code::bad_room);
}

TEST_CASE("route: reserved names have no page", "[transport][route]") {
  const std::string path = GENERATE(as<std::string>(), "/api/", "/assets/", "/healthz/",
                                    "/metrics/", "/readyz/", "/ws/", "/ws", "/assets");
  const auto code = refused(path).code;
  CHECK((code == Code::bad_room || code == Code::not_found));
}

TEST_CASE("route: the redirect to a page keeps spelling and query", "[transport][route]") {
  CHECK(routed("/lobby").location == "/lobby/");
  CHECK(routed("/%D0%BA?a=b&c=%20").location == "/%D0%BA/?a=b&c=%20");
  CHECK(routed("/lobby?").location == "/lobby/");
}

TEST_CASE("route: an asset is one name, left as it came", "[transport][route]") {
  CHECK(routed("/assets/app.js").file == "app.js");
  CHECK(routed("/assets/..").file == "..");
  CHECK(routed("/assets/%2e%2e%2fx").file == "%2e%2e%2fx");
}

TEST_CASE("route: pages are read, messages are posted too", "[transport][route]") {
  CHECK(routed("/lobby/", "HEAD").target == Target::room_page);
  CHECK(routed("/api/rooms/lobby/messages", "POST").target == Target::api_messages);
  CHECK(routed("/api/rooms/lobby/messages", "HEAD").target == Target::api_messages);
  const auto [path, method, allowed] = GENERATE(table<std::string, std::string, std::string>({
      {"/", "POST", "GET, HEAD"},
      {"/lobby/", "get", "GET, HEAD"},
      {"/ws/lobby", "POST", "GET, HEAD"},
      {"/metrics", "DELETE", "GET, HEAD"},
      {"/api/rooms", "POST", "GET, HEAD"},
      {"/api/rooms/lobby/members", "PUT", "GET, HEAD"},
      {"/api/rooms/lobby/messages", "PUT", "GET, HEAD, POST"},
  }));
  const auto error = refused(path, method);
  CHECK(error.code == Code::method_not_allowed);
  CHECK(error.detail == allowed);
  CHECK(refused("/no/where", method).code == Code::not_found);
}

TEST_CASE("route: errors below /api/ are told as JSON", "[transport][route]") {
  CHECK(is_api("/api/"));
  CHECK(is_api("/api/rooms"));
  CHECK_FALSE(is_api("/api"));
  CHECK_FALSE(is_api("/apis/"));
  CHECK_FALSE(is_api("/"));
}
