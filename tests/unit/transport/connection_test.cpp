#include "chat/transport/connection.hpp"

#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "support/fake_stream.hpp"
#include "support/manual_executor.hpp"
#include "support/ws_frames.hpp"

using namespace chat::transport;
using namespace chat::tests;
using namespace std::chrono_literals;
namespace base = chat::base;
namespace wire = chat::wire;

namespace {

using Words = std::vector<std::string>;

const std::string kHandshake =
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

std::string get(const std::string& path, const std::string& headers = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

std::string post(const std::string& path, const std::string& body,
                 const std::string& headers = {}) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + headers + "\r\n" + body;
}

base::BlockRef text_frame(std::string_view text) { return WsProtocol::frame(Opcode::text, text); }

/// Takes a note of everything; answers only when told to.
class Recorder final : public WsHandler {
 public:
  Recorder(Connection& connection, Words& events, bool& pauses)
      : connection_(connection), events_(events), pauses_(pauses) {}

  void on_open() override { events_.emplace_back("open"); }
  void on_text(std::string_view text) override {
    events_.push_back("text:" + std::string(text));
    if (pauses_) connection_.pause();
  }
  void on_binary(std::string_view bytes) override {
    events_.push_back("binary:" + std::string(bytes));
  }
  base::BlockRef farewell(const wire::Error& error) override {
    events_.push_back("violation:" + std::string(wire::info(error.code).name));
    return text_frame("told");
  }
  void on_drained() override { events_.emplace_back("drained"); }
  void on_tick(base::TimePoint) override {}
  void on_closed(const CloseInfo& info) override {
    events_.push_back("closed:" + std::to_string(info.code) +
                      (info.by_peer ? ":by peer" : ":by server"));
  }

 private:
  Connection& connection_;
  Words& events_;
  bool& pauses_;
};

/// One loop with its connections. /ws becomes a WebSocket, /later is answered by hand, /big/N has N
/// bytes, everything else is echoed.
class World final : public HttpHandler {
 public:
  explicit World(const ConnectionLimits& limits = {}) { connections.emplace(loop, limits, *this); }

  void on_request(Connection& connection, HttpRequest request) override {
    requests.push_back(request.method + " " + request.path + " " + request.body);
    last = connection.id();
    if (request.path == "/later") return;
    if (request.path == "/ws") {
      connection.upgrade({}, [this](Connection& upgraded) {
        return std::make_unique<Recorder>(upgraded, events, pauses);
      });
      return;
    }
    HttpResponse response;
    response.body = request.path.rfind("/big/", 0) == 0
                        ? std::string(std::stoul(request.path.substr(5)), 'b')
                        : request.path + request.body;
    connection.respond(response);
  }
  HttpResponse error_response(const wire::Error& error, std::string_view target) override {
    refused.emplace_back(target);
    HttpResponse response;
    response.status = wire::info(error.code).http;
    response.body = wire::info(error.code).name;
    return response;
  }
  void on_answered(const Connection&, std::string_view, int status) override {
    answered.push_back(status);
  }
  void on_gone(const Connection& connection) override {
    ++gone;
    CHECK(connection.peer() == "192.0.2.1:4711");
  }

  std::unique_ptr<FakeStream> open() {
    auto peer = std::make_unique<FakeStream>(loop);
    last = connections->add(peer->stream()).id();
    return peer;
  }

  std::unique_ptr<FakeStream> open_websocket() {
    auto peer = open();
    peer->send(kHandshake);
    loop.run_until_idle();
    const auto answer = peer->receive();
    REQUIRE(answer.substr(0, 13) == "HTTP/1.1 101 ");
    REQUIRE(answer.substr(answer.size() - 4) == "\r\n\r\n");
    events.clear();
    return peer;
  }

  Connection& connection() {
    auto* found = connections->find(last);
    REQUIRE(found != nullptr);
    return *found;
  }

  /// The peer's bytes, and the turn they make.
  void hear(FakeStream& peer, std::string_view bytes) {
    peer.send(bytes);
    loop.run_until_idle();
  }

