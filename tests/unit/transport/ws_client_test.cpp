#include "chat/transport/ws_client.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "support/fake_stream.hpp"
#include "support/manual_executor.hpp"
#include "support/ws_peer.hpp"

using namespace chat::transport;
using namespace chat::tests;
using namespace std::chrono_literals;
using namespace std::string_literals;
using Words = std::vector<std::string>;

namespace {

constexpr unsigned kText = 1;
constexpr unsigned kBinary = 2;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;

/// A client over a wire that the test holds, and what it told.
class Caller final : private WsClient::Listener {
 public:
  explicit Caller(std::size_t room = FakeStream::kUnlimited, bool is_tls = false)
      : wire(executor), peer(wire) {
    wire.take_up_to(room);
    call(is_tls);
  }
  explicit Caller(const std::function<void(FakeStream&)>& before) : wire(executor), peer(wire) {
    before(wire);
    call(false);
  }

  ManualExecutor executor;
  FakeStream wire;
  WsPeer peer;
  std::unique_ptr<WsClient> client;
  Words told;
  std::vector<WsClient::End> ends;
  std::size_t close_at = 0;  // says goodbye inside that text, counted from 1

 private:
  void call(bool is_tls) {
    WsClient::Options options;
    options.max_message_bytes = 1000;
    options.random = [this] { return ++mask_; };
    options.is_tls = is_tls;
    WsClient::Listener& listener = *this;
    client = std::make_unique<WsClient>(
        wire.stream(),
        WsProtocol::Request{"h:1", "/ws/ops/", "dGhlIHNhbXBsZSBub25jZQ==", "chat.v1"}, options,
        listener);
  }
  void on_open() override { told.emplace_back("open"); }
  void on_text(std::string_view text) override {
    told.push_back("text:" + std::string(text));
    if (close_at > 0 && --close_at == 0) client->close(1000);
  }
  void on_alive() override { ++signs_; }
  void on_end(const WsClient::End& end) override {
    told.emplace_back("end");
    ends.push_back(end);
  }

  std::uint32_t mask_ = 0x01020304;
  int signs_ = 0;
};

const WsClient::End& end_of(const Caller& caller) {
  REQUIRE(caller.ends.size() == 1);
  REQUIRE(caller.told.back() == "end");
  return caller.ends.front();
}

/// With the Sec-WebSocket-Accept of RFC 6455 section 1.3, whose key is asked with.
std::string answer(const std::string& status = "101 Switching Protocols",
                   const std::string& more = "Sec-WebSocket-Protocol: chat.v1\r\n",
                   const std::string& accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
  return "HTTP/1.1 " + status + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
         "Sec-WebSocket-Accept: " + accept + "\r\n" + more + "\r\n";
}

}  // namespace

// ---- the handshake

TEST_CASE("ws client: what it asks is a handshake", "[transport]") {
  Caller caller;
  CHECK(caller.peer.request() ==
        "GET /ws/ops/ HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: chat.v1\r\n\r\n");
  CHECK(caller.peer.answer().substr(0, 12) == "HTTP/1.1 101");
}

TEST_CASE("ws client: an answer and frames behind it, cut anywhere", "[transport]") {
  const std::string big(300, 'x');
  const std::string bytes = answer() + server_frame(kText, "a") + server_frame(kPing, "p") +
                            server_frame(kText, "b", false) + server_frame(kPong, "") +
                            server_frame(0, "c") + server_frame(kText, big) +
                            server_frame(kClose, close_payload(4200));
  for (std::size_t piece = 1; piece <= bytes.size(); piece += piece < 20 ? 1 : 61) {
    CAPTURE(piece);
    Caller caller;
    caller.peer.request();
    caller.wire.send(bytes, piece);
    CHECK(caller.told == Words{"open", "text:a", "text:bc", "text:" + big, "end"});
    CHECK(end_of(caller).close == 4200);
    CHECK(caller.peer.heard() == Words{"pong", "close:4200"});
    CHECK(caller.wire.ended());
  }
}

