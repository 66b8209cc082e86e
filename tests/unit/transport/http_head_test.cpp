#include "chat/transport/http_head.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using namespace chat::transport;
using namespace std::string_literals;
using chat::wire::Code;
using chat::wire::Error;

namespace {

const HeadLimits kLimits;

std::string get(const std::string& headers) { return "GET / HTTP/1.1\r\n" + headers + "\r\n"; }

HttpRequest parsed(const std::string& head) {
  CAPTURE(head);
  auto request = parse_request_head(head, kLimits);
  if (!request) FAIL(request.error().text());
  return std::move(*request);
}

Error refused(const std::string& head, const HeadLimits& limits = kLimits) {
  CAPTURE(head);
  const auto request = parse_request_head(head, limits);
  REQUIRE_FALSE(request);
  return request.error();
}

/// What a reader that looks after every byte finds: the size of the head, or the code of the error.
std::string found_byte_by_byte(const std::string& bytes, const HeadLimits& limits) {
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const auto end = find_head_end(std::string_view(bytes).substr(0, size), limits);
    if (!end) return std::string(chat::wire::info(end.error().code).name);
    if (*end != 0) return std::to_string(*end);
  }
  return "0";
}

std::string found_at_once(const std::string& bytes, const HeadLimits& limits) {
  const auto end = find_head_end(bytes, limits);
  if (!end) return std::string(chat::wire::info(end.error().code).name);
  return std::to_string(*end);
}

}  // namespace

// ---- where the head ends

TEST_CASE("head end: just behind the empty line, what follows does not matter",
          "[transport][head]") {
  const auto [bytes, size] = GENERATE(table<std::string, std::size_t>({
      {"", 0},
      {"G", 0},
      {"GET / HTTP/1.1\r\nHost: x\r\n", 0},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r", 0},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\nbody\nwith\nfeeds\r\n\r\n", 27},
      {"\r\n\r\n", 4},
  }));
  CAPTURE(bytes);
  CHECK(find_head_end(bytes, kLimits) == size);
}

TEST_CASE("head end: the bounds have codes of their own", "[transport][head]") {
  HeadLimits limits;
  limits.request_line = 20;
  limits.total = 40;
  const auto [bytes, found] = GENERATE(table<std::string, std::string>({
      {std::string(20, 'x'), "0"},
      {std::string(21, 'x'), "uri_too_long"},
      {std::string(19, 'x') + "\r\n", "0"},
      {std::string(20, 'x') + "\r\n", "uri_too_long"},
      {"GET /\r\n" + std::string(29, 'x') + "\r\n\r\n", "40"},
      {"GET /\r\n" + std::string(30, 'x') + "\r\n\r\n", "headers_too_large"},
      {"GET /\r\n" + std::string(40, 'x'), "headers_too_large"},
      {"GET /\n", "bad_request"},
      {"\n", "bad_request"},
      {"GET /\r\nx\ny", "bad_request"},
  }));
  CAPTURE(bytes);
  CHECK(found_at_once(bytes, limits) == found);
}

TEST_CASE("head end: byte by byte as at once", "[transport][head]") {
  HeadLimits limits;
  limits.request_line = 20;
  limits.total = 40;
  const std::string bytes = GENERATE(
      as<std::string>(), "GET / HTTP/1.1\r\nA: b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n\r\nbody\n",
      "GET / HTTP/1.1\nA: b\n\n", "GET / HTTP/1.1\r\nA: b\n\r\n\r\n", "\r\n\r\n", "\n\n",
      "\r\r\n\n", "GET /aaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n\r\n",
      "GET /\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
      "GET /\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
      "GET /\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nb\r\n\r\n",
      "GET /aaaaaaaaaaaaaaa\n\r\n\r\n", "GET /aaaaaaaaaaaaaaaa\n\r\n\r\n");
  CAPTURE(bytes);
  CHECK(found_byte_by_byte(bytes, limits) == found_at_once(bytes, limits));
}

