// Holds a dialect that resumes against a real server: while two members send, one of them is cut
// again and again before it hears of what it has sent, and a third one, who only listens, in the
// midst of what it hears. Both come back at once, and nothing is lost, doubled or out of order.
// Says what went wrong, and ends with 1 then.
//   dialect_cut DIALECT PORT

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/digest.hpp"
#include "chat/bench/dialect.hpp"
#include "chat/bench/mark.hpp"
#include "chat/bench/sockets.hpp"
#include "chat/bench/verifier.hpp"

using namespace chat;

namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kPatience = 30'000 * kMillisecond;  // for all of it
constexpr std::uint32_t kMessages = 600;                    // of each sender
constexpr std::uint32_t kBetweenCuts = 50;  // messages; the last ones are left alone
constexpr std::size_t kUnanswered = 20;     // at most, of each sender
constexpr std::size_t kSenders = 2;
constexpr std::size_t kMembers = 3;
constexpr std::size_t kCutSender = 0;
constexpr std::size_t kCutListener = 2;

class Cut final : private bench::Sockets::Listener {
 public:
  Cut(const bench::Dialect& dialect, std::uint16_t port) : dialect_(dialect) {
    server_.sin_family = AF_INET;
    server_.sin_port = htons(port);
    server_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (std::size_t i = 0; i < kMembers; ++i) {
      seats_[i].room = "cut";
      seats_[i].name = "member-" + std::to_string(i);
      seats_[i].secret = base::random_token(16);
    }
  }

  /// Why it failed; empty: it did not.
  std::string run() {
    const std::uint64_t end = sockets_.look_at_clock() + kPatience;
    for (std::size_t i = 0; i < kMembers; ++i) connect(i);
    while (failure_.empty() && !is_done()) {
      if (sockets_.now() > end) return "nothing more came: " + state();
      sockets_.wait(sockets_.now() + kMillisecond);
      speak();
    }
    return failure_.empty() ? verdict() : failure_;
  }

 private:
  /// A message that has no answer.
  struct Unanswered {
    std::uint64_t n;
    std::string payload;
  };

  void connect(std::size_t member) {
    const auto wanted = dialect_.handshake(seats_[member]);
    sockets_.connect(member, {server_, "127.0.0.1", wanted.target, wanted.subprotocol});
  }

  void cut(std::size_t member) {
    sockets_.close(member);
    dialect_.on_cut(seats_[member]);
    ++cuts_[member];
    connect(member);
  }

  /// As much as may be unanswered; then the sender whose turn it is is cut, before it hears of it.
  void speak() {
    for (std::size_t sender = 0; sender < kSenders; ++sender) {
      while (may_speak(sender)) publish(sender);
    }
    const std::uint32_t sent = sent_[kCutSender];
    if (sent < kMessages && sent / kBetweenCuts > cuts_[kCutSender]) cut(kCutSender);
  }

  bool may_speak(std::size_t sender) const {
    return has_begun_ && seats_[sender].joined && sent_[sender] < kMessages &&
           unanswered_[sender].size() < kUnanswered;
  }

  void publish(std::size_t sender) {
    std::string payload(bench::kMarkBytes, ' ');
    bench::write_mark(payload.data(), {static_cast<std::uint32_t>(sender), sent_[sender]++, 0});
    std::string frame;
    dialect_.publish(seats_[sender], payload, frame);
    sockets_.send(sender, frame);
    unanswered_[sender].push_back({seats_[sender].n, std::move(payload)});
  }

  void publish_again(std::size_t sender) {
    for (const auto& [n, payload] : unanswered_[sender]) {
      std::string frame;
      dialect_.publish_again(seats_[sender], n, payload, false, frame);
      sockets_.send(sender, frame);
      ++sent_again_;
    }
  }

  void on_open(std::size_t member) override { take(member, dialect_.on_open(seats_[member])); }

