#include "chat/transport/ws_protocol.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "chat/transport/http_head.hpp"
#include "support/ws_frames.hpp"

using namespace chat::transport;
using namespace chat::tests;
using namespace std::string_literals;
using chat::wire::Code;

namespace {

constexpr unsigned kContinuation = 0;
constexpr unsigned kText = 1;
constexpr unsigned kBinary = 2;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;
constexpr std::size_t kLimit = 1U << 20;

const std::string kGrin = "😀";

/// Notes what comes out, one word per event: "text:abc", "ping:x", "pong", "close:1000".
class Recorder final : public WsProtocol::Handler {
 public:
  std::vector<std::string> events;
  std::size_t stop_after = 0;  // 0: never
  bool closed = false;

  bool on_data(Opcode kind, std::string_view payload) override {
    return note((kind == Opcode::text ? "text:" : "binary:") + std::string(payload));
  }
  bool on_ping(std::string_view payload) override { return note("ping:" + std::string(payload)); }
  bool on_pong() override { return note("pong"); }
  void on_close(std::uint16_t code) override {
    closed = true;
    note("close:" + std::to_string(code));
  }

  bool note(std::string event) {
    events.push_back(std::move(event));
    return events.size() != stop_after;
  }
};

using Events = std::vector<std::string>;

/// The events of `bytes`, fed in pieces of `piece`; an error is the last one.
Events events_of(std::string bytes, std::size_t piece, std::size_t limit = kLimit) {
  WsProtocol protocol(limit);
  Recorder recorder;
  for (std::size_t at = 0; at < bytes.size() && !recorder.closed;) {
    const auto size = std::min(piece, bytes.size() - at);
    const auto taken = protocol.feed(bytes.data() + at, size, recorder);
    if (!taken) {
      recorder.note("error:" + std::string(chat::wire::info(taken.error().code).name));
      break;
    }
    at += *taken;
  }
  return recorder.events;
}

/// At once, and the same in pieces.
Events events_of(const std::string& bytes) {
  const auto whole = events_of(bytes, bytes.size());
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    if (bytes.size() > 200'000 && piece < 7) continue;
    CAPTURE(piece);
    CHECK(events_of(bytes, piece) == whole);
  }
  return whole;
}

FrameShape not_final() {
  FrameShape shape;
  shape.fin = false;
  return shape;
}

FrameShape with_rsv(unsigned rsv) {
  FrameShape shape;
  shape.rsv = rsv;
  return shape;
}

FrameShape unmasked() {
  FrameShape shape;
  shape.masked = false;
  return shape;
}

FrameShape with_width(int width) {
  FrameShape shape;
  shape.shortest = false;
  shape.width = width;
  return shape;
}

std::string fragments(unsigned opcode, const std::vector<std::string>& payloads) {
  std::string bytes;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const bool last = i + 1 == payloads.size();
    bytes += client_frame(i == 0 ? opcode : kContinuation, payloads[i],
                          last ? FrameShape() : not_final());
  }
  return bytes;
}

const Events kProtocolError = {"error:protocol_error"};
const Events kInvalidUtf8 = {"error:invalid_utf8"};

}  // namespace

// ---- frames in

TEST_CASE("ws: data of every width of length arrives", "[transport][ws]") {
  const std::size_t size = GENERATE(0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 65537U);
  const std::string payload(size, '*');
  CAPTURE(size);
  CHECK(events_of(client_frame(kText, payload)) == Events{"text:" + payload});
  CHECK(events_of(client_frame(kBinary, payload)) == Events{"binary:" + payload});
}

TEST_CASE("ws: any mask is taken off, also none worth the name", "[transport][ws]") {
  FrameShape shape;
  shape.mask = GENERATE(0U, 1U, 0xFFFFFFFFU, 0x00FF00FFU, 0x80000000U);
  CAPTURE(shape.mask);
  CHECK(events_of(client_frame(kText, "0123456789abcdef!", shape)) ==
        Events{"text:0123456789abcdef!"});
}

TEST_CASE("ws: frames in one piece come one after the other", "[transport][ws]") {
  CHECK(events_of(client_frame(kText, "a") + client_frame(kBinary, "\0\xFF"s) +
                  client_frame(kPing, "p") + client_frame(kPong, "") + client_frame(kText, "")) ==
        Events{"text:a", "binary:\0\xFF"s, "ping:p", "pong", "text:"});
}

