#include "chat/bench/dialects/dialects.hpp"

namespace chat::bench {
namespace {

/// For servers that give a whole frame on as it came to all who are at the same address.
class Raw final : public Dialect {
 public:
  explicit Raw(const DialectOptions& options) : options_(options) {}

  Handshake handshake(const Seat& seat) const override {
    return {target_of(options_, "/{room}", seat.room), {}};
  }

  Step on_open(Seat& seat) const override {
    seat.joined = true;
    return {};
  }

  Step on_text(Seat&, std::string_view) const override { return {}; }

  void publish(Seat&, std::string_view payload, std::string& frame) const override {
    frame.append(payload);
  }

  bool acknowledges() const noexcept override { return false; }
  bool echoes() const noexcept override { return true; }

 private:
  const DialectOptions options_;
};

}  // namespace

std::unique_ptr<Dialect> make_raw(const DialectOptions& options) {
  return std::make_unique<Raw>(options);
}

}  // namespace chat::bench
