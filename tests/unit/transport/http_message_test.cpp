#include "chat/transport/http_message.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using namespace chat::transport;

namespace {

HttpRequest with_header(const std::string& name, const std::string& value) {
  HttpRequest request;
  request.headers = {{"host", "x"}, {name, value}};
  return request;
}

HttpRequest with_query(const std::string& query) {
  HttpRequest request;
  request.query = query;
  return request;
}

}  // namespace

TEST_CASE("request: the first header of a name is its value", "[transport][http]") {
  HttpRequest request;
  request.headers = {{"a", "1"}, {"b", ""}, {"a", "2"}};
  CHECK(request.header("a") == "1");
  CHECK(request.header("b").empty());
  CHECK(request.has_header("b"));
  CHECK(request.header("c").empty());
  CHECK_FALSE(request.has_header("c"));
}

TEST_CASE("request: a token is a whole word of the list", "[transport][http]") {
  const auto [value, found] = GENERATE(table<std::string, bool>({
      {"upgrade", true},
      {"Upgrade", true},
      {"keep-alive, UPGRADE", true},
      {"keep-alive,\tupgrade ,x", true},
      {",,upgrade", true},
      {"", false},
      {",", false},
      {"notupgrade", false},
      {"upgraded", false},
      {"keep-alive upgrade", false},
      {"\"upgrade\"", false},
  }));
  CAPTURE(value);
  CHECK(with_header("connection", value).header_has_token("connection", "upgrade") == found);
  CHECK_FALSE(with_header("other", value).header_has_token("connection", "upgrade"));
}

TEST_CASE("request: a token may stand in any header of the name", "[transport][http]") {
  HttpRequest request;
  request.headers = {{"connection", "keep-alive"}, {"connection", "upgrade"}};
  CHECK(request.header_has_token("connection", "upgrade"));
}

TEST_CASE("request: a query's value is percent-decoded", "[transport][http]") {
  const auto [query, value] = GENERATE(table<std::string, std::string>({
      {"a=b", "b"},
      {"x=1&a=b&a=c", "b"},
      {"a=%D0%BA%20%26", "к &"},
      {"a=b=c", "b=c"},
      {"a=", ""},
      {"a", ""},
      {"", ""},
      {"&&", ""},
      {"aa=b", ""},
      {"a=%", ""},
      {"a=%4", ""},
      {"a=%zz", ""},
      {"x&a=1", "1"},
  }));
  CAPTURE(query);
  CHECK(with_query(query).query_value("a") == value);
}

TEST_CASE("request: a query parameter may be there without a value", "[transport][http]") {
  CHECK(with_query("a").has_query("a"));
  CHECK(with_query("x=1&a=").has_query("a"));
  CHECK_FALSE(with_query("x=a").has_query("a"));
  CHECK_FALSE(with_query("").has_query("a"));
}

TEST_CASE("request: HTTP/1.1 keeps alive unless told, HTTP/1.0 when told", "[transport][http]") {
  const auto [minor, connection, alive] = GENERATE(table<int, std::string, bool>({
      {1, "", true},
      {1, "close", false},
      {1, "Keep-Alive, Close", false},
      {1, "closed", true},
      {0, "", false},
      {0, "keep-alive", true},
      {0, "Keep-Alive", true},
      {0, "keep-alive, close", false},
  }));
  CAPTURE(minor, connection);
  auto request = with_header("connection", connection);
  request.minor = minor;
  CHECK(request.keeps_alive() == alive);
}

TEST_CASE("response: its bytes", "[transport][http]") {
  HttpResponse response;
  response.body = "ok\n";
  response.headers = {{"X-A", "1"}, {"X-B", "2"}};
  CHECK(serialise(response, false, true) ==
        "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B: 2\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 3\r\nConnection: keep-alive\r\n\r\nok\n");
  CHECK_THAT(serialise(response, false, false), Catch::Contains("Connection: close\r\n\r\nok\n"));
}

TEST_CASE("response: HEAD counts the body and leaves it out", "[transport][http]") {
  HttpResponse response;
  response.body = "ok\n";
  const auto whole = serialise(response, false, true);
  CHECK(serialise(response, true, true) == whole.substr(0, whole.size() - 3));
}

TEST_CASE("response: an empty body has a length and no type", "[transport][http]") {
  HttpResponse response;
  response.status = 301;
  CHECK(serialise(response, false, true) ==
        "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("response: 304 has neither body nor length", "[transport][http]") {
  HttpResponse response;
  response.status = 304;
  response.body = "never";
  CHECK(serialise(response, false, true) ==
        "HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("response: every status of the table of codes has its phrase", "[transport][http]") {
  for (const int status : {200, 201, 301, 304, 400, 401, 403, 404, 405, 408,
                           409, 411, 413, 414, 415, 426, 429, 431, 500, 503}) {
    CAPTURE(status);
    CHECK(reason_phrase(status) != "Error");
    CHECK(reason_phrase(status).empty() == false);
  }
  CHECK(reason_phrase(418) == "Error");
  CHECK(reason_phrase(599) == "Internal Server Error");
}