TEST_CASE("ws: fragments become one message, control frames may stand between", "[transport][ws]") {
  CHECK(events_of(fragments(kText, {"ab", "cd"})) == Events{"text:abcd"});
  CHECK(events_of(fragments(kBinary, {"", "x", ""})) == Events{"binary:x"});
  CHECK(events_of(fragments(kText, {"", "", ""})) == Events{"text:"});
  CHECK(events_of(client_frame(kText, "a", not_final()) + client_frame(kPing, "1") +
                  client_frame(kContinuation, "b", not_final()) + client_frame(kPong, "") +
                  client_frame(kContinuation, "c")) == Events{"ping:1", "pong", "text:abc"});
  CHECK(events_of(client_frame(kText, "a", not_final()) +
                  client_frame(kClose, close_payload(1000))) == Events{"close:1000"});
}

TEST_CASE("ws: a message may come in very many fragments", "[transport][ws]") {
  constexpr std::size_t count = 65'536;
  const std::vector<std::string> pieces(count, "0123456789abcdef");
  const auto events = events_of(fragments(kBinary, pieces), 4096);
  REQUIRE(events.size() == 1);
  CHECK(events[0].size() == count * 16 + std::string("binary:").size());
}

TEST_CASE("ws: fragments out of order break the rules", "[transport][ws]") {
  const std::string bytes =
      GENERATE(client_frame(kContinuation, "x"), client_frame(kContinuation, "x", not_final()),
               client_frame(kText, "a", not_final()) + client_frame(kText, "b"),
               client_frame(kBinary, "a", not_final()) + client_frame(kText, "b"));
  CHECK(events_of(bytes) == kProtocolError);
  CHECK(events_of(fragments(kText, {"a", "b"}) + client_frame(kContinuation, "c")) ==
        Events{"text:ab", "error:protocol_error"});
}

TEST_CASE("ws: reserved bits break the rules, nothing was agreed to", "[transport][ws]") {
  const unsigned rsv = GENERATE(range(1U, 8U));
  CAPTURE(rsv);
  CHECK(events_of(client_frame(kText, "x", with_rsv(rsv))) == kProtocolError);
  CHECK(events_of(client_frame(kPing, "x", with_rsv(rsv))) == kProtocolError);
  CHECK(events_of(client_frame(kText, "x", not_final()) +
                  client_frame(kContinuation, "y", with_rsv(rsv))) == kProtocolError);
}

TEST_CASE("ws: reserved opcodes break the rules", "[transport][ws]") {
  const unsigned opcode = GENERATE(3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U);
  CAPTURE(opcode);
  CHECK(events_of(client_frame(kText, "a") + client_frame(opcode, "x")) ==
        Events{"text:a", "error:protocol_error"});
}

TEST_CASE("ws: a client's frame is masked", "[transport][ws]") {
  const unsigned opcode = GENERATE(kText, kBinary, kPing, kClose);
  CHECK(events_of(client_frame(opcode, "", unmasked())) == kProtocolError);
  CHECK(events_of(client_frame(opcode, "xy", unmasked())) == kProtocolError);
}

TEST_CASE("ws: a length is written as short as can be", "[transport][ws]") {
  CHECK(events_of(client_frame(kText, "hi", with_width(2))) == kProtocolError);
  CHECK(events_of(client_frame(kText, std::string(300, 'x'), with_width(8))) == kProtocolError);
  CHECK(events_of(client_frame_head(kText, 1ULL << 63U)) == kProtocolError);
}

TEST_CASE("ws: control frames are whole and short", "[transport][ws]") {
  const unsigned opcode = GENERATE(kPing, kPong, kClose);
  CAPTURE(opcode);
  CHECK(events_of(client_frame(opcode, "", not_final())) == kProtocolError);
  CHECK(events_of(client_frame(opcode, std::string(126, 'x'))) == kProtocolError);
}

TEST_CASE("ws: a message over the limit is refused before it arrives", "[transport][ws]") {
  constexpr std::size_t limit = 100;
  const std::string fits(limit, 'x');
  CHECK(events_of(client_frame(kText, fits), 1, limit) == Events{"text:" + fits});
  const std::string bytes =
      GENERATE(client_frame_head(kText, 101), client_frame_head(kBinary, 1ULL << 40U),
               client_frame(kText, std::string(60, 'x'), not_final()) +
                   client_frame_head(kContinuation, 41));
  CHECK(events_of(bytes, bytes.size(), limit) == Events{"error:too_large"});
  CHECK(events_of(bytes, 1, limit) == Events{"error:too_large"});
}

TEST_CASE("ws: what is too large is told with the limit, in our own words", "[transport][ws]") {
  auto bytes = client_frame_head(kText, 101);
  Recorder recorder;
  WsProtocol protocol(100);
  const auto taken = protocol.feed(bytes.data(), bytes.size(), recorder);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().limit == 100U);
  CHECK(taken.error().text() == chat::wire::info(Code::too_large).text);
}