TEST_CASE("head: the target of a line that is not whole or not right", "[transport][head]") {
  const auto [bytes, target] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"GET", ""},
      {"GET ", ""},
      {"GET /a", "/a"},
      {"GET /api/x HTTP", "/api/x"},
      {"GET /a\r\nX: /b", "/a"},
      {"GET /a\nX: /b", "/a"},
      {"\r\nGET /a HTTP/1.1", ""},
      {"GET \x1b HTTP/1.1", "\x1b"},
  }));
  CHECK(target_of(bytes) == target);
}

// ---- the request line

TEST_CASE("head: method, path, query and version are taken apart", "[transport][head]") {
  const auto [line, method, path, query, minor] =
      GENERATE(table<std::string, std::string, std::string, std::string, int>({
          {"GET / HTTP/1.1", "GET", "/", "", 1},
          {"HEAD /a/b/ HTTP/1.0", "HEAD", "/a/b/", "", 0},
          {"POST /a?b=c?d&e HTTP/1.1", "POST", "/a", "b=c?d&e", 1},
          {"GET /? HTTP/1.1", "GET", "/", "", 1},
          {"GET //x HTTP/1.1", "GET", "//x", "", 1},
          {"M-SEARCH /%D0%BA~!$&'()*+,;=:@|^`{} HTTP/1.1", "M-SEARCH", "/%D0%BA~!$&'()*+,;=:@|^`{}",
           "", 1},
      }));
  CAPTURE(line);
  const auto request = parsed(line + "\r\nHost: x\r\n\r\n");
  CHECK(request.method == method);
  CHECK(request.path == path);
  CHECK(request.query == query);
  CHECK(request.minor == minor);
}

TEST_CASE("head: a request line that is none is refused", "[transport][head]") {
  const auto [line, reason] = GENERATE(table<std::string, std::string>({
      {"", "METHOD TARGET"},
      {"GET", "METHOD TARGET"},
      {"GET /", "METHOD TARGET"},
      {" GET / HTTP/1.1", "method"},
      {"GE(T / HTTP/1.1", "method"},
      {"GE\tT / HTTP/1.1", "method"},
      {"G\xC3\x89T / HTTP/1.1", "method"},
      {"G\0T / HTTP/1.1"s, "method"},
      {"GET / HTTP/1.2", "HTTP/1.1"},
      {"GET / HTTP/2.0", "HTTP/1.1"},
      {"GET / HTTP/0.9", "HTTP/1.1"},
      {"GET / http/1.1", "HTTP/1.1"},
      {"GET / HTTP/1.1 ", "HTTP/1.1"},
      {"GET /a b HTTP/1.1", "HTTP/1.1"},
      {"GET / HTTP/01.1", "HTTP/1.1"},
      {"GET  HTTP/1.1", "target"},
      {"GET * HTTP/1.1", "target"},
      {"OPTIONS * HTTP/1.1", "target"},
      {"GET a HTTP/1.1", "target"},
      {"GET http://x/ HTTP/1.1", "target"},
      {"CONNECT x:80 HTTP/1.1", "target"},
      {"GET /\0 HTTP/1.1"s, "target"},
      {"GET /\x7f HTTP/1.1", "target"},
      {"GET /\t HTTP/1.1", "target"},
      {"GET /\xD0\xBA HTTP/1.1", "target"},
      {"GET /a#b HTTP/1.1", "target"},
      {"GET /<b> HTTP/1.1", "target"},
      {"GET /\" HTTP/1.1", "target"},
      {"GET /\\ HTTP/1.1", "target"},
      {"GET /a?\xFF HTTP/1.1", "target"},
  }));
  const auto error = refused(line + "\r\nHost: x\r\n\r\n");
  CHECK(error.code == Code::bad_request);
  CHECK_THAT(error.detail, Catch::Contains(reason));
}

// ---- the header lines