  void on_text(std::size_t member, std::string_view text) override {
    const bool has_message = bench::for_each_mark(text, [&](const bench::Mark& mark) {
      verifier_.on_delivery(member, mark.sender, mark.counter);
      ++heard_[member];
    });
    if (!has_message) return take(member, dialect_.on_text(seats_[member], text));
    dialect_.on_message(seats_[member], text);
    const bool is_early = heard_[member] < kSenders * (kMessages - kBetweenCuts);
    if (member != kCutListener || !is_early) return;
    if (heard_[member] / kBetweenCuts > cuts_[member]) cut(member);
  }

  void on_lost(std::size_t member, const std::string& why) override {
    failure_ = seats_[member].name + " is lost: " + why;
  }

  void take(std::size_t member, const bench::Dialect::Step& step) {
    if (!step.refused.empty()) failure_ = "refused: " + step.refused;
    for (const auto& frame : step.send) sockets_.send(member, frame);
    if (step.answered != 0) forget(unanswered_[member], step.answered);
    if (!seats_[member].joined || has_joined_[member] > cuts_[member]) return;
    has_joined_[member] = cuts_[member] + 1;
    publish_again(member);
    has_begun_ = std::count(has_joined_.begin(), has_joined_.end(), 0U) == 0;
  }

  static void forget(std::deque<Unanswered>& unanswered, std::uint64_t n) {
    const auto found = std::find_if(unanswered.begin(), unanswered.end(),
                                    [n](const Unanswered& one) { return one.n == n; });
    if (found != unanswered.end()) unanswered.erase(found);
  }

  bool is_done() const {
    for (std::size_t sender = 0; sender < kSenders; ++sender) {
      if (sent_[sender] < kMessages || !unanswered_[sender].empty()) return false;
    }
    return verifier_.distinct() >= verifier_.expected(sent_);
  }

  std::string verdict() {
    const auto found = verifier_.verdict(sent_);
    if (found.clean() && sent_again_ > 0 && cuts_[kCutListener] > 0) return {};
    return "lost " + std::to_string(found.lost) + ", doubled " + std::to_string(found.duplicated) +
           ", out of order " + std::to_string(found.misordered) + ", foreign " +
           std::to_string(found.foreign) + ", orders differ " +
           std::to_string(found.order_mismatch) + "; " + state();
  }

  std::string state() const {
    return std::to_string(sent_[0]) + " and " + std::to_string(sent_[1]) + " sent, " +
           std::to_string(sent_again_) + " of them again, " +
           std::to_string(unanswered_[0].size() + unanswered_[1].size()) + " without an answer, " +
           std::to_string(verifier_.distinct()) + " came, " + std::to_string(cuts_[kCutSender]) +
           " and " + std::to_string(cuts_[kCutListener]) + " cuts";
  }

  const bench::Dialect& dialect_;
  sockaddr_in server_{};
  std::array<bench::Seat, kMembers> seats_;
  std::array<std::uint32_t, kMembers> has_joined_{};  // so many times
  std::array<std::uint32_t, kMembers> cuts_{};
  std::array<std::uint32_t, kMembers> heard_{};
  std::array<std::deque<Unanswered>, kMembers> unanswered_;
  std::vector<std::uint32_t> sent_ = std::vector<std::uint32_t>(kSenders);
  std::uint32_t sent_again_ = 0;
  bool has_begun_ = false;  // everybody is in
  bench::Verifier verifier_{{{kMembers, kSenders}}};
  std::string failure_;
  bench::Sockets sockets_{kMembers, *this};
};

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "usage: dialect_cut DIALECT PORT\n";
    return 2;
  }
  const auto dialect = bench::make_dialect(words[1], {});
  if (!dialect || !(*dialect)->resumes() || !(*dialect)->deduplicates()) {
    std::cerr << words[1] << " resumes nothing\n";
    return 2;
  }
  Cut cut(**dialect, static_cast<std::uint16_t>(std::strtoul(words[2], nullptr, 10)));
  const std::string failure = cut.run();
  if (failure.empty()) return 0;
  std::cerr << words[1] << ": " << failure << "\n";
  return 1;
}
