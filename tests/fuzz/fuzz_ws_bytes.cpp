// Any bytes behind a handshake, through a whole connection over a stream that is cut anywhere: what
// is heard and what is said must not depend on the pieces, what is said is well-formed, and behind
// a close nothing is heard. The first byte chooses the limits, the next two seed the pieces.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/text.hpp"
#include "chat/transport/connection.hpp"
#include "support/fake_stream.hpp"
#include "support/manual_executor.hpp"
#include "support/ws_frames.hpp"

namespace {

using namespace chat::transport;
using namespace chat::tests;
namespace base = chat::base;
namespace wire = chat::wire;

constexpr std::string_view kHandshake =
    "GET /ws/lobby/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

void require(bool law, const char* text) {
  if (law) return;
  std::fprintf(stderr, "broken law: %s\n", text);
  std::abort();
}

/// Everything that a connection told its handler, and what it said to its peer.
struct Record {
  std::vector<std::string> heard;
  std::string said;
};

/// Sends everything back; a text that begins with 'C' closes, one with 'P' pauses.
class Echo final : public WsHandler {
 public:
  Echo(Connection& connection, Record& record, std::size_t limit)
      : connection_(connection), record_(record), limit_(limit) {}

  void on_open() override { record_.heard.emplace_back("open"); }
  void on_text(std::string_view text) override {
    require(base::is_utf8(text), "text is UTF-8");
    hear("text:", text);
    connection_.send(WsProtocol::frame(Opcode::text, text));
    if (text.rfind('C', 0) == 0) connection_.close(4000, text);
    if (text.rfind('P', 0) == 0) connection_.pause();
  }
  void on_binary(std::string_view bytes) override {
    hear("binary:", bytes);
    connection_.deliver(WsProtocol::frame(Opcode::binary, bytes));
  }
  base::BlockRef farewell(const wire::Error& error) override {
    hear("violation:", wire::info(error.code).name);
    return WsProtocol::frame(Opcode::text, "farewell");
  }
  void on_drained() override {}
  void on_tick(base::TimePoint) override {}
  void on_closed(const CloseInfo& info) override {
    require(!closed_, "a connection ends once");
    closed_ = true;
    record_.heard.push_back("closed:" + std::to_string(info.code));
  }

 private:
  void hear(std::string_view kind, std::string_view what) {
    require(!closed_ && connection_.is_open(), "nothing is heard behind a close");
    require(what.size() <= limit_, "a message is within its bound");
    record_.heard.emplace_back(std::string(kind).append(what));
  }

  Connection& connection_;
  Record& record_;
  std::size_t limit_;
  bool closed_ = false;
};

class Loop final : public HttpHandler {
 public:
  Loop(const ConnectionLimits& limits, Record& record)
      : connections(clock, limits, *this), record_(record), message_bytes_(limits.message_bytes) {}

  void on_request(Connection& connection, HttpRequest) override {
    connection.upgrade({}, [this](Connection& upgraded) {
      return std::make_unique<Echo>(upgraded, record_, message_bytes_);
    });
  }
  HttpResponse error_response(const wire::Error&, std::string_view) override { return {}; }
  void on_answered(const Connection&, std::string_view, int) override {}
  void on_gone(const Connection&) override {}

  ManualExecutor clock;
  Connections connections;

 private:
  Record& record_;
  std::size_t message_bytes_;
};

ConnectionLimits limits_of(std::uint8_t choice) {
  ConnectionLimits limits;
  limits.message_bytes = choice % 2 == 0 ? 300 : 70'000;
  limits.outbox_bytes = std::size_t{1} << 30U;  // nobody is slow here
  return limits;
}

/// Plays `bytes`; `seed` 0: all at once, otherwise in pieces, and the kernel takes pieces too.
Record play(std::string_view bytes, const ConnectionLimits& limits, unsigned seed) {
  Record record;
  Loop loop(limits, record);
  FakeStream peer(loop.clock);
  const auto id = loop.connections.add(peer.stream()).id();
  std::minstd_rand random(seed);
  const auto some = [&random](std::size_t most) { return random() % most + 1; };

  std::string all(kHandshake);
  all += bytes;
  for (std::size_t at = 0; at < all.size();) {
    const auto size =
        seed == 0 ? all.size() : std::min(all.size() - at, some(seed % 3 == 0 ? 3 : 200));
    if (seed != 0) peer.take_up_to(random() % 50);
    peer.send(std::string_view(all).substr(at, size));
    at += size;
    if (seed == 0 || random() % 2 == 0) loop.clock.run_until_idle();
    if (auto* connection = loop.connections.find(id)) connection->resume();
  }
  peer.take_up_to(FakeStream::kUnlimited);
  for (;;) {
    loop.clock.run_until_idle();
    auto* connection = loop.connections.find(id);
    if (connection == nullptr || !peer.paused()) break;
    connection->resume();
  }
  if (!peer.gone()) peer.end();
  loop.clock.run_until_idle();
  require(peer.gone() && loop.connections.size() == 0, "who ends is gone");
  record.said = peer.receive();
  return record;
}

void check_said(std::string_view said) {
  const auto head = said.find("\r\n\r\n");
  require(head != std::string_view::npos, "the handshake is answered");
  const auto frames = server_frames(said.substr(head + 4));
  const auto closes = std::count_if(frames.begin(), frames.end(),
                                    [](const ServerFrame& frame) { return frame.opcode == 8; });
  require(closes <= 1, "there is one close");
  require(closes == 0 || frames.back().opcode == 8, "nothing is said behind the close");
  for (const auto& frame : frames) {
    require(frame.opcode != 1 || base::is_utf8(frame.payload), "said text is UTF-8");
    if (frame.opcode != 8) continue;
    require(frame.payload.size() >= 2, "our close has a code");
    require(base::is_utf8(std::string_view(frame.payload).substr(2)), "a reason is UTF-8");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kChoices = 3;
  if (size < kChoices) return 0;
  const auto limits = limits_of(data[0]);
  const unsigned seed = 1U + data[1] + 256U * data[2];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + kChoices, size - kChoices);

  const Record whole = play(bytes, limits, 0);
  require(!whole.heard.empty() && whole.heard.front() == "open", "it is opened first");
  require(whole.heard.back().rfind("closed:", 0) == 0, "it is closed last");
  check_said(whole.said);
  const Record pieces = play(bytes, limits, seed);
  require(pieces.heard == whole.heard, "in pieces the same is heard");
  require(pieces.said == whole.said, "in pieces the same is said");
  return 0;
}
