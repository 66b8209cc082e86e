// Holds a dialect against a real server: three members, two of them in one room, send messages,
// each when the one before has reached all it should. Says what went wrong, and ends with 1 then.
//   dialect_talk DIALECT PORT [ROOM]

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/digest.hpp"
#include "chat/bench/dialect.hpp"
#include "chat/bench/mark.hpp"
#include "chat/bench/verifier.hpp"
#include "chat/transport/asio_executor.hpp"
#include "chat/transport/dial.hpp"
#include "chat/transport/ws_client.hpp"

using namespace chat;
using namespace std::chrono_literals;
using transport::WsClient;

namespace {

constexpr auto kPatience = 30s;
constexpr std::uint32_t kMessages = 20;  // of each member
constexpr std::size_t kMembers = 3;      // the last one in a room of its own

class Member;

/// What all members share.
class Talk {
 public:
  Talk(const bench::Dialect& dialect, std::uint16_t port, std::string room);
  ~Talk();

  /// Why it failed; empty: it did not.
  std::string run();

  const bench::Dialect& dialect() const noexcept { return dialect_; }
  transport::AsioExecutor& executor() noexcept { return executor_; }
  std::uint16_t port() const noexcept { return port_; }

  void on_joined();
  void on_message(std::size_t member, const bench::Mark& mark);
  void on_acked(std::uint32_t count);
  void fail(std::string why);

 private:
  void publish_next();
  void go_on();
  std::string verdict();
  std::string state() const;

  const bench::Dialect& dialect_;
  const std::uint16_t port_;
  transport::AsioExecutor executor_;
  std::vector<std::unique_ptr<Member>> members_;
  bench::Verifier verifier_{{{2, 2}, {1, 1}}};
  std::size_t joined_ = 0;
  std::vector<std::uint32_t> sent_ = std::vector<std::uint32_t>(kMembers);
  std::uint64_t all_sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t expected_ = 0;
  std::string failure_;
  bool is_over_ = false;
};

class Member final : private WsClient::Listener {
 public:
  Member(Talk& talk, std::size_t index, std::string room) : talk_(talk), index_(index) {
    seat_.room = std::move(room);
    seat_.name = "member-" + std::to_string(index);
    seat_.secret = base::random_token(16);
  }

  void connect() {
    dial_ = std::make_unique<transport::Dial>(
        talk_.executor(), transport::Dial::Target{"127.0.0.1", talk_.port(), false, {}}, kPatience,
        [this](auto dialled) {
          if (!dialled) return talk_.fail("no connection: " + dialled.error().why);
          open(std::move(*dialled));
        });
  }

  void publish(const bench::Mark& mark) {
    std::string payload(bench::kMarkBytes, ' ');
    bench::write_mark(payload.data(), mark);
    payload += " and so on";
    std::string frame;
    talk_.dialect().publish(seat_, payload, frame);
    socket_->send(frame);
    socket_->flush();
  }

 private:
  void open(std::unique_ptr<transport::Stream> stream) {
    const auto wanted = talk_.dialect().handshake(seat_);
    WsClient::Options options;
    options.random = [] { return static_cast<std::uint32_t>(std::rand()); };
    WsClient::Listener& listener = *this;
    socket_ = std::make_unique<WsClient>(
        std::move(stream),
        transport::WsProtocol::Request{"127.0.0.1:" + std::to_string(talk_.port()), wanted.target,
                                       "dGhlIHNhbXBsZSBub25jZQ==", wanted.subprotocol},
        options, listener);
  }

  void on_open() override {
    take([this] { return talk_.dialect().on_open(seat_); });
  }

  void on_text(std::string_view text) override {
    const bool has_message =
        bench::for_each_mark(text, [this](const auto& mark) { talk_.on_message(index_, mark); });
    if (has_message && !talk_.dialect().gathers()) return;
    take([this, text] { return talk_.dialect().on_text(seat_, text); });
  }

  void on_alive() override {}

  void on_end(const WsClient::End& end) override {
    talk_.fail("the connection ended: " + std::to_string(end.http_status) + " " +
               std::to_string(end.close) + " " + end.why);
  }