TEST_CASE("ws client: headers in any case and with any spaces", "[transport]") {
  Caller caller;
  caller.wire.send(
      "HTTP/1.1 101 ok\r\nupgrade:  WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n"
      "sec-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
      "Sec-WebSocket-Protocol: chat.v1\r\n\r\n");
  CHECK(caller.told == Words{"open"});
}

TEST_CASE("ws client: a 101 that is none for its request is refused", "[transport]") {
  const std::string bytes = GENERATE(
      answer("101 x", "Sec-WebSocket-Protocol: chat.v1\r\n", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
      answer("101 x", ""), answer("101 x", "Sec-WebSocket-Protocol: chat.v2\r\n"),
      answer("101 x", "Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Extensions: x\r\n"),
      "HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n"s, "HTTP/1.1 101 x\r\n\r\n"s);
  CAPTURE(bytes);
  Caller caller;
  caller.wire.send(bytes);
  CHECK(caller.told == Words{"end"});
  CHECK_THAT(end_of(caller).why, Catch::Contains("no WebSocket"));
  CHECK(end_of(caller).http_status == 0);
}

TEST_CASE("ws client: what is not HTTP is known by its first bytes", "[transport]") {
  const std::string bytes =
      GENERATE("SSH-2.0-x\r\n"s, "\x15\x03\x03\0\x02\x02\x16"s, "AMQP\0\0\x09\x01"s, "HTTQ"s,
               "\0\0\0"s, "HTTP/2 200\r\n\r\n"s, "HTTP/1.1 abc\r\n\r\n"s, "HTTP/1.1\r\n\r\n"s);
  CAPTURE(bytes);
  const auto piece = GENERATE(std::size_t{1}, std::size_t{100});
  Caller caller;
  caller.wire.send(bytes, piece);
  CHECK_THAT(end_of(caller).why, Catch::Contains("not HTTP"));
}

TEST_CASE("ws client: a head over 8 KiB is refused, whole or not", "[transport]") {
  const std::string filler = "X: " + std::string(9000, 'x') + "\r\n";
  const auto piece = GENERATE(std::size_t{1000}, std::size_t{100'000});
  Caller caller;
  caller.wire.send(answer("101 x", filler + "Sec-WebSocket-Protocol: chat.v1\r\n"), piece);
  CHECK(caller.told == Words{"end"});
  CHECK_THAT(end_of(caller).why, Catch::Contains("too long"));
}

TEST_CASE("ws client: a refusal is told with its status and the first line of its text",
          "[transport]") {
  const std::string text = "bad_room: not a \x1b[31m room\nmore";
  const auto head = "HTTP/1.1 404 Not Found\r\nContent-Length: " + std::to_string(text.size()) +
                    "\r\nRetry-After: 7\r\n\r\n";
  const auto piece = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{10'000});
  Caller caller;
  caller.wire.send(head + text, piece);  // nothing ends the connection
  CHECK(end_of(caller).http_status == 404);
  CHECK(end_of(caller).retry_after == 7s);
  CHECK(end_of(caller).why == R"(HTTP 404: bad_room: not a \x1b[31m room)");
}

TEST_CASE("ws client: a refusal of unknown length is told when it ends, or is long enough",
          "[transport]") {
  Caller caller;
  caller.wire.send("HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999\r\n\r\nbu");
  CHECK(caller.ends.empty());
  SECTION("ends") {
    caller.wire.send("sy");
    caller.wire.end();
    CHECK(end_of(caller).why == "HTTP 503: busy");
    CHECK(end_of(caller).retry_after <= 1h);
  }
  SECTION("is long") {
    caller.wire.send(std::string(100'000, 'x'), 90);
    CHECK(end_of(caller).why.size() < 400);
  }
}

TEST_CASE("ws client: a refusal without a text", "[transport]") {
  const std::string head =
      GENERATE("HTTP/1.1 429 X\r\nContent-Length: 0\r\nRetry-After: 3601\r\n\r\n"s,
               "HTTP/1.0 429 X\r\nRetry-After:3600\r\ncontent-length:0\r\n\r\n"s);
  Caller caller;
  caller.wire.send(head);
  CHECK(end_of(caller).why == "HTTP 429");
  CHECK(end_of(caller).retry_after == 1h);
}

TEST_CASE("ws client: an end without an answer is told; TLS is guessed at where there is none",
          "[transport]") {
  const bool is_tls = GENERATE(false, true);
  Caller caller(FakeStream::kUnlimited, is_tls);
  caller.wire.send("HTTP/1.1 10");
  caller.wire.end();
  CHECK(end_of(caller).close == 0);
  CHECK_THAT(end_of(caller).why, Catch::Contains("without an answer"));
  CHECK((end_of(caller).why.find("wss://") == std::string::npos) == is_tls);
}

// ---- frames

TEST_CASE("ws client: texts go masked, each with another mask, once flushed", "[transport]") {
  Caller caller;
  caller.client->send("too early");
  caller.peer.accept();
  caller.client->send("a");
  caller.client->send(std::string(70'000, 'b'));
  CHECK(caller.wire.receive().empty());
  CHECK(caller.client->unsent() > 70'000);
  caller.client->flush();
  CHECK(caller.peer.heard() == Words{"text:a", "text:" + std::string(70'000, 'b')});
  CHECK(caller.client->unsent() == 0);
  caller.client->send("same");
  caller.client->send("same");
  caller.client->flush();
  const auto bytes = caller.wire.receive();
  REQUIRE(bytes.size() == 20);
  CHECK(bytes.substr(0, 10) != bytes.substr(10));
}

TEST_CASE("ws client: a socket that takes a few bytes at a time gets all of them", "[transport]") {
  Caller caller(0);
  CHECK(caller.wire.wants_writable());
  std::string bytes;
  while (bytes.find("\r\n\r\n") == std::string::npos) {
    caller.wire.take_up_to(7);
    bytes += caller.wire.receive();
  }
  caller.wire.send(*WsProtocol::handshake(bytes, "chat.v1"));
  REQUIRE(caller.told == Words{"open"});
  std::size_t expected = 0;
  for (int i = 0; i < 50; ++i) {
    caller.client->send(std::to_string(i));
    caller.client->flush();
    expected += 6 + std::to_string(i).size();
  }
  bytes.clear();
  while (bytes.size() < expected) {
    const auto unsent = caller.client->unsent();
    caller.wire.take_up_to(3);
    bytes += caller.wire.receive();
    REQUIRE(caller.client->unsent() < unsent);
  }
  CHECK(bytes.size() == expected);
  CHECK(caller.client->unsent() == 0);
}

TEST_CASE("ws client: pings are answered, but not hoarded", "[transport]") {
  Caller caller;
  caller.peer.accept();
  caller.wire.send(server_frame(kPing, "hi"));
  CHECK(caller.wire.receive().size() == 8);
  caller.client->ping();
  CHECK(caller.peer.heard() == Words{"ping:"});
  caller.wire.take_up_to(0);
  for (int i = 0; i < 10'000; ++i) caller.wire.send(server_frame(kPing, std::string(125, 'x')));
  CHECK(caller.client->unsent() < 100'000);
}

TEST_CASE("ws client: what breaks RFC 6455 or its bounds ends it, and the server is told",
          "[transport]") {
  FrameShape rsv;
  rsv.masked = false;
  rsv.rsv = 4;
  FrameShape bare;
  bare.masked = false;
  const auto [bytes, code] = GENERATE_REF(table<std::string, int>({
      {client_frame(kText, "masked"), 1002},
      {client_frame(kText, "x", rsv), 1002},
      {server_frame(3, "x"), 1002},
      {server_frame(0, "x"), 1002},
      {server_frame(kPing, "x", false), 1002},
      {server_frame(kClose, "x"), 1002},
      {server_frame(kClose, close_payload(1005)), 1002},
      {server_frame(kText, "\xFF"), 1007},
      {server_frame(kText, "a", false) + server_frame(kText, "b"), 1002},
      {client_frame_head(kText, 1001, bare), 1009},
      {client_frame_head(kText, std::uint64_t{1} << 63U, bare), 1002},
      {server_frame(kText, std::string(600, 'x'), false) + server_frame(0, std::string(600, 'x')),
       1009},
  }));
  CAPTURE(code);
  Caller caller;
  caller.peer.accept();
  caller.wire.send(bytes + server_frame(kText, "never"),
                   GENERATE(std::size_t{1}, std::size_t{9999}));
  CHECK(caller.told == Words{"open", "end"});
  CHECK(end_of(caller).close == 0);
  CHECK_THAT(end_of(caller).why, Catch::Contains("no WebSocket frame"));
  CHECK(caller.peer.heard() == Words{"close:" + std::to_string(code)});
}

TEST_CASE("ws client: binary messages are passed over", "[transport]") {
  Caller caller;
  caller.peer.accept();
  caller.wire.send(server_frame(kBinary, "x") + server_frame(kText, "y"));
  CHECK(caller.told == Words{"open", "text:y"});
}

TEST_CASE("ws client: a close is answered with its code, and is the last that is told",
          "[transport]") {
  const auto [payload, told, echoed] = GENERATE(table<std::string, std::uint16_t, std::string>(
      {{"", 1005, "close:1005"},
       {close_payload(1000), 1000, "close:1000"},
       {close_payload(4002, "go away"), 4002, "close:4002"}}));
  Caller caller;
  caller.peer.accept();
  caller.wire.send(server_frame(kClose, payload) + server_frame(kText, "never"));
  CHECK(caller.told == Words{"open", "end"});
  CHECK(end_of(caller).close == told);
  CHECK(caller.peer.heard() == Words{echoed});
  caller.wire.end();
  CHECK(caller.ends.size() == 1);
}

TEST_CASE("ws client: a close counts although its answer cannot be written", "[transport]") {
  Caller caller;
  caller.peer.accept();
  caller.wire.break_writes();
  caller.wire.send(server_frame(kClose, close_payload(4002)));
  CHECK(end_of(caller).close == 4002);
}

TEST_CASE("ws client: a connection that breaks is told once", "[transport]") {
  Caller caller;
  caller.peer.accept();
  SECTION("reading") { caller.wire.end(false); }
  SECTION("writing") {
    caller.wire.break_writes();
    caller.client->send("x");
    caller.client->flush();
    CHECK(caller.client->unsent() == 0);
    caller.client->flush();
    caller.wire.end(false);
  }
  CHECK(caller.told == Words{"open", "end"});
  CHECK(end_of(caller).why == "the connection was lost");
}

TEST_CASE("ws client: a connection that is broken from the first is told in the constructor",
          "[transport]") {
  Caller caller([](FakeStream& wire) { wire.break_writes(); });
  CHECK(caller.told == Words{"end"});
}

TEST_CASE("ws client: after its goodbye nothing is told any more", "[transport]") {
  Caller caller;
  caller.peer.accept();
  SECTION("between calls") {
    caller.client->close(1000);
    CHECK(caller.peer.heard() == Words{"close:1000"});
    CHECK(caller.wire.ended());
  }
  SECTION("inside one") {
    caller.close_at = 1;
    caller.wire.send(server_frame(kText, "a") + server_frame(kText, "b"));
    CHECK(caller.told == Words{"open", "text:a"});
    CHECK(caller.peer.heard() == Words{"close:1000"});
    caller.told = {"open"};
  }
  SECTION("although it cannot be written") {
    caller.wire.break_writes();
    caller.client->close(1000);
  }
  caller.client->send("late");
  caller.client->ping();
  caller.client->flush();
  caller.client->close(1000);
  caller.wire.send(server_frame(kText, "late"));
  caller.wire.end();
  CHECK(caller.told == Words{"open"});
  CHECK(caller.peer.heard().empty());
}