  /// The events since the last call, the quiet ones left out.
  Words take_events() {
    Words taken;
    for (auto& event : events) {
      if (event != "drained") taken.push_back(std::move(event));
    }
    events.clear();
    return taken;
  }

  ManualExecutor loop;
  Words requests;
  Words refused;              // their targets
  std::vector<int> answered;  // the statuses
  Words events;
  bool pauses = false;
  int gone = 0;
  ConnectionId last = 0;
  std::optional<Connections> connections;  // last: ends before what it uses
};

/// The statuses of the responses in `bytes`, bodies skipped.
std::vector<int> statuses(std::string_view bytes) {
  std::vector<int> found;
  while (!bytes.empty()) {
    found.push_back(std::stoi(std::string(bytes.substr(9, 3))));
    const auto length = bytes.find("Content-Length: ");
    const auto end = bytes.find("\r\n\r\n");
    REQUIRE(end != std::string_view::npos);
    std::size_t body = 0;
    if (length < end) body = std::stoul(std::string(bytes.substr(length + 16, 12)));
    bytes.remove_prefix(std::min(bytes.size(), end + 4 + body));
  }
  return found;
}

using Frames = std::vector<ServerFrame>;

ServerFrame text(const std::string& payload) { return {1, payload}; }
ServerFrame close_with(wire::Code code) {
  return {8, close_payload(wire::info(code).close, wire::info(code).text)};
}

}  // namespace

// ---- HTTP

TEST_CASE("connection: requests are answered in order, one after the other",
          "[transport][connection]") {
  World world;
  const auto peer = world.open();
  const auto bytes = get("/a") + post("/b", "body") + get("/c");
  const auto piece = GENERATE(std::size_t{1}, std::size_t{7}, FakeStream::kUnlimited);
  peer->send(bytes, piece);
  world.loop.run_until_idle();
  CHECK(world.requests == Words{"GET /a ", "POST /b body", "GET /c "});
  const auto answers = peer->receive();
  CHECK(statuses(answers) == std::vector<int>{200, 200, 200});
  CHECK(answers.find("/a") < answers.find("/bbody"));
  CHECK(answers.find("/bbody") < answers.find("/c"));
  CHECK_FALSE(peer->ended());
}

TEST_CASE("connection: pipelined answers leave in one write", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/a") + get("/b") + get("/c"));
  CHECK(peer->writes().size() == 1);
}

TEST_CASE("connection: while an answer is awaited the next request waits",
          "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/later") + get("/b"));
  CHECK(world.requests == Words{"GET /later "});
  CHECK(peer->receive().empty());
  world.connection().respond({});
  world.loop.run_until_idle();
  CHECK(world.requests == Words{"GET /later ", "GET /b "});
  CHECK(statuses(peer->receive()) == std::vector<int>{200, 200});
}