  template <class Make>
  void take(Make make) {
    const bool was_joined = seat_.joined;
    const auto step = make();
    if (!step.refused.empty()) talk_.fail("refused: " + step.refused);
    for (const auto& frame : step.send) socket_->send(frame);
    socket_->flush();
    if (step.acked > 0) talk_.on_acked(step.acked);
    if (seat_.joined && !was_joined) talk_.on_joined();
  }

  Talk& talk_;
  const std::size_t index_;
  bench::Seat seat_;
  std::unique_ptr<transport::Dial> dial_;
  std::unique_ptr<WsClient> socket_;
};

Talk::Talk(const bench::Dialect& dialect, std::uint16_t port, std::string room)
    : dialect_(dialect), port_(port) {
  for (std::size_t i = 0; i < kMembers; ++i) {
    const bool is_last = i + 1 == kMembers;
    members_.push_back(std::make_unique<Member>(*this, i, is_last ? room + "_2" : room));
  }
}

Talk::~Talk() {
  members_.clear();
  executor_.abandon();
}

std::string Talk::run() {
  executor_.after(kPatience, [this] { fail("nothing more came: " + state()); });
  executor_.post([this] {
    for (const auto& member : members_) member->connect();
  });
  executor_.run();
  return failure_.empty() ? verdict() : failure_;
}

void Talk::fail(std::string why) {
  if (!is_over_) failure_ = std::move(why);
  is_over_ = true;
  executor_.stop();
}

void Talk::on_joined() {
  if (++joined_ == kMembers) executor_.post([this] { publish_next(); });
}

void Talk::on_message(std::size_t member, const bench::Mark& mark) {
  verifier_.on_delivery(member, mark.sender, mark.counter);
  go_on();
}

void Talk::on_acked(std::uint32_t count) {
  acked_ += count;
  go_on();
}

/// A member that does not get its own messages is taken to have them at once.
void Talk::publish_next() {
  const auto sender = static_cast<std::uint32_t>(all_sent_++ % kMembers);
  const bench::Mark mark{sender, sent_[sender]++, 0};
  expected_ += sender + 1 == kMembers ? 1 : 2;
  if (!dialect_.echoes()) verifier_.on_delivery(sender, mark.sender, mark.counter);
  members_[sender]->publish(mark);
  go_on();  // when nobody else is in the room
}

void Talk::go_on() {
  const bool is_acked = !dialect_.acknowledges() || acked_ >= all_sent_;
  if (is_over_ || verifier_.delivered() < expected_ || !is_acked) return;
  if (all_sent_ < kMembers * kMessages) return executor_.post([this] { publish_next(); });
  is_over_ = true;
  executor_.stop();
}

std::string Talk::verdict() {
  if (dialect_.acknowledges() && acked_ != all_sent_) {
    return std::to_string(acked_) + " acknowledgements of " + std::to_string(all_sent_);
  }
  const auto found = verifier_.verdict(sent_);
  if (found.clean()) return {};
  return "lost " + std::to_string(found.lost) + ", doubled " + std::to_string(found.duplicated) +
         ", out of order " + std::to_string(found.misordered) + ", foreign " +
         std::to_string(found.foreign) + ", orders differ " + std::to_string(found.order_mismatch);
}

std::string Talk::state() const {
  return std::to_string(joined_) + " joined, " + std::to_string(all_sent_) + " sent, " +
         std::to_string(acked_) + " acknowledged, " + std::to_string(verifier_.delivered()) +
         " of " + std::to_string(expected_) + " came";
}

}  // namespace

int main(int count, char** words) {
  if (count != 3 && count != 4) {
    std::cerr << "usage: dialect_talk DIALECT PORT [ROOM]\n";
    return 2;
  }
  const auto dialect = bench::make_dialect(words[1], {{}, "the-key", "the-secret"});
  if (!dialect) {
    std::cerr << dialect.error() << "\n";
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::strtoul(words[2], nullptr, 10));
  Talk talk(**dialect, port, count == 4 ? words[3] : "talk");
  const std::string failure = talk.run();
  if (failure.empty()) return 0;
  std::cerr << words[1] << ": " << failure << "\n";
  return 1;
}
