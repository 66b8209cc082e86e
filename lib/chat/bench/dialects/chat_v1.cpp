#include "chat/bench/dialects/dialects.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::bench {
namespace {

constexpr std::string_view kSubprotocol = "chat.v1";

/// In a large room most frames without a message are these: not worth to be read.
bool is_about_others(std::string_view text) {
  for (const std::string_view begins : {R"({"type":"presence")", R"({"type":"typing")"}) {
    if (text.substr(0, begins.size()) == begins) return true;
  }
  return false;
}

/// docs/protocol.md.
class ChatV1 final : public Dialect {
 public:
  explicit ChatV1(const DialectOptions& options) : options_(options) {}

  Handshake handshake(const Seat& seat) const override {
    return {target_of(options_, "/ws/{room}/", seat.room), std::string(kSubprotocol)};
  }

  Step on_open(Seat& seat) const override {
    wire::Hello hello;
    hello.client = seat.secret;
    hello.name = seat.name;
    Step step;
    step.send.push_back(wire::encode_hello(hello));
    return step;
  }

  Step on_text(Seat& seat, std::string_view text) const override {
    if (is_about_others(text)) return {};
    const auto frame = wire::decode_server(text);
    if (!frame) return {};
    if (std::holds_alternative<wire::Welcome>(*frame)) seat.joined = true;
    if (const auto* ack = std::get_if<wire::Ack>(&*frame)) return on_ack(seat, *ack);
    if (const auto* error = std::get_if<wire::ErrorFrame>(&*frame)) return on_error(seat, *error);
    if (std::holds_alternative<wire::Closing>(*frame)) return refusal("the server drains", true);
    return {};
  }

  void publish(Seat& seat, std::string_view payload, std::string& frame) const override {
    frame.append(R"({"type":"send","n":)").append(std::to_string(++seat.n));
    frame.append(R"(,"message":")").append(payload).append(R"("})");
  }

  bool acknowledges() const noexcept override { return true; }
  bool echoes() const noexcept override { return true; }

 private:
  static Step on_ack(const Seat& seat, const wire::Ack& ack) {
    Step step;
    if (ack.n > 0 && ack.n <= seat.n) step.acked = 1;
    return step;
  }

  /// Who asked for a name that cannot be one gets another; any other error instead of a welcome is
  /// the end, as are those that are followed by a close.
  static Step on_error(const Seat& seat, const wire::ErrorFrame& error) {
    const auto code = wire::code_from_name(error.code);
    const bool closes = code && wire::info(*code).close != 0;
    const bool is_over = closes || (!seat.joined && code != wire::Code::bad_name);
    return refusal(said(error.code, error.text), is_over);
  }

  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_chat_v1(const DialectOptions& options) {
  return std::make_unique<ChatV1>(options);
}

}  // namespace chat::bench
