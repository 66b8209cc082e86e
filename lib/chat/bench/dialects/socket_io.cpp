#include "chat/bench/dialects/dialects.hpp"
#include "chat/bench/foreign_json.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::bench {
namespace {

// Packets of Engine.IO 4; a message (4) is one of Socket.IO 5, of the main namespace.
constexpr std::string_view kOpen = "0";
constexpr std::string_view kClose = "1";
constexpr std::string_view kPing = "2";
constexpr std::string_view kPong = "3";
constexpr std::string_view kConnect = "40";
constexpr std::string_view kDisconnect = "41";
constexpr std::string_view kEvent = "42";
constexpr std::string_view kConnectError = "44";
/// The one event that is acknowledged: the join, as number 0.
constexpr std::string_view kJoin = "420";
constexpr std::string_view kJoinAck = "430";

bool takes(std::string_view& text, std::string_view packet) {
  if (text.substr(0, packet.size()) != packet) return false;
  text.remove_prefix(packet.size());
  return true;
}

Dialect::Step answer(std::string frame) {
  Dialect::Step step;
  step.send.push_back(std::move(frame));
  return step;
}

/// Socket.IO 3 and 4, over WebSocket from the start: events "join" (room) and "message" (text).
class SocketIo final : public Dialect {
 public:
  explicit SocketIo(const DialectOptions& options) : options_(options) {}

  Handshake handshake(const Seat& seat) const override {
    return {target_of(options_, "/socket.io/?EIO=4&transport=websocket", seat.room), {}};
  }

  /// The server speaks first.
  Step on_open(Seat&) const override { return {}; }

  Step on_text(Seat& seat, std::string_view text) const override {
    if (text == kPing) return answer(std::string(kPong));
    if (text == kClose || text == kDisconnect) return refusal("the server disconnects", true);
    if (takes(text, kJoinAck)) return on_join_ack(seat, text);
    if (takes(text, kConnectError)) return on_connect_error(text);
    if (takes(text, kConnect)) return names_session(text) ? answer(join(seat)) : Step();
    if (takes(text, kOpen)) return names_session(text) ? answer(std::string(kConnect)) : Step();
    return {};
  }

  void publish(Seat&, std::string_view payload, std::string& frame) const override {
    frame.append(kEvent).append(R"(["message",")").append(payload).append(R"("])");
  }

  bool acknowledges() const noexcept override { return false; }
  bool echoes() const noexcept override { return true; }

 private:
  static bool names_session(std::string_view data) {
    return !ForeignJson(data).text({"sid"}).empty();
  }

  static std::string join(const Seat& seat) {
    return std::string(kJoin) + R"(["join",)" + wire::quoted(seat.room) + "]";
  }

  /// What the server's handler gave to its callback: nothing, or an object with `error`.
  static Step on_join_ack(Seat& seat, std::string_view data) {
    const ForeignJson values(data);
    const std::string error = values.shown({"0", "error"});
    if (!error.empty()) return refusal(error, true);
    if (values.is_array()) seat.joined = true;
    return {};
  }

  static Step on_connect_error(std::string_view data) {
    const ForeignJson error(data);
    return error.is_object() ? refusal(error.text({"message"}), true) : Step();
  }

  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_socket_io(const DialectOptions& options) {
  return std::make_unique<SocketIo>(options);
}

}  // namespace chat::bench
