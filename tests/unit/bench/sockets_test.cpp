#include "chat/bench/sockets.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/transport/ws_protocol.hpp"
#include "support/ws_peer.hpp"

namespace chat::tests {
namespace {

using bench::Descriptor;
using bench::Sockets;
using Words = std::vector<std::string>;

constexpr std::uint64_t kMillisecond = 1'000'000;

/// A WebSocket server on the loopback that a test carries on by hand.
class Server : private transport::WsProtocol::Handler {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    auto* raw = reinterpret_cast<sockaddr*>(&address_);
    REQUIRE(::bind(listener_.get(), raw, size) == 0);
    REQUIRE(::listen(listener_.get(), 16) == 0);
    REQUIRE(::getsockname(listener_.get(), raw, &size) == 0);
  }

  Sockets::Call call() const {
    Sockets::Call call;
    call.server = address_;
    call.host = "localhost";
    call.target = "/ws/lobby/";
    call.subprotocol = "chat.v1";
    return call;
  }
  void stop_listening() { listener_ = Descriptor(); }

  /// Takes what has come; `answers`: the handshake, when it is there.
  void step() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK);
    if (fd >= 0) peer = Descriptor(fd);
    char bytes[4096];
    const ssize_t got = peer.get() < 0 ? 0 : ::recv(peer.get(), bytes, sizeof bytes, 0);
    if (got <= 0) return;
    if (is_open_) {
      REQUIRE(protocol_.feed(bytes, static_cast<std::size_t>(got), *this));
      return;
    }
    request.append(bytes, static_cast<std::size_t>(got));
    if (request.find("\r\n\r\n") == std::string::npos) return;
    is_open_ = true;
    const auto made = transport::WsProtocol::handshake(request, "chat.v1");
    REQUIRE(made);
    write(answer.empty() ? *made : answer);
  }
  void write(const std::string& bytes) {
    REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }

  /// How many bytes the socket takes now.
  std::size_t write_some(const std::string& bytes) {
    const ssize_t sent = ::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  bool answered() const { return is_open_; }

  std::string request;
  std::string answer;  // instead of a good one
  Words heard;
  Descriptor peer;

 private:
  bool on_data(transport::Opcode, std::string_view payload) override {
    heard.emplace_back(payload);
    return true;
  }
  bool on_ping(std::string_view) override { return true; }
  bool on_pong() override {
    heard.emplace_back("a pong");
    return true;
  }
  void on_close(std::uint16_t) override { heard.emplace_back("a close"); }

  Descriptor listener_;
  sockaddr_in address_{};
  bool is_open_ = false;
  transport::WsProtocol protocol_{1U << 20, transport::WsProtocol::Side::server};
};

class Told final : public Sockets::Listener {
 public:
  void on_open(std::size_t) override { words.emplace_back("open"); }
  void on_text(std::size_t member, std::string_view text) override {
    words.emplace_back(text);
    if (then) then(member);
  }
  void on_lost(std::size_t, const std::string& why) override { words.push_back("lost: " + why); }
  void on_due() override { words.emplace_back("due"); }

  Words words;
  std::function<void(std::size_t)> then;
};

struct Fixture {
  /// Both sides go on until `done`; bounded.
  void run_until(const std::function<bool()>& done) {
    for (int turn = 0; !done(); ++turn) {
      REQUIRE(turn < 5000);
      server.step();
      sockets.wait(sockets.look_at_clock() + kMillisecond);
    }
  }
  void open() {
    sockets.connect(0, server.call());
    run_until([this] { return sockets.open() == 1; });
    told.words.clear();
  }
  /// What is told when the server writes `bytes`.
  Words hear(const std::string& bytes, std::size_t count) {
    told.words.clear();
    server.write(bytes);
    run_until([&] { return told.words.size() >= count; });
    return told.words;
  }

  Server server;
  Told told;
  Sockets sockets{2, told};
};

TEST_CASE("bench sockets: a handshake asks for what the server serves", "[bench][sockets]") {
  Fixture f;
  f.sockets.connect(0, f.server.call());
  CHECK(f.sockets.connecting() == 1);
  f.run_until([&] { return !f.told.words.empty(); });
  CHECK(f.told.words == Words{"open"});
  CHECK(f.sockets.connecting() == 0);
  CHECK(f.sockets.open() == 1);
  CHECK(f.server.request.find("GET /ws/lobby/ HTTP/1.1\r\nHost: localhost\r\n") == 0);
  CHECK(f.server.request.find("Sec-WebSocket-Protocol: chat.v1\r\n") != std::string::npos);
}

