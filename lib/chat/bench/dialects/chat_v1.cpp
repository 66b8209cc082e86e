#include <algorithm>
#include <charconv>
#include <optional>

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

/// The number behind `begins`, with which the text begins and another member follows. `chat serve`
/// begins all frames of a kind alike; of others each has to be read as a whole.
std::optional<std::uint64_t> number_behind(std::string_view begins, std::string_view text) {
  if (text.substr(0, begins.size()) != begins) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + begins.size(), end, number);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != ',') return std::nullopt;
  return number;
}

/// Of a frame with a message; 0 when it is none.
std::uint64_t seq_of(std::string_view text) {
  if (const auto seq = number_behind(R"({"type":"message","seq":)", text)) return *seq;
  const auto frame = wire::decode_server(text);
  const auto* message = frame ? std::get_if<wire::MessagePtr>(&*frame) : nullptr;
  return message != nullptr ? (*message)->seq.value() : 0;
}

void append_send(std::uint64_t n, std::string_view payload, bool is_first, std::string& frame) {
  frame.append(R"({"type":"send","n":)").append(std::to_string(n));
  if (is_first) frame.append(R"(,"first":true)");
  frame.append(R"(,"message":")").append(payload).append(R"("})");
}

/// What is missing, for people.
std::string missing_of(const wire::Welcome& welcome) {
  const std::string gone = "what was missed is gone: ";
  if (!welcome.missing) return gone + "the server does not say what";
  if (!welcome.missing->between) return gone + "the room's log is another one";
  const auto& [after, before] = *welcome.missing->between;
  return gone + "messages after " + std::to_string(after.value()) + " and before " +
         std::to_string(before.value());
}

/// docs/protocol.md. `ordered` only for a seat that wants it: who says it must wait for all answers
/// after a refusal, and then send again; other load tests send when it is time, and tell of what
/// was refused.
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
    if (!seat.epoch.empty()) hello.since = {base::Epoch(seat.epoch), base::Seq(seat.seq)};
    hello.ordered = seat.is_ordered;
    Step step;
    step.send.push_back(wire::encode_hello(hello));
    return step;
  }

  Step on_text(Seat& seat, std::string_view text) const override {
    if (is_about_others(text)) return {};
    if (const auto n = number_behind(R"({"type":"ack","n":)", text)) return on_ack(seat, *n);
    const auto frame = wire::decode_server(text);
    if (!frame) return {};
    if (const auto* welcome = std::get_if<wire::Welcome>(&*frame))
      return on_welcome(seat, *welcome);
    if (const auto* ack = std::get_if<wire::Ack>(&*frame)) return on_ack(seat, ack->n);
    if (const auto* error = std::get_if<wire::ErrorFrame>(&*frame)) return on_error(seat, *error);
    if (std::holds_alternative<wire::Closing>(*frame)) return refusal("the server drains", true);
    return {};
  }

  void publish(Seat& seat, std::string_view payload, std::string& frame) const override {
    append_send(++seat.n, payload, false, frame);
  }

  bool acknowledges() const noexcept override { return true; }
  bool echoes() const noexcept override { return true; }

  bool resumes() const noexcept override { return true; }
  bool deduplicates() const noexcept override { return true; }

  void on_message(Seat& seat, std::string_view text) const override {
    const std::uint64_t seq = seq_of(text);
    if (seq < wire::kMaxInteger) seat.seq = std::max(seat.seq, seq);
  }

  void publish_again(Seat&, std::uint64_t n, std::string_view payload, bool is_first,
                     std::string& frame) const override {
    append_send(n, payload, is_first, frame);
  }

 private:
  /// What was missed follows, all of it or what is left; or live messages alone, behind `head`.
  static Step on_welcome(Seat& seat, const wire::Welcome& welcome) {
    if (seat.joined) return {};
    seat.joined = true;
    const bool was_here = !seat.epoch.empty();
    const bool is_whole = welcome.recovered.value_or(false);
    const bool is_left = welcome.missing && welcome.missing->between;
    seat.epoch = welcome.epoch.value();
    if (!is_whole && !is_left) seat.seq = welcome.head.value();
    return was_here && !is_whole ? refusal(missing_of(welcome), false) : Step();
  }

  static bool is_sent(const Seat& seat, std::uint64_t n) { return n > 0 && n <= seat.n; }

  static Step on_ack(const Seat& seat, std::uint64_t n) {
    Step step;
    if (!is_sent(seat, n)) return step;
    step.acked = 1;
    step.answered = n;
    return step;
  }

  /// Who asked for a name that cannot be one gets another; any other error instead of a welcome is
  /// the end, as are those that are followed by a close.
  static Step on_error(const Seat& seat, const wire::ErrorFrame& error) {
    const auto code = wire::code_from_name(error.code);
    const bool closes = code && wire::info(*code).close != 0;
    const bool is_over = closes || (!seat.joined && code != wire::Code::bad_name);
    Step step = refusal(said(error.code, error.text), is_over);
    if (error.n && is_sent(seat, *error.n)) step.answered = *error.n;
    step.is_passing = step.answered > 0 && code && wire::is_passing(*code);
    return step;
  }

  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_chat_v1(const DialectOptions& options) {
  return std::make_unique<ChatV1>(options);
}

}  // namespace chat::bench