TEST_CASE("ws: the limit counts a message, not the connection", "[transport][ws]") {
  const std::string fits(90, 'x');
  const auto one = fragments(kText, {fits.substr(0, 45), fits.substr(45)});
  CHECK(events_of(one + one + one, 1000, 100) ==
        Events{"text:" + fits, "text:" + fits, "text:" + fits});
  CHECK(events_of(client_frame(kText, fits, not_final()) + client_frame(kPing, fits) +
                      client_frame(kContinuation, ""),
                  1000, 100) == Events{"ping:" + fits, "text:" + fits});
}

// ---- UTF-8

TEST_CASE("ws: text is UTF-8, binary is anything", "[transport][ws]") {
  const std::string bad =
      GENERATE(as<std::string>(), "\x80", "\xC0\x80", "\xC2", "\xC2 ", "\xE0\x80\x80", "\xE2\x82",
               "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xFE",
               "\xFF", "ok \xCE\xBA\xFF");
  CHECK(events_of(client_frame(kText, bad)) == kInvalidUtf8);
  CHECK(events_of(client_frame(kBinary, bad)) == Events{"binary:" + bad});
  const std::string good = GENERATE(as<std::string>(), "\u0000", "\u07ff", "\uffff", "\U0010ffff");
  CHECK(events_of(client_frame(kText, good)) == Events{"text:" + good});
}

TEST_CASE("ws: a character may be cut between fragments anywhere", "[transport][ws]") {
  const std::size_t cut = GENERATE(range(std::size_t{1}, std::size_t{4}));
  CHECK(events_of(fragments(kText, {kGrin.substr(0, cut), kGrin.substr(cut)})) ==
        Events{"text:" + kGrin});
  CHECK(events_of(client_frame(kText, kGrin.substr(0, cut), not_final()) +
                  client_frame(kPing, "\xFF") + client_frame(kContinuation, kGrin.substr(cut))) ==
        Events{"ping:\xFF", "text:" + kGrin});
}

TEST_CASE("ws: fragments may not end inside a character", "[transport][ws]") {
  const std::size_t cut = GENERATE(range(std::size_t{1}, std::size_t{4}));
  CAPTURE(cut);
  CHECK(events_of(fragments(kText, {"ab", kGrin.substr(0, cut)})) == kInvalidUtf8);
  CHECK(events_of(fragments(kText, {"ab", kGrin.substr(0, cut), ""})) == kInvalidUtf8);
}

TEST_CASE("ws: what cannot become UTF-8 any more fails at once", "[transport][ws]") {
  const auto head = client_frame_head(kText, 1000);
  FrameShape shape;
  const auto masked = client_frame(kText, "ab\xFF", shape).substr(6);
  CHECK(events_of(head + masked, 1) == kInvalidUtf8);
  CHECK(events_of(client_frame(kText, "\xF4", not_final()) + client_frame_head(kContinuation, 500) +
                      client_frame(kText, "\x90", shape).substr(6),
                  1) == kInvalidUtf8);
}

// ---- the close frame

TEST_CASE("ws: the peer's close has a code that may be sent, or none", "[transport][ws]") {
  const unsigned code = GENERATE(1000U, 1001U, 1002U, 1003U, 1007U, 1011U, 3000U, 3999U, 4999U);
  CHECK(events_of(client_frame(kClose, close_payload(static_cast<std::uint16_t>(code), "bye"))) ==
        Events{"close:" + std::to_string(code)});
  CHECK(events_of(client_frame(kClose, "")) == Events{"close:1005"});
}

TEST_CASE("ws: a close that makes no sense breaks the rules", "[transport][ws]") {
  const unsigned code = GENERATE(0U, 999U, 1004U, 1005U, 1006U, 1015U, 2999U, 5000U, 65535U);
  CAPTURE(code);
  CHECK(events_of(client_frame(kClose, close_payload(static_cast<std::uint16_t>(code)))) ==
        kProtocolError);
  CHECK(events_of(client_frame(kClose, "\x03")) == kProtocolError);
  CHECK(events_of(client_frame(kClose, close_payload(1000, "\xFF"))) == kInvalidUtf8);
}

TEST_CASE("ws: nothing is read behind a close", "[transport][ws]") {
  CHECK(events_of(client_frame(kClose, "") + client_frame(kText, "late") + "rubbish") ==
        Events{"close:1005"});
}

// ---- stopping