TEST_CASE("head: names come in lower case, values without the space around", "[transport][head]") {
  const auto request =
      parsed(get("HOST: x\r\nX-Empty:\r\nX-Tabs:\t a \t b \t\r\nx-empty: 2\r\n"
                 "X-Bytes: \xC3\xA9\xFF\r\n"));
  using Headers = std::vector<std::pair<std::string, std::string>>;
  CHECK(request.headers == Headers{{"host", "x"},
                                   {"x-empty", ""},
                                   {"x-tabs", "a \t b"},
                                   {"x-empty", "2"},
                                   {"x-bytes", "\xC3\xA9\xFF"}});
}

TEST_CASE("head: a header line that is none is refused", "[transport][head]") {
  const auto [line, reason] = GENERATE(table<std::string, std::string>({
      {"no colon", "NAME: VALUE"},
      {": value", "NAME: VALUE"},
      {"Name : value", "NAME: VALUE"},
      {"Na me: value", "NAME: VALUE"},
      {" folded: value", "NAME: VALUE"},
      {"\tfolded", "NAME: VALUE"},
      {"Na\0me: value"s, "NAME: VALUE"},
      {"N\xC3\xA4me: value", "NAME: VALUE"},
      {"Name: va\0lue"s, "control character"},
      {"Name: va\rlue", "control character"},
      {"Name: va\x1blue", "control character"},
      {"Name: va\x7flue", "control character"},
  }));
  const bool first = GENERATE(false, true);
  const auto error =
      refused(first ? get(line + "\r\nHost: x\r\n") : get("Host: x\r\n" + line + "\r\n"));
  CHECK(error.code == Code::bad_request);
  CHECK_THAT(error.detail, Catch::Contains(reason));
}

TEST_CASE("head: at most so many headers", "[transport][head]") {
  HeadLimits limits;
  limits.headers = 3;
  CHECK(parse_request_head(get("Host: x\r\na: b\r\nc: d\r\n"), limits));
  CHECK(refused(get("Host: x\r\na: b\r\nc: d\r\ne: f\r\n"), limits).code ==
        Code::headers_too_large);
}

TEST_CASE("head: one host, and HTTP/1.1 must have it", "[transport][head]") {
  CHECK_THAT(refused(get("")).detail, Catch::Contains("Host header is missing"));
  CHECK_THAT(refused(get("Host: a\r\nHost: a\r\n")).detail, Catch::Contains("more than one Host"));
  CHECK(parsed("GET / HTTP/1.0\r\n\r\n").minor == 0);
  CHECK(refused("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").code == Code::bad_request);
}

TEST_CASE("head: the body's length is one decimal number", "[transport][head]") {
  const auto [value, length] = GENERATE(table<std::string, std::uint64_t>({
      {"0", 0},
      {"17", 17},
      {"007", 7},
      {"999999999999999", 999'999'999'999'999U},
  }));
  CAPTURE(value);
  CHECK(parsed(get("Host: x\r\nContent-Length: " + value + "\r\n")).content_length == length);
  CHECK(parsed(get("Host: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n")).content_length == 5);
}

TEST_CASE("head: a length that could be read in two ways is refused", "[transport][head]") {
  const std::string lines = GENERATE(
      as<std::string>(), "Content-Length:\r\n", "Content-Length: -1\r\n", "Content-Length: +1\r\n",
      "Content-Length: 1 1\r\n", "Content-Length: 0x10\r\n", "Content-Length: 5, 5\r\n",
      "Content-Length: 1000000000000000\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 5\r\nContent-Length: 05\r\n", "Content-Length: 5\r\nContent-Length:\r\n");
  const auto error = refused(get("Host: x\r\n" + lines));
  CHECK(error.code == Code::bad_request);
  CHECK_THAT(error.detail, Catch::Contains("Content-Length"));
}

