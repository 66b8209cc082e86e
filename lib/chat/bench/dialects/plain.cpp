#include "chat/bench/dialects/dialects.hpp"
#include "chat/bench/foreign_json.hpp"

namespace chat::bench {
namespace {

/// The tutorial's: a room is an address, a message an object with `message`.
class Plain final : public Dialect {
 public:
  explicit Plain(const DialectOptions& options) : options_(options) {}

  Handshake handshake(const Seat& seat) const override {
    return {target_of(options_, "/ws/{room}/", seat.room), {}};
  }

  Step on_open(Seat& seat) const override {
    seat.joined = true;
    return {};
  }

  /// Django says nothing about mistakes; `chat serve` has an `error` beside its text.
  Step on_text(Seat&, std::string_view text) const override {
    const ForeignJson frame(text);
    if (!frame.is_object({"error"})) return {};
    return refusal(said(frame.text({"error", "code"}), frame.text({"message"})), false);
  }

  void publish(Seat&, std::string_view payload, std::string& frame) const override {
    frame.append(R"({"message":")").append(payload).append(R"("})");
  }

  bool acknowledges() const noexcept override { return false; }
  bool echoes() const noexcept override { return true; }

 private:
  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_plain(const DialectOptions& options) {
  return std::make_unique<Plain>(options);
}

}  // namespace chat::bench