TEST_CASE("connection: who pipelines without end is not read on", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/later"));
  for (int i = 0; i < 100; ++i) world.hear(*peer, std::string(4096, 'x'));
  CHECK(peer->paused());
  CHECK(peer->unread() > 300'000);
}

TEST_CASE("connection: who asks and never reads is not answered without end",
          "[transport][connection]") {
  World world;
  const auto peer = world.open();
  peer->take_up_to(0);
  for (int i = 0; i < 2000; ++i) world.hear(*peer, get("/big/100000"));
  CHECK(world.connection().queued_bytes() < 1'000'000);
  CHECK(peer->paused());

  peer->take_up_to(FakeStream::kUnlimited);
  world.loop.run_until_idle();
  CHECK(world.requests.size() == 2000);
  CHECK(statuses(peer->receive()).size() == 2000);
}

TEST_CASE("connection: who does not take an answer in time is hung up on",
          "[transport][connection]") {
  World world;
  const auto peer = world.open();
  peer->take_up_to(100);
  world.hear(*peer, get("/big/100000"));
  world.loop.advance(29s);
  CHECK_FALSE(peer->gone());
  peer->take_up_to(100);
  world.loop.advance(29s);
  CHECK_FALSE(peer->gone());
  world.loop.advance(3s);
  CHECK(peer->gone());
  CHECK(world.gone == 1);
}

TEST_CASE("connection: the last answer may take its time as long as it gets on",
          "[transport][connection]") {
  World world;
  const auto peer = world.open();
  peer->take_up_to(100);
  world.hear(*peer, get("/big/500", "Connection: close\r\n"));
  for (int i = 0; i < 5; ++i) {
    world.loop.advance(20s);
    REQUIRE_FALSE(peer->gone());
    peer->take_up_to(100);
  }
  peer->take_up_to(FakeStream::kUnlimited);
  CHECK(statuses(peer->receive()) == std::vector<int>{200});
  CHECK(peer->ended());
}

TEST_CASE("connection: without keep-alive it ends behind the answer", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/a", "Connection: close\r\n") + get("/never"));
  CHECK(world.requests == Words{"GET /a "});
  CHECK_THAT(peer->receive(), Catch::Contains("Connection: close\r\n"));
  CHECK(peer->ended());
  CHECK_FALSE(peer->gone());
  peer->end();
  world.loop.run_until_idle();
  CHECK(peer->gone());
  CHECK(world.gone == 1);
}

TEST_CASE("connection: a lingering peer is not waited for without end", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/a", "Connection: close\r\n"));
  world.loop.advance(2s);
  CHECK_FALSE(peer->gone());
  world.loop.advance(2s);
  CHECK(peer->gone());
  CHECK(world.connections->size() == 0);
}

TEST_CASE("connection: what cannot be read is refused and ends it", "[transport][connection]") {
  ConnectionLimits limits;
  limits.body_bytes = 10;
  World world(limits);
  const auto [bytes, status] = GENERATE(table<std::string, int>({
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: x\n\n", 400},
      {"GET /" + std::string(5000, 'x'), 414},
      {get("/", "X: " + std::string(9000, 'y')), 431},
      {post("/", "12345678901"), 413},
      {get("/", "Transfer-Encoding: chunked\r\n"), 411},
  }));
  const auto peer = world.open();
  world.hear(*peer, bytes + get("/never"));
  CHECK(statuses(peer->receive()) == std::vector<int>{status});
  CHECK(world.answered == std::vector<int>{status});
  CHECK(world.requests.empty());
  CHECK(peer->ended());
}

TEST_CASE("connection: what is wrong behind a HEAD is told in full", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b\r\n\r\n");
  const auto answers = peer->receive();
  CHECK(world.answered == std::vector<int>{200, 400});
  CHECK(world.refused == Words{"/b"});
  CHECK(answers.substr(answers.size() - 11) == "bad_request");
}

TEST_CASE("connection: HEAD gets the head alone", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = peer->receive();
  CHECK_THAT(answer, Catch::Contains("Content-Length: 2\r\n"));
  CHECK(answer.substr(answer.size() - 4) == "\r\n\r\n");
}

TEST_CASE("connection: who waits to be told to send a body is told", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  const auto request = post("/a", "body", "Expect: 100-continue\r\n");
  world.hear(*peer, request.substr(0, request.size() - 4));
  CHECK(peer->receive() == "HTTP/1.1 100 Continue\r\n\r\n");
  world.hear(*peer, "body");
  CHECK(statuses(peer->receive()) == std::vector<int>{200});
}

TEST_CASE("connection: a silent newcomer is hung up on", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.loop.advance(9s);
  CHECK_FALSE(peer->gone());
  world.loop.advance(2s);
  CHECK(peer->gone());
  CHECK(peer->receive().empty());
}

TEST_CASE("connection: a request that comes byte by byte has to hurry", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  const std::string before = GENERATE(as<std::string>(), "", get("/a"), get("/a") + "GE");
  if (!before.empty()) {
    world.hear(*peer, before);
    CHECK(statuses(peer->receive()) == std::vector<int>{200});
  }
  const auto request = get("/slow");
  for (std::size_t i = 0; i < 10; ++i) {
    CAPTURE(i);
    REQUIRE_FALSE(peer->ended());
    world.hear(*peer, request.substr(i, 1));
    world.loop.advance(1100ms);
  }
  CHECK(statuses(peer->receive()) == std::vector<int>{408});
  CHECK(peer->ended());
}

TEST_CASE("connection: a body has to hurry too", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, post("/a", "body").substr(0, 50));
  world.loop.advance(11s);
  CHECK(statuses(peer->receive()) == std::vector<int>{408});
}