TEST_CASE("ws: a handler that stops leaves the rest of the bytes", "[transport][ws]") {
  auto bytes = client_frame(kText, "one") + client_frame(kText, "two");
  const auto first = client_frame(kText, "one").size();
  WsProtocol protocol(kLimit);
  Recorder recorder;
  recorder.stop_after = 1;
  CHECK(protocol.feed(bytes.data(), bytes.size(), recorder) == first);
  CHECK(recorder.events == Events{"text:one"});
  CHECK(protocol.feed(bytes.data() + first, bytes.size() - first, recorder) ==
        bytes.size() - first);
  CHECK(recorder.events == Events{"text:one", "text:two"});
}

TEST_CASE("ws: connections in the middle of a message do not disturb each other",
          "[transport][ws]") {
  std::vector<std::unique_ptr<WsProtocol>> protocols;
  std::vector<Recorder> recorders(20);
  auto first = client_frame(kText, "half ", not_final());
  for (std::size_t i = 0; i < recorders.size(); ++i) {
    protocols.push_back(std::make_unique<WsProtocol>(i % 2 == 0 ? kLimit : 10));
    auto bytes = first;
    REQUIRE(protocols[i]->feed(bytes.data(), bytes.size(), recorders[i]));
  }
  for (std::size_t i = 0; i < recorders.size(); ++i) {
    auto bytes = client_frame(kContinuation, "whole" + std::string(i % 2 == 0 ? 1 : 0, '!'));
    REQUIRE(protocols[i]->feed(bytes.data(), bytes.size(), recorders[i]));
    CHECK(recorders[i].events == Events{i % 2 == 0 ? "text:half whole!" : "text:half whole"});
  }
  auto bytes = client_frame(kText, "12345678901");
  CHECK_FALSE(protocols[1]->feed(bytes.data(), bytes.size(), recorders[1]));
}

// ---- frames out

TEST_CASE("ws: a server's frame has the shortest length and no mask", "[transport][ws]") {
  const auto [size, head] = GENERATE(table<std::size_t, std::string>({
      {0, "\x81\x00"s},
      {1, "\x81\x01"s},
      {125, "\x81\x7D"s},
      {126, "\x81\x7E\x00\x7E"s},
      {65535, "\x81\x7E\xFF\xFF"s},
      {65536, "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s},
  }));
  CAPTURE(size);
  const std::string payload(size, 'x');
  CHECK(WsProtocol::frame(Opcode::text, payload)->bytes() == head + payload);
}

TEST_CASE("ws: every kind of frame out is read back by an independent reader", "[transport][ws]") {
  const auto [opcode, number] = GENERATE(table<Opcode, unsigned>({
      {Opcode::text, 1},
      {Opcode::binary, 2},
      {Opcode::close, 8},
      {Opcode::ping, 9},
      {Opcode::pong, 10},
  }));
  CHECK(server_frames(WsProtocol::frame(opcode, "abc")->bytes()) ==
        std::vector<ServerFrame>{{number, "abc"}});
}

TEST_CASE("ws: a close reason is cut to what fits, at a character's edge", "[transport][ws]") {
  const auto [reason, kept] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"bye", "bye"},
      {std::string(123, 'x'), std::string(123, 'x')},
      {std::string(124, 'x'), std::string(123, 'x')},
      {std::string(122, 'x') + "é", std::string(122, 'x')},
      {std::string(121, 'x') + "é!", std::string(121, 'x') + "é"},
      {std::string(120, 'x') + "😀", std::string(120, 'x')},
  }));
  const auto frames = server_frames(WsProtocol::close_frame(4100, reason)->bytes());
  CHECK(frames == std::vector<ServerFrame>{{8, close_payload(4100, kept)}});
}

// ---- the handshake

TEST_CASE("ws: the answer to a handshake is the RFC's", "[transport][ws]") {
  const std::string head =
      "GET /ws/lobby HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
      "Sec-WebSocket-Protocol: chat.v1, other\r\n\r\n";
  const auto answer = WsProtocol::handshake(head, "chat.v1");
  REQUIRE(answer);
  CHECK(answer->rfind("HTTP/1.1 101 Switching Protocols\r\n", 0) == 0);
  CHECK_THAT(*answer, Catch::Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  CHECK_THAT(*answer, Catch::Contains("Upgrade: websocket\r\n"));
  CHECK_THAT(*answer, Catch::Contains("Connection: Upgrade\r\n"));
  CHECK_THAT(*answer, Catch::Contains("Sec-WebSocket-Protocol: chat.v1\r\n"));
  CHECK_THAT(*answer, !Catch::Contains("Extensions"));
  CHECK(answer->substr(answer->size() - 4) == "\r\n\r\n");
  CHECK_THAT(*WsProtocol::handshake(head, ""), !Catch::Contains("Sec-WebSocket-Protocol"));
}
