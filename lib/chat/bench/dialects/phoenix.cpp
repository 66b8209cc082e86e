#include "chat/bench/dialects/dialects.hpp"
#include "chat/bench/foreign_json.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::bench {
namespace {

/// Half of what Phoenix waits for a sign of life.
constexpr std::chrono::seconds kHeartbeat{30};
/// The number of the join, and of all that is said in what was joined.
constexpr std::string_view kJoin = "1";

std::string topic_of(const Seat& seat) { return "room:" + seat.room; }

/// Numbers behind the join's.
std::string next_ref(Seat& seat) { return std::to_string(1 + ++seat.n); }

/// Phoenix channels, serializer 2.0.0: [join's number, number, topic, event, payload]. A room is
/// the topic "room:ROOM", a message its event "shout".
class Phoenix final : public Dialect {
 public:
  explicit Phoenix(const DialectOptions& options) : options_(options) {}

  Handshake handshake(const Seat& seat) const override {
    return {target_of(options_, "/socket/websocket?vsn=2.0.0", seat.room), {}};
  }

  Step on_open(Seat& seat) const override {
    Step step;
    step.send.push_back(R"(["1","1",)" + wire::quoted(topic_of(seat)) + R"(,"phx_join",{}])");
    return step;
  }

  Step on_text(Seat& seat, std::string_view text) const override {
    const ForeignJson frame(text);
    if (frame.text({"2"}) != topic_of(seat)) return {};
    const std::string event = frame.text({"3"});
    if (event == "phx_reply") return on_reply(seat, frame);
    if (event == "phx_error") return refusal("the channel crashed", true);
    if (event == "phx_close") return refusal("the channel was closed", true);
    return {};
  }

  void publish(Seat& seat, std::string_view payload, std::string& frame) const override {
    frame.append(R"(["1",")").append(next_ref(seat)).append(R"(",)");
    frame.append(wire::quoted(topic_of(seat))).append(R"(,"shout",{"body":")");
    frame.append(payload).append(R"("}])");
  }

  bool acknowledges() const noexcept override { return false; }
  bool echoes() const noexcept override { return true; }

  std::optional<Heartbeat> heartbeat(Seat& seat) const override {
    return Heartbeat{kHeartbeat, R"([null,")" + next_ref(seat) + R"(","phoenix","heartbeat",{}])"};
  }

 private:
  static Step on_reply(Seat& seat, const ForeignJson& frame) {
    const bool is_join = frame.text({"1"}) == kJoin;
    const std::string status = frame.text({"4", "status"});
    if (status == "ok") {
      if (is_join) seat.joined = true;
      return {};
    }
    if (status.empty()) return {};
    const std::string reason = frame.text({"4", "response", "reason"});
    return refusal(reason.empty() ? frame.shown({"4", "response"}) : reason, is_join);
  }

  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_phoenix(const DialectOptions& options) {
  return std::make_unique<Phoenix>(options);
}

}  // namespace chat::bench