TEST_CASE("connection: between requests it may idle for a while", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/a"));
  world.loop.advance(59s);
  world.hear(*peer, get("/b"));
  CHECK(statuses(peer->receive()) == std::vector<int>{200, 200});
  world.loop.advance(59s);
  CHECK_FALSE(peer->gone());
  world.loop.advance(2s);
  CHECK(peer->gone());
  CHECK(peer->receive().empty());
}

TEST_CASE("connection: an answer may take its time", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/later"));
  world.loop.advance(600s);
  world.connection().respond({});
  world.loop.run_until_idle();
  CHECK(statuses(peer->receive()) == std::vector<int>{200});
}

TEST_CASE("connection: an answer to one that is gone is dropped", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/later"));
  peer->end();
  world.loop.run_until_idle();
  CHECK(world.connections->find(world.last) == nullptr);
  CHECK(world.gone == 1);
}

TEST_CASE("connection: a drain ends only those that wait for nothing", "[transport][connection]") {
  World world;
  const auto idle = world.open();
  world.hear(*idle, get("/a"));
  const auto busy = world.open();
  world.hear(*busy, get("/later"));
  const auto half = world.open();
  world.hear(*half, "GET ");
  const auto websocket = world.open_websocket();
  const auto newcomer = world.open();
  world.connections->for_each(
      [&world](Connection& connection) { connection.end_if_idle(world.loop.now() - 500ms); });
  world.loop.run_until_idle();
  CHECK(idle->gone());
  CHECK_FALSE(busy->gone());
  CHECK_FALSE(half->gone());
  CHECK_FALSE(websocket->gone());
  CHECK_FALSE(newcomer->gone());
  world.loop.advance(600ms);
  world.connections->for_each(
      [&world](Connection& connection) { connection.end_if_idle(world.loop.now() - 500ms); });
  CHECK(newcomer->gone());
}

// ---- the handshake

TEST_CASE("connection: a handshake, in any pieces, with frames right behind it",
          "[transport][connection]") {
  World world;
  const auto peer = world.open();
  const auto bytes = kHandshake + client_frame(1, "early") + client_frame(1, "next");
  const auto piece = GENERATE(std::size_t{1}, std::size_t{100}, FakeStream::kUnlimited);
  peer->send(bytes, piece);
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"open", "text:early", "text:next"});
  CHECK_THAT(peer->receive(),
             Catch::Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  CHECK(world.connection().is_open());
  CHECK(world.connections->counters().websockets == 1);
}

TEST_CASE("connection: a handshake that the protocol refuses is answered as HTTP",
          "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/ws"));
  CHECK(statuses(peer->receive()) == std::vector<int>{400});
  CHECK(peer->ended());
}

TEST_CASE("connection: cut at any byte it ends once and for all", "[transport][connection]") {
  const auto bytes = kHandshake + client_frame(1, "hello") + client_frame(9, "p") +
                     client_frame(8, close_payload(1000));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    World world;
    const auto peer = world.open();
    peer->send(std::string_view(bytes).substr(0, cut));
    if (cut % 2 == 0) world.loop.run_until_idle();
    peer->end(cut % 3 == 0);
    world.loop.run_until_idle();
    REQUIRE(peer->gone());
    REQUIRE(world.gone == 1);
    REQUIRE(world.connections->size() == 0);
    const auto events = world.take_events();
    const bool upgraded = cut >= kHandshake.size();
    const auto closed = std::count_if(events.begin(), events.end(), [](const std::string& event) {
      return event.rfind("closed:", 0) == 0;
    });
    REQUIRE(closed == (upgraded ? 1 : 0));
    if (upgraded) {
      REQUIRE(events.back() ==
              (cut == bytes.size() ? "closed:1000:by peer" : "closed:1006:by peer"));
    }
  }
}

// ---- frames in and out