TEST_CASE("head: chunked bodies are not taken", "[transport][head]") {
  const std::string lines = GENERATE(as<std::string>(), "Transfer-Encoding: chunked\r\n",
                                     "TRANSFER-ENCODING: identity\r\n", "Transfer-Encoding:\r\n",
                                     "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
  CHECK(refused(get("Host: x\r\n" + lines)).code == Code::length_required);
}

// ---- handshakes

namespace {

const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kVersion = "Sec-WebSocket-Version: 13\r\n";
const std::string kUpgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";

chat::wire::Result<void> checked(const std::string& headers,
                                 const std::string& line = "GET / HTTP/1.1") {
  CAPTURE(headers);
  return check_upgrade(parsed(line + "\r\nHost: x\r\n" + headers + "\r\n"));
}

}  // namespace

TEST_CASE("handshake: what RFC 6455 allows passes", "[transport][head]") {
  const std::string headers = GENERATE(
      as<std::string>(), kUpgrade, "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n",
      "Upgrade: h2c, websocket\r\nConnection: keep-alive\r\nConnection: ,uPgRaDe ,\r\n");
  CHECK(checked(headers + kVersion + kKey));
  CHECK(checked(headers + "Sec-WebSocket-Version:  13 \r\n" +
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"));
}

TEST_CASE("handshake: anything less is refused", "[transport][head]") {
  const auto [headers, reason] = GENERATE(table<std::string, std::string>({
      {"Connection: Upgrade\r\n" + kVersion + kKey, "Upgrade header"},
      {"Upgrade: websocketx\r\nConnection: Upgrade\r\n" + kVersion + kKey, "Upgrade header"},
      {"Upgrade: web socket\r\nConnection: Upgrade\r\n" + kVersion + kKey, "Upgrade header"},
      {"Upgrade: websocket\r\n" + kVersion + kKey, "Connection header"},
      {"Upgrade: websocket\r\nConnection: notupgrade\r\n" + kVersion + kKey, "Connection header"},
      {"Upgrade: websocket\r\nConnection: upgrade-insecure\r\n" + kVersion + kKey,
       "Connection header"},
      {kUpgrade + kVersion, "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + "Sec-WebSocket-Key:\r\n", "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + "Sec-WebSocket-Key: abc\r\n", "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n", "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n",
       "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n",
       "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + "Sec-WebSocket-Key: dGhlIHNhb-BsZSBub25jZQ==\r\n",
       "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + "Sec-WebSocket-Key: ========================\r\n",
       "Sec-WebSocket-Key"},
      {kUpgrade + kVersion + kKey + kKey, "Sec-WebSocket-Key"},
  }));
  const auto result = checked(headers);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::bad_request);
  CHECK_THAT(result.error().detail, Catch::Contains(reason));
}

TEST_CASE("handshake: version 13 and no other", "[transport][head]") {
  const std::string version =
      GENERATE(as<std::string>(), "", "Sec-WebSocket-Version:\r\n", "Sec-WebSocket-Version: 0\r\n",
               "Sec-WebSocket-Version: 7\r\n", "Sec-WebSocket-Version: 8\r\n",
               "Sec-WebSocket-Version: 013\r\n", "Sec-WebSocket-Version: 13, 8\r\n",
               "Sec-WebSocket-Version: 13abc\r\n",
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n");
  const auto result = checked(kUpgrade + version + kKey);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::upgrade_required);
}

TEST_CASE("handshake: GET in HTTP/1.1 alone", "[transport][head]") {
  for (const char* line :
       {"POST / HTTP/1.1", "HEAD / HTTP/1.1", "get / HTTP/1.1", "GET / HTTP/1.0"}) {
    const auto result = checked(kUpgrade + kVersion + kKey, line);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Code::bad_request);
    CHECK_THAT(result.error().detail, Catch::Contains("GET in HTTP/1.1"));
  }
}

TEST_CASE("handshake: an Upgrade header is what asks for it", "[transport][head]") {
  CHECK(wants_upgrade(parsed(get("Host: x\r\nUpgrade: h2c\r\n"))));
  CHECK_FALSE(wants_upgrade(parsed(get("Host: x\r\nConnection: Upgrade\r\n"))));
}