TEST_CASE("bench sockets: texts come whole, however the server cuts them", "[bench][sockets]") {
  Fixture f;
  f.open();
  const std::string large(300'000, 'x');
  CHECK(f.hear(server_frame(1, "a") + server_frame(1, "b"), 2) == Words{"a", "b"});
  CHECK(f.hear(server_frame(1, "one ", false) + server_frame(0, "text"), 1) == Words{"one text"});
  const auto frame = server_frame(1, large);
  f.told.words.clear();
  for (std::size_t at = 0; at < frame.size(); at += 10'000) {
    f.server.write(frame.substr(at, 10'000));
    f.sockets.wait(f.sockets.look_at_clock() + kMillisecond);
  }
  f.run_until([&] { return !f.told.words.empty(); });
  CHECK(f.told.words == Words{large});
}

TEST_CASE("bench sockets: texts go out one by one or together, pings are answered",
          "[bench][sockets]") {
  Fixture f;
  f.open();
  std::string frames;
  Sockets::append_frame(frames, "one");
  Sockets::append_frame(frames, std::string(70'000, 'y'));
  f.sockets.send_frames(0, frames);
  f.sockets.send(0, "three");
  f.server.write(server_frame(9, "ping"));
  f.run_until([&] { return f.server.heard.size() == 4; });
  CHECK(f.server.heard == Words{"one", std::string(70'000, 'y'), "three", "a pong"});
}

TEST_CASE("bench sockets: what ends a connection is told once, in words", "[bench][sockets]") {
  Fixture f;
  SECTION("nobody listens") {
    f.server.stop_listening();
    f.sockets.connect(0, f.server.call());
    f.run_until([&] { return !f.told.words.empty(); });
    CHECK(f.told.words == Words{"lost: cannot connect: Connection refused"});
  }
  SECTION("the server speaks something else") {
    f.server.answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    f.sockets.connect(0, f.server.call());
    f.run_until([&] { return !f.told.words.empty(); });
    CHECK(f.told.words == Words{"lost: no WebSocket is there: HTTP/1.1 404 Not Found"});
  }
  SECTION("its answer has no end") {
    f.server.answer = "HTTP/1.1 101 Switching Protocols\r\n";
    f.sockets.connect(0, f.server.call());
    f.run_until([&] { return f.server.answered(); });
    for (int i = 0; i < 20 && f.told.words.empty(); ++i) {
      f.server.write(std::string(10'000, 'x'));
      f.sockets.wait(f.sockets.look_at_clock() + kMillisecond);
    }
    f.run_until([&] { return !f.told.words.empty(); });
    CHECK(f.told.words == Words{"lost: the answer to the handshake has no end"});
  }
  SECTION("it masks its frames, as only clients do") {
    f.open();
    CHECK(f.hear(client_frame(1, "a"), 1) == Words{"lost: a masked frame; only clients mask"});
  }
  SECTION("it tells of a frame of 2^63 bytes") {
    f.open();
    FrameShape shape;
    shape.masked = false;
    CHECK(f.hear(client_frame_head(1, std::uint64_t{1} << 63U, shape), 1) ==
          Words{"lost: a frame of 9223372036854775808 bytes"});
  }
  SECTION("it sends a text whose fragments never end") {
    f.open();
    const auto part = server_frame(1, std::string(200'000, 'x'), false);
    const auto more = server_frame(0, std::string(200'000, 'x'), false);
    f.told.words.clear();
    std::string left = part;
    for (int i = 0; i < 10'000 && f.told.words.empty(); ++i) {
      if (left.empty()) left = more;
      left.erase(0, f.server.write_some(left));
      f.sockets.wait(f.sockets.look_at_clock());
    }
    CHECK(f.told.words == Words{"lost: a text without an end"});
  }
  SECTION("it closes with a code") {
    f.open();
    CHECK(f.hear(server_frame(8, std::string("\x10\x04", 2)), 1) ==
          Words{"lost: the server closed the connection (4100)"});
  }
  SECTION("it ends without a word") {
    f.open();
    f.server.peer = Descriptor();
    f.run_until([&] { return !f.told.words.empty(); });
    CHECK(f.told.words == Words{"lost: the server ended the connection"});
  }
  CHECK(f.sockets.open() + f.sockets.connecting() == 0);
  f.sockets.send(0, "to nobody");
}

TEST_CASE("bench sockets: a listener may close or connect anew while it is told",
          "[bench][sockets]") {
  Fixture f;
  f.open();
  f.told.then = [&](std::size_t member) { f.sockets.close(member); };
  CHECK(f.hear(server_frame(1, "a") + server_frame(1, "b"), 1) == Words{"a"});
  CHECK(f.sockets.open() == 0);
}

TEST_CASE("bench sockets: a paused member reads nothing, and all of it later", "[bench][sockets]") {
  Fixture f;
  f.open();
  f.sockets.pause(0);
  f.told.words.clear();
  f.server.write(server_frame(1, "a") + server_frame(1, "b"));
  for (int i = 0; i < 20; ++i) f.sockets.wait(f.sockets.look_at_clock() + kMillisecond);
  CHECK(f.told.words.empty());
  f.sockets.resume(0);
  f.run_until([&] { return f.told.words.size() == 2; });
  CHECK(f.told.words == Words{"a", "b"});
}

TEST_CASE("bench sockets: an end that comes together with the last text is told",
          "[bench][sockets]") {
  Fixture f;
  f.open();
  f.server.write(server_frame(1, "the last"));
  f.server.peer = Descriptor();  // before either was looked at
  f.run_until([&] { return f.told.words.size() == 2; });
  CHECK(f.told.words == Words{"the last", "lost: the server ended the connection"});
}

TEST_CASE("bench sockets: what is due is told in time, once", "[bench][sockets]") {
  Fixture f;
  const auto due = f.sockets.look_at_clock() + 5 * kMillisecond;
  f.sockets.set_due(due);
  f.sockets.wait(due + 1000 * kMillisecond);
  CHECK(f.told.words == Words{"due"});
  CHECK(f.sockets.now() >= due);
  f.sockets.wait(f.sockets.now() + kMillisecond);
  CHECK(f.told.words == Words{"due"});
}

}  // namespace
}  // namespace chat::tests