TEST_CASE("connection: what is sent in one turn leaves in one write", "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  const auto before = peer->writes().size();
  for (int i = 0; i < 50; ++i) world.connection().send(text_frame(std::to_string(i)));
  CHECK(peer->writes().size() == before);
  world.loop.run_until_idle();
  CHECK(peer->writes().size() == before + 1);
  const auto frames = server_frames(peer->receive());
  REQUIRE(frames.size() == 50);
  CHECK(frames.front() == text("0"));
  CHECK(frames.back() == text("49"));
}

TEST_CASE("connection: a fan-out leaves at once, behind what is queued",
          "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  world.connection().deliver(text_frame("at once"));
  CHECK(server_frames(peer->receive()) == Frames{text("at once")});
  world.connection().send(text_frame("first"));
  world.connection().deliver(text_frame("second"));
  CHECK(peer->receive().empty());
  world.loop.run_until_idle();
  CHECK(server_frames(peer->receive()) == Frames{text("first"), text("second")});
}

TEST_CASE("connection: whatever the kernel takes at a time, the bytes are the same",
          "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  const auto room = GENERATE(range(std::size_t{1}, std::size_t{12}));
  CAPTURE(room);
  peer->take_up_to(0);
  Frames sent;
  for (int i = 0; i < 5; ++i) {
    const auto word = std::string(static_cast<std::size_t>(i * 3), 'w') + std::to_string(i);
    if (i % 2 == 0) {
      world.connection().send(text_frame(word));
    } else {
      world.connection().deliver(text_frame(word));
    }
    sent.push_back(text(word));
  }
  world.loop.run_until_idle();
  std::string received;
  for (int turns = 0; peer->wants_writable() && turns < 1000; ++turns) {
    peer->take_up_to(room);
    world.loop.run_until_idle();
    received += peer->receive();
  }
  CHECK(server_frames(received) == sent);
  CHECK(world.connection().queued_bytes() == 0);
}

TEST_CASE("connection: it is told when everything has been handed on", "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  peer->take_up_to(3);
  world.connection().send(text_frame("abc"));
  world.loop.run_until_idle();
  CHECK(world.events.empty());
  peer->take_up_to(FakeStream::kUnlimited);
  CHECK(world.events == Words{"drained"});
}

TEST_CASE("connection: a broken socket ends it without a second call into it",
          "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  const bool fan_out = GENERATE(false, true);
  peer->break_writes();
  if (fan_out) {
    world.connection().deliver(text_frame("x"));
    CHECK(world.events.empty());
    world.connection().deliver(text_frame("y"));
  } else {
    world.connection().send(text_frame("x"));
  }
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"closed:1006:by peer"});
  CHECK(peer->gone());
}

// ---- slow readers

TEST_CASE("connection: a slow reader is told, closed with 4100, and costs its bound",
          "[transport][connection][slow]") {
  ConnectionLimits limits;
  limits.outbox_bytes = 10'000;
  World world(limits);
  const auto peer = world.open_websocket();
  const bool fan_out = GENERATE(false, true);
  peer->take_up_to(150);
  std::size_t most = 0;
  for (int i = 0; i < 1000 && world.connection().is_open(); ++i) {
    const auto frame = text_frame(std::string(98, 'x'));
    fan_out ? world.connection().deliver(frame) : world.connection().send(frame);
    most = std::max(most, world.connection().queued_bytes());
    world.loop.run_until_idle();
  }
  CHECK(most <= limits.outbox_bytes);
  CHECK(world.take_events() == Words{"violation:slow_reader"});
  CHECK(world.connection().queued_bytes() < 1000);
  CHECK(world.connections->counters().slow_closes == 1);

  peer->take_up_to(FakeStream::kUnlimited);
  world.loop.run_until_idle();
  auto frames = server_frames(peer->receive());
  REQUIRE(frames.size() == 4);
  CHECK(frames[1] == text(std::string(98, 'x')));
  CHECK(frames[2] == text("told"));
  CHECK(frames[3] == close_with(wire::Code::slow_reader));
  CHECK(peer->ended());
  world.hear(*peer, client_frame(1, "too late") + client_frame(8, close_payload(4100)));
  peer->end();
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"closed:4100:by server"});
}

