#include "chat/http/http_client.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "support/scripted_server.hpp"

using namespace chat::http;
using chat::tests::ScriptedServer;
using Kind = HttpFailure::Kind;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

HttpTarget target(std::uint16_t port, bool is_tls = false) {
  HttpTarget made;
  made.url = {is_tls, "127.0.0.1", port, "ann"};
  made.password = "hidden";
  return made;
}

/// The failure of one GET.
HttpFailure failure(HttpTarget asked) {
  const auto answer = HttpClient(std::move(asked)).call("GET", "/api/whoami");
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().text, !Catch::Contains("hidden"));
  return answer.error();
}

std::uint16_t closed_port() {
  const ScriptedServer server("");
  return server.port();
}

}  // namespace

TEST_CASE("http_client: an answer has its status and body", "[http]") {
  const ScriptedServer server("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
  const auto answer = HttpClient(target(server.port())).call("PUT", "/api/a%2Fb", "{\"x\":1}");
  REQUIRE(answer);
  CHECK(answer->status == 201);
  CHECK(answer->body == "ok");
  REQUIRE(server.requests().size() == 1);
  const auto request = server.requests().front();
  CHECK_THAT(request, Catch::StartsWith("PUT /api/a%2Fb HTTP/1.1\r\n"));
  CHECK_THAT(request, Catch::Contains("Authorization: Basic YW5uOmhpZGRlbg==\r\n"));
  CHECK_THAT(request, Catch::EndsWith("\r\n\r\n{\"x\":1}"));
}

TEST_CASE("http_client: an answer without a body, and one in chunks", "[http]") {
  const auto [text, status, body] = GENERATE(table<std::string, int, std::string>({
      {"HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200,
       "abc"},
      {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503, ""},
      {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302, ""},
  }));
  CAPTURE(text);
  const ScriptedServer server(text);
  const auto answer = HttpClient(target(server.port())).call("GET", "/");
  REQUIRE(answer);
  CHECK(answer->status == status);
  CHECK(answer->body == body);
}

TEST_CASE("http_client: whatever answers wrong is told for what it is", "[http]") {
  const auto [bytes, is_tls, kind, why] = GENERATE(table<std::string, bool, Kind, std::string>({
      {"AMQP\0\0\x09\x01"s, false, Kind::not_http, "port for AMQP"},
      {"AMQP\0\0\x09\x01"s, true, Kind::not_http, "port for AMQP"},
      {"\x15\x03\x03\0\x02\x02\x16"s, false, Kind::tls, "https://"},
      {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", true, Kind::tls, "http://"},
      {"SSH-2.0-OpenSSH_9.2\r\n", false, Kind::not_http, "does not speak HTTP"},
      {"SSH-2.0-OpenSSH_9.2\r\n", true, Kind::not_http, "does not speak HTTP"},
      {"220 mail.example ESMTP\r\n", false, Kind::not_http, "does not speak HTTP"},
      {"", false, Kind::cut, "ended the connection"},
      {"HTTP/1.1 20", false, Kind::cut, "without a whole answer"},
      {"HTTP/1.1 200 OK\r\nContent-Le", false, Kind::cut, "without a whole answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\":", false, Kind::cut, "middle"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", false, Kind::cut, "middle"},
  }));
  CAPTURE(bytes, is_tls);
  const ScriptedServer server(bytes);
  const auto failed = failure(target(server.port(), is_tls));
  CHECK(static_cast<int>(failed.kind) == static_cast<int>(kind));
  CHECK_THAT(failed.text, Catch::Contains(why) && Catch::Contains(std::to_string(server.port())));
}

TEST_CASE("http_client: what was expected, and what to look at, is in the messages", "[http]") {
  auto asked = target(closed_port());
  asked.expected = "a clock";
  asked.when_refused = "wind it up";
  asked.when_amqp = "look at another wall";
  CHECK_THAT(failure(asked).text, Catch::Contains("; wind it up"));
  const ScriptedServer broker("AMQP\0\0\x09\x01"s);
  asked.url.port = broker.port();
  CHECK_THAT(failure(asked).text, Catch::Contains("not a clock; look at another wall"));
}

TEST_CASE("http_client: without a user nothing of one is sent", "[http]") {
  const ScriptedServer server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  auto asked = target(server.port());
  asked.url.user.clear();
  REQUIRE(HttpClient(asked).call("GET", "/"));
  CHECK_THAT(server.requests().front(), !Catch::Contains("Authorization"));
}

TEST_CASE("http_client: a closed port and an unknown host are refused", "[http]") {
  auto asked = target(closed_port());
  auto failed = failure(asked);
  CHECK(failed.kind == Kind::refused);
  CHECK_THAT(failed.text, Catch::Contains("nothing listens"));
  asked.url.host = "no-such-host.invalid";
  failed = failure(asked);
  CHECK(failed.kind == Kind::refused);
  CHECK_THAT(failed.text, Catch::Contains("there is no host"));
}

TEST_CASE("http_client: silence ends in a time-out, wherever it falls", "[http]") {
  const std::string begun =
      GENERATE("", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  CAPTURE(begun);
  const ScriptedServer server(begun, true);
  auto asked = target(server.port());
  asked.read_bound = 100ms;
  const auto failed = failure(asked);
  CHECK(failed.kind == Kind::timed_out);
  CHECK_THAT(failed.text, Catch::Contains("100 ms"));
}

TEST_CASE("http_client: a TLS handshake that is not answered ends in a time-out", "[http]") {
  const ScriptedServer server("", true);
  auto asked = target(server.port(), true);
  asked.connect_bound = 100ms;
  asked.read_bound = 100ms;
  CHECK(failure(asked).kind == Kind::timed_out);
}

TEST_CASE("http_client: an answer as a whole has a bound, too", "[http]") {
  const ScriptedServer server("HTTP/1.1 200 OK\r\n", true);
  auto asked = target(server.port());
  asked.whole_bound = 100ms;  // long before a read would be given up
  const auto failed = failure(asked);
  CHECK(failed.kind == Kind::timed_out);
  CHECK_THAT(failed.text, Catch::Contains("100 ms"));
}

TEST_CASE("http_client: an answer that is too large is not taken", "[http]") {
  const ScriptedServer server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" +
                              std::string(1000, 'x'));
  auto asked = target(server.port());
  asked.most_bytes = 999;
  CHECK(failure(asked).kind == Kind::too_large);
  asked.most_bytes = 1000;
  const auto answer = HttpClient(asked).call("GET", "/");
  REQUIRE(answer);
  CHECK(answer->body.size() == 1000);
}

TEST_CASE("http_client: a CA file that is none is told", "[http]") {
  const ScriptedServer server("");
  auto asked = target(server.port(), true);
  asked.ca_file = "/nonexistent/ca.pem";
  const auto failed = failure(asked);
  CHECK(failed.kind == Kind::tls);
  CHECK_THAT(failed.text, Catch::Contains("/nonexistent/ca.pem"));
}

TEST_CASE("http_client: a client can be used again after a failure", "[http]") {
  int count = 0;
  const ScriptedServer server([&count](const std::string&) {
    return ++count == 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"s
                        : "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"s;
  });
  HttpClient client(target(server.port()));
  CHECK_FALSE(client.call("GET", "/"));
  const auto answer = client.call("GET", "/");
  REQUIRE(answer);
  CHECK(answer->body == "x");
}
