#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <random>
#include <string>
#include <vector>

#include "chat/base/histogram.hpp"
#include "chat/bench/arrivals.hpp"
#include "chat/bench/dialect.hpp"
#include "chat/bench/payload.hpp"
#include "chat/bench/run/layout.hpp"
#include "chat/bench/run/members.hpp"
#include "chat/bench/run/plan.hpp"

namespace chat::bench {

/// What the senders among a worker's members say, and when: by plan (an open loop), or so that
/// always as many messages are under way (a closed one). Thread: one.
///
/// Every worker plans all senders' messages, from the same seed, and sends those of its own. A
/// message whose time has come while its sender is cut waits for it. Where members come back and
/// the server knows a repeat when it sees one, what had no answer when its sender was cut is sent
/// again, and so is what was refused only for now.
class Senders {
 public:
  /// All outlive it.
  Senders(const Plan& plan, const Layout& layout, const Dialect& dialect, const Payload& payload,
          Members& members);

  /// From now (ns) on; `limit` messages at most, over all senders and workers.
  void start(std::uint64_t now, std::uint64_t limit = UINT64_MAX);
  void stop();
  /// The time of the next planned message; UINT64_MAX: there is none.
  std::uint64_t due() const noexcept { return due_; }
  /// Sends those whose time has come, for about a millisecond: then others have their turn, and
  /// some may be due still. Those that were planned in [begin, begin + length) count for `lag`.
  void send_due(std::uint64_t begin, std::uint64_t length);

  /// Closed loop: a message has come to this member. Where it is its own, the next one may follow
  /// for it and for those before it that have not come: they are not waited for any more.
  void on_returned(std::size_t member, const Mark& mark) noexcept {
    if (!is_closed_loop_) return;
    Sender* own = of_member(member);
    if (own == nullptr || own->number != mark.sender) return;
    if (mark.counter < own->come_back || mark.counter >= sent_[own->number]) return;
    own->returned += mark.counter + 1 - own->come_back;
    own->come_back = mark.counter + 1;
  }
  /// Closed loop: all that was read in one go has been told.
  void on_read(std::size_t member) {
    if (is_closed_loop_) go_round(member);
  }
  /// True: some were refused for now, all others are answered, and `send_again` is to be called
  /// after a while.
  bool on_answer(std::size_t member, const Dialect::Step& step);
  void send_again(std::size_t member);
  void on_joined(std::size_t member);
  void on_lost(std::size_t member);

  /// By sender, over all rooms; 0 for other workers' senders.
  const std::vector<std::uint32_t>& sent() const noexcept { return sent_; }
  std::uint64_t total_sent() const noexcept { return total_sent_; }
  std::uint64_t acked() const noexcept { return acked_; }
  /// Sent without an answer yet, and those that wait to be sent, again or at all.
  std::uint64_t unanswered() const noexcept { return unanswered_ + refused_ + waiting_; }
  /// … and those whose connection ended before there was one.
  std::uint64_t never_answered() const noexcept { return unanswered() + lost_; }
  /// Planned for a sender that was not connected and does not come back.
  std::uint64_t not_sent() const noexcept { return not_sent_; }
  const base::Histogram& lag() const noexcept { return lag_; }

 private:
  struct Message {
    std::uint64_t n = 0;
    Mark mark;
    std::uint32_t bytes = 0;
  };
  struct Sender {
    std::size_t member;
    std::uint32_t number;
    std::uint32_t returned = 0;   // own messages in what was read just now
    std::uint32_t come_back = 0;  // … and in all, up to the last one that has come
    std::uint32_t unanswered = 0;
    std::uint32_t refused = 0;   // of `kept`, for now; then nothing new is sent
    std::list<Message> waiting;  // for the connection, or for answers
    std::list<Message> kept;     // sent, and not answered
  };

  Sender* of_member(std::size_t member) noexcept {
    const std::uint32_t index = of_member_[member];
    return index == kNoSender ? nullptr : &senders_[index];
  }
  void go_round(std::size_t member);
  void plan_next();
  void say(Sender& sender, std::uint64_t planned, std::string& frames);
  void put(Sender& sender, Message message, std::string& frames);
  bool may_send(const Sender& sender) const noexcept;
  void take_answer(Sender& sender, const Dialect::Step& step);
  void send_kept(Sender& sender, bool were_refused);
  void go_on(Sender& sender);
  void unsend(Sender& sender);

  const Plan& plan_;
  const Dialect& dialect_;
  const bool keeps_;  // what is not answered
  const Payload& payload_;
  Members& members_;
  std::vector<Sender> senders_;
  std::vector<std::uint32_t> of_member_;  // index in senders_, or kNoSender
  std::vector<std::uint32_t> of_number_;  // the same, by sender over all rooms
  std::vector<std::uint32_t> sent_;
  Arrivals arrivals_;
  std::mt19937_64 random_;
  std::string frames_;
  std::uint64_t started_ = 0;
  std::uint64_t due_ = UINT64_MAX;
  std::uint32_t due_sender_ = 0;
  std::uint64_t left_ = 0;  // planned turns
  bool is_closed_loop_ = false;
  std::uint64_t total_sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t unanswered_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t waiting_ = 0;
  std::uint64_t lost_ = 0;  // unanswered when their connection ended
  std::uint64_t not_sent_ = 0;
  base::Histogram lag_;
};

}  // namespace chat::bench