TEST_CASE("connection: one message over the bound still passes", "[transport][connection][slow]") {
  ConnectionLimits limits;
  limits.outbox_bytes = 1000;
  World world(limits);
  const auto peer = world.open_websocket();
  world.connection().send(text_frame(std::string(5000, 'x')));
  world.loop.run_until_idle();
  CHECK(server_frames(peer->receive()).size() == 1);
  CHECK(world.connection().is_open());
}

TEST_CASE("connection: a socket that takes nothing for too long is a slow reader's",
          "[transport][connection][slow]") {
  World world;
  const auto peer = world.open_websocket();
  peer->take_up_to(1);
  world.connection().send(text_frame("abc"));
  for (int i = 0; i < 2; ++i) {
    world.loop.advance(15s);
    world.hear(*peer, client_frame(10, ""));
  }
  CHECK(world.connection().is_open());
  world.loop.advance(1s);
  CHECK(world.take_events() == Words{"violation:slow_reader"});
  world.loop.advance(4s);
  CHECK(world.take_events() == Words{"closed:4100:by server"});
  CHECK(peer->gone());
}

TEST_CASE("connection: a slow reader that gets on is let be", "[transport][connection][slow]") {
  World world;
  const auto peer = world.open_websocket();
  peer->take_up_to(0);
  world.connection().send(text_frame(std::string(20, 'x')));
  world.loop.run_until_idle();
  for (int i = 0; i < 10; ++i) {
    world.loop.advance(20s);
    peer->take_up_to(2);
    world.hear(*peer, client_frame(10, ""));
    REQUIRE(world.connection().is_open());
  }
}

// ---- liveness

TEST_CASE("connection: silence is broken by a ping, and ended without an answer",
          "[transport][connection][ping]") {
  World world;
  const auto peer = world.open_websocket();
  world.loop.advance(19s);
  CHECK(peer->receive().empty());
  world.loop.advance(2s);
  CHECK(server_frames(peer->receive()) == Frames{{9, ""}});
  world.loop.advance(18s);
  CHECK(peer->receive().empty());
  CHECK(world.connection().is_open());
  world.loop.advance(2s);
  CHECK(server_frames(peer->receive()) ==
        Frames{text("told"), close_with(wire::Code::ping_timeout)});
  CHECK(world.take_events() == Words{"violation:ping_timeout"});
  world.loop.advance(7s);
  CHECK(world.take_events() == Words{"closed:4104:by server"});
  CHECK(peer->gone());
}

TEST_CASE("connection: any bytes are a sign of life", "[transport][connection][ping]") {
  World world;
  const auto peer = world.open_websocket();
  const auto pong = client_frame(10, "");
  const auto sign = GENERATE_COPY(values<std::string>(
      {pong, client_frame(1, "x"), client_frame(9, "p"), client_frame_head(1, 200)}));
  for (std::size_t i = 0; i < 6; ++i) {
    world.loop.advance(21s);
    const auto received = peer->receive();
    REQUIRE_THAT(received, Catch::EndsWith(std::string("\x89\x00", 2)));
    world.hear(*peer, sign.size() == pong.size() + 2 ? sign.substr(i, 1) : sign);
  }
  CHECK(world.connection().is_open());
}

TEST_CASE("connection: who is not being read is not asked for a sign of life",
          "[transport][connection][ping]") {
  World world;
  const auto peer = world.open_websocket();
  world.connection().pause();
  world.hear(*peer, client_frame(1, "waits"));
  world.loop.advance(120s);
  CHECK(world.connection().is_open());
  world.connection().resume();
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"text:waits"});
  world.loop.advance(19s);
  CHECK(world.connection().is_open());
}

TEST_CASE("connection: pings are answered with their payload", "[transport][connection][ping]") {
  World world;
  const auto peer = world.open_websocket();
  world.hear(*peer,
             client_frame(9, "abc") + client_frame(9, "") + client_frame(9, std::string(125, 'x')));
  CHECK(server_frames(peer->receive()) ==
        Frames{{10, "abc"}, {10, ""}, {10, std::string(125, 'x')}});
}

