#include "chat/base/digest.hpp"
#include "chat/base/text.hpp"
#include "chat/bench/dialects/dialects.hpp"
#include "chat/bench/foreign_json.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::bench {
namespace {

/// Half of what servers wait for a sign of life when they say nothing else.
constexpr std::chrono::seconds kHeartbeat{60};
/// Errors by which the server ends the connection.
constexpr std::uint64_t kFirstClosing = 4000;
constexpr std::uint64_t kLastClosing = 4299;

std::string channel_of(const Seat& seat) { return "private-" + seat.room; }

Dialect::Step answer(std::string frame) {
  Dialect::Step step;
  step.send.push_back(std::move(frame));
  return step;
}

/// Pusher's protocol 7. Only private channels take events of clients, so a room is one of those;
/// its messages are events "client-message".
class Pusher final : public Dialect {
 public:
  explicit Pusher(const DialectOptions& options) : options_(options) {}

  Handshake handshake(const Seat& seat) const override {
    const std::string own = "/app/" + base::percent_encode(options_.app_key) +
                            "?protocol=7&client=chat-bench&version=1.0";
    return {target_of(options_, own, seat.room), {}};
  }

  /// The server speaks first.
  Step on_open(Seat&) const override { return {}; }

  Step on_text(Seat& seat, std::string_view text) const override {
    const ForeignJson frame(text);
    const std::string event = frame.text({"event"});
    if (event == "pusher:ping") return answer(R"({"event":"pusher:pong","data":{}})");
    if (event == "pusher:connection_established") return on_connected(seat, frame);
    if (event == "pusher:error") return on_error(seat, frame.within({"data"}));
    if (frame.text({"channel"}) != channel_of(seat)) return {};
    if (event == "pusher_internal:subscription_succeeded") seat.joined = true;
    if (event == "pusher:subscription_error") {
      const auto data = frame.within({"data"});
      return refusal(said(data.text({"type"}), data.text({"error"})), true);
    }
    return {};
  }

  void publish(Seat& seat, std::string_view payload, std::string& frame) const override {
    frame.append(R"({"event":"client-message","channel":)").append(wire::quoted(channel_of(seat)));
    frame.append(R"(,"data":{"message":")").append(payload).append(R"("}})");
  }

  bool acknowledges() const noexcept override { return false; }
  bool echoes() const noexcept override { return false; }

  std::optional<Heartbeat> heartbeat(Seat&) const override {
    return Heartbeat{kHeartbeat, R"({"event":"pusher:ping","data":{}})"};
  }

 private:
  Step on_connected(const Seat& seat, const ForeignJson& frame) const {
    const std::string socket = frame.within({"data"}).text({"socket_id"});
    if (socket.empty()) return {};
    const std::string channel = channel_of(seat);
    const auto signature = base::hmac_sha256(options_.app_secret, socket + ":" + channel);
    const std::string auth = options_.app_key + ":" + base::hex(signature.data(), signature.size());
    return answer(R"({"event":"pusher:subscribe","data":{"channel":)" + wire::quoted(channel) +
                  R"(,"auth":)" + wire::quoted(auth) + "}}");
  }

  static Step on_error(const Seat& seat, const ForeignJson& data) {
    const std::uint64_t code = data.natural({"code"});
    const bool closes = code >= kFirstClosing && code <= kLastClosing;
    return refusal(said(data.shown({"code"}), data.text({"message"})), closes || !seat.joined);
  }

  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_pusher(const DialectOptions& options) {
  return std::make_unique<Pusher>(options);
}

}  // namespace chat::bench
