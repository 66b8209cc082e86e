#include <algorithm>

#include "chat/bench/dialects/dialects.hpp"
#include "chat/bench/foreign_json.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::bench {
namespace {

// The numbers of what a member asks for; its messages are counted behind them.
constexpr std::uint64_t kConnect = 1;
constexpr std::uint64_t kSubscribe = 2;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// Most lines are, so they are told apart without being parsed.
bool is_publication(std::string_view line) {
  constexpr std::string_view kBegins = R"({"push":{"channel":")";
  constexpr std::string_view kPublication = R"(","pub":{)";
  if (line.substr(0, kBegins.size()) != kBegins) return false;
  const std::size_t name_ends = line.find('"', kBegins.size());
  return name_ends != std::string_view::npos &&
         line.substr(name_ends, kPublication.size()) == kPublication;
}

/// Centrifugo's JSON protocol, version 2 (Centrifugo 4 and later): a room is a channel.
class Centrifugo final : public Dialect {
 public:
  explicit Centrifugo(const DialectOptions& options) : options_(options) {}

  Handshake handshake(const Seat& seat) const override {
    return {target_of(options_, "/connection/websocket", seat.room), {}};
  }

  Step on_open(Seat&) const override {
    Step step;
    step.send.push_back(R"({"id":)" + std::to_string(kConnect) + R"(,"connect":{}})");
    return step;
  }

  /// A frame is one reply or push a line.
  Step on_text(Seat& seat, std::string_view text) const override {
    Step all;
    bool is_pinged = false;
    bool is_connected = false;
    while (!text.empty()) {
      const auto line = take_line(text);
      if (line.empty() || is_publication(line)) continue;
      const ForeignJson reply(line);
      is_pinged = is_pinged || reply.is_empty_object();
      is_connected =
          is_connected || (reply.natural({"id"}) == kConnect && reply.is_object({"connect"}));
      take_reply(seat, reply, all);
    }
    if (is_pinged) all.send.emplace_back("{}");
    if (is_connected) all.send.push_back(subscription(seat));
    return all;
  }

  void publish(Seat& seat, std::string_view payload, std::string& frame) const override {
    frame.append(R"({"id":)").append(std::to_string(kSubscribe + ++seat.n));
    frame.append(R"(,"publish":{"channel":)").append(wire::quoted(seat.room));
    frame.append(R"(,"data":{"message":")").append(payload).append(R"("}}})");
  }

  bool acknowledges() const noexcept override { return true; }
  bool echoes() const noexcept override { return true; }
  bool gathers() const noexcept override { return true; }

 private:
  static std::string subscription(const Seat& seat) {
    return R"({"id":)" + std::to_string(kSubscribe) + R"(,"subscribe":{"channel":)" +
           wire::quoted(seat.room) + "}}";
  }

  static void take_reply(Seat& seat, const ForeignJson& reply, Step& all) {
    const std::uint64_t id = reply.natural({"id"});
    if (id == kSubscribe && reply.is_object({"subscribe"})) seat.joined = true;
    if (id > kSubscribe && id <= kSubscribe + seat.n && reply.is_object({"publish"})) ++all.acked;
    if (id > 0 && reply.is_object({"error"})) {
      refuse(said(reply.shown({"error", "code"}), reply.text({"error", "message"})),
             id <= kSubscribe, all);
    }
    for (const std::string_view end : {"disconnect", "unsubscribe"}) {
      if (!reply.is_object({"push", end})) continue;
      refuse(said(reply.shown({"push", end, "code"}), reply.text({"push", end, "reason"})), true,
             all);
    }
  }

  /// The first of a frame is told.
  static void refuse(std::string_view why, bool is_over, Step& all) {
    Step refused = refusal(why, is_over);
    if (all.refused.empty()) all.refused = std::move(refused.refused);
    all.is_over = all.is_over || is_over;
  }

  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_centrifugo(const DialectOptions& options) {
  return std::make_unique<Centrifugo>(options);
}

}  // namespace chat::bench