TEST_CASE("connection: a flood of control frames is closed with 4101",
          "[transport][connection][ping]") {
  World world;
  const auto peer = world.open_websocket();
  const unsigned opcode = GENERATE(9U, 10U);
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += client_frame(opcode, "");
  world.hear(*peer, flood + client_frame(1, "behind"));
  const auto frames = server_frames(peer->receive());
  CHECK(frames.size() == (opcode == 9 ? 102 : 2));
  CHECK(frames.back() == close_with(wire::Code::rate_exceeded));
  CHECK(world.take_events() == Words{"violation:rate_exceeded"});
}

TEST_CASE("connection: control frames at their rate go on for ever",
          "[transport][connection][ping]") {
  World world;
  const auto peer = world.open_websocket();
  for (int i = 0; i < 1000; ++i) {
    world.loop.advance(50ms);
    world.hear(*peer, client_frame(9, ""));
  }
  CHECK(world.connection().is_open());
  CHECK(server_frames(peer->receive()).size() == 1000);
}

// ---- pause and resume

TEST_CASE("connection: while paused nothing is handed on, then all of it in order",
          "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  world.pauses = true;
  world.hear(*peer, client_frame(1, "1") + client_frame(1, "2") + client_frame(1, "3"));
  CHECK(world.take_events() == Words{"text:1"});
  CHECK(peer->paused());
  world.hear(*peer, client_frame(1, "4"));
  CHECK(peer->unread() > 0);
  world.connection().resume();
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"text:2"});
  world.pauses = false;
  world.connection().resume();
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"text:3", "text:4"});
}

TEST_CASE("connection: a paused one still sends, and can be closed", "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  world.connection().pause();
  world.connection().send(text_frame("a"));
  world.connection().close(1000, "bye");
  world.loop.run_until_idle();
  CHECK(server_frames(peer->receive()) == Frames{text("a"), {8, close_payload(1000, "bye")}});
  world.loop.advance(10s);
  CHECK(peer->gone());
  CHECK(world.take_events() == Words{"closed:1000:by server"});
}

TEST_CASE("connection: a paused one that is closed hears the peer's close and nothing else",
          "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  world.pauses = true;
  world.hear(*peer, client_frame(1, "1") + client_frame(1, "2"));
  world.hear(*peer, client_frame(1, "3") + client_frame(8, close_payload(1013)));
  CHECK(world.take_events() == Words{"text:1"});
  world.connection().close(1013, "later");
  world.loop.run_until_idle();
  CHECK(peer->ended());
  peer->end();
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"closed:1013:by server"});
}

// ---- the end

TEST_CASE("connection: a close by the server waits for the peer's", "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  world.connection().close(4200, "drain");
  world.connection().send(text_frame("too late"));
  world.connection().close(1000, "second");
  world.loop.run_until_idle();
  CHECK(server_frames(peer->receive()) == Frames{{8, close_payload(4200, "drain")}});
  CHECK_FALSE(peer->ended());
  world.hear(*peer, client_frame(1, "crossed") + client_frame(8, close_payload(4200)));
  CHECK(peer->ended());
  CHECK(world.events.empty());
  peer->end();
  world.loop.run_until_idle();
  CHECK(world.take_events() == Words{"closed:4200:by server"});
  CHECK(world.connections->counters().closed_by_code.at(4200) == 1);
}

TEST_CASE("connection: a close that is not answered ends by itself", "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  world.connection().close(4200, "drain");
  world.loop.advance(2s);
  CHECK_FALSE(peer->gone());
  world.loop.advance(2s);
  CHECK(peer->gone());
  CHECK(world.take_events() == Words{"closed:4200:by server"});
}

TEST_CASE("connection: the peer's close is answered with its code", "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  const auto [payload, code] = GENERATE(table<std::string, std::uint16_t>({
      {close_payload(1000, "bye"), 1000},
      {close_payload(1001), 1001},
      {"", 1000},
      {close_payload(4999), 4999},
  }));
  world.hear(*peer, client_frame(8, payload) + client_frame(1, "behind"));
  CHECK(server_frames(peer->receive()) == Frames{{8, close_payload(code)}});
  CHECK(peer->ended());
  peer->end();
  world.loop.run_until_idle();
  const auto told = payload.empty() ? 1005 : code;
  CHECK(world.take_events() == Words{"closed:" + std::to_string(told) + ":by peer"});
  const auto counted = static_cast<std::uint16_t>(told == 4999 ? 0 : told);
  CHECK(world.connections->counters().closed_by_code.at(counted) == 1);
}

TEST_CASE("connection: a frame that breaks the rules ends it behind what was sent",
          "[transport][connection]") {
  const auto [bytes, code] = GENERATE(table<std::string, wire::Code>({
      {client_frame(3, "x"), wire::Code::protocol_error},
      {client_frame(1, "\xFF"), wire::Code::invalid_utf8},
      {client_frame_head(1, 2'000'000), wire::Code::too_large},
  }));
  World world;
  const auto peer = world.open_websocket();
  world.hear(*peer, client_frame(1, "good") + client_frame(9, "p") + bytes + client_frame(1, "x"));
  CHECK(world.take_events() ==
        Words{"text:good", "violation:" + std::string(wire::info(code).name)});
  const auto frames = server_frames(peer->receive());
  REQUIRE(frames.size() == 3);
  CHECK(frames[0] == ServerFrame{10, "p"});
  CHECK(frames[1] == text("told"));
  CHECK(frames[2].close_code() == wire::info(code).close);
  CHECK(peer->ended());
}

TEST_CASE("connection: all can be ended at once", "[transport][connection]") {
  World world;
  const auto websocket = world.open_websocket();
  const auto http = world.open();
  world.connections->abort_all();
  CHECK(world.take_events() == Words{"closed:1006:by server"});
  CHECK(world.gone == 2);
  CHECK(websocket->gone());
  CHECK(http->gone());
}

// ---- memory

namespace {

/// Bytes allocated now; always 0 where a sanitizer keeps the books.
std::size_t allocated() { return mallinfo2().uordblks; }

}  // namespace

TEST_CASE("connection: idle again, a WebSocket holds no message's memory",
          "[transport][connection]") {
  World world;
  std::vector<std::unique_ptr<FakeStream>> peers;
  for (int i = 0; i < 100; ++i) peers.push_back(world.open_websocket());
  const auto before = allocated();
  FrameShape not_last;
  not_last.fin = false;
  for (const auto& peer : peers)
    world.hear(*peer, client_frame(1, std::string(50'000, 'x'), not_last));
  if (before != 0) CHECK(allocated() - before > 100 * 50'000);
  for (const auto& peer : peers) world.hear(*peer, client_frame(0, "end"));
  CHECK(world.take_events().size() == 100);
  Words().swap(world.events);
  CHECK(allocated() < before + 100 * 1024 + 4 * 64 * 1024);
}

TEST_CASE("connection: idle again, one that only asked holds no request's memory",
          "[transport][connection]") {
  World world;
  std::vector<std::unique_ptr<FakeStream>> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(world.open());
  const auto before = allocated();
  for (const auto& peer : peers) {
    world.hear(*peer,
               post("/a", std::string(500'000, 'x'), "X: " + std::string(4000, 'y') + "\r\n"));
    std::string().swap(world.requests.emplace_back(peer->receive()));
  }
  Words().swap(world.requests);
  CHECK(allocated() < before + 20 * 1024);
}

TEST_CASE("connection: an outbox that has been emptied costs nothing", "[transport][connection]") {
  World world;
  const auto peer = world.open_websocket();
  peer->take_up_to(0);
  for (int i = 0; i < 100; ++i) world.connection().send(text_frame(std::string(1000, 'x')));
  world.loop.run_until_idle();
  CHECK(world.connections->queued_bytes() > 100'000);
  peer->take_up_to(FakeStream::kUnlimited);
  CHECK(world.connections->queued_bytes() == 0);
}

TEST_CASE("connection: its counters say what happened", "[transport][connection]") {
  World world;
  const auto peer = world.open();
  world.hear(*peer, get("/a"));
  world.hear(*peer, kHandshake);
  world.connection().deliver(text_frame("x"));
  const auto& counters = world.connections->counters();
  CHECK(counters.accepted == 1);
  CHECK(counters.http_requests == 2);
  CHECK(counters.websockets == 1);
  CHECK(counters.writes == 3);
  CHECK(counters.bytes_sent == peer->receive().size());
}
