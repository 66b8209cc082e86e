#include "chat/bench/run/senders.hpp"

#include <algorithm>
#include <utility>

namespace chat::bench {
namespace {

/// A server that knows repeats remembers so many messages of a member, at least (docs/protocol.md).
constexpr std::uint32_t kMostUnanswered = 250;

constexpr std::uint64_t kTurn = 1'000'000;  // ns, of sending at a time

double rate_of(const Plan& plan) { return plan.rate > 0 ? plan.rate : 1; }

}  // namespace

Senders::Senders(const Plan& plan, const Layout& layout, const Dialect& dialect,
                 const Payload& payload, Members& members)
    : plan_(plan),
      dialect_(dialect),
      keeps_(plan.comes_back() && dialect.deduplicates()),
      payload_(payload),
      members_(members),
      of_member_(layout.parts.size(), kNoSender),
      of_number_(layout.senders, kNoSender),
      sent_(layout.senders),
      arrivals_(plan.arrivals, rate_of(plan), std::max<std::size_t>(layout.senders, 1), plan.seed),
      random_(plan.seed + plan.worker) {
  const auto speaks = [](const Part& part) { return part.sender != kNoSender; };
  senders_.reserve(
      static_cast<std::size_t>(std::count_if(layout.parts.begin(), layout.parts.end(), speaks)));
  for (std::size_t i = 0; i < layout.parts.size(); ++i) {
    const std::uint32_t number = layout.parts[i].sender;
    if (number == kNoSender) continue;
    of_member_[i] = of_number_[number] = static_cast<std::uint32_t>(senders_.size());
    senders_.push_back({i, number, 0, 0, 0, 0, {}, {}});
  }
}

void Senders::start(std::uint64_t now, std::uint64_t limit) {
  started_ = now;
  left_ = limit;
  if (plan_.outstanding == 0) return plan_next();
  is_closed_loop_ = true;
  for (std::size_t i = 0; i < plan_.outstanding; ++i) {
    const std::uint32_t index = of_number_[i % of_number_.size()];
    if (index != kNoSender) ++senders_[index].returned;
  }
  for (const Sender& sender : senders_) on_read(sender.member);
}

void Senders::stop() {
  due_ = UINT64_MAX;
  left_ = 0;
  is_closed_loop_ = false;
}

// ---- the open loop

/// The next one of ours.
void Senders::plan_next() {
  due_ = UINT64_MAX;
  while (left_ > 0 && !senders_.empty()) {
    --left_;
    const Due next = arrivals_.next();
    const std::uint32_t index = of_number_[next.sender];
    if (index == kNoSender) continue;
    due_ = started_ + next.at_ns;
    due_sender_ = index;
    return;
  }
}

void Senders::send_due(std::uint64_t begin, std::uint64_t length) {
  const std::uint64_t end = members_.now() + kTurn;
  while (due_ <= members_.now() && members_.now() < end) {
    Sender& sender = senders_[due_sender_];
    frames_.clear();
    say(sender, due_, frames_);
    members_.send(sender.member, frames_);
    const std::uint64_t now = members_.look_at_clock();
    if (due_ - begin < length) lag_.record(now - due_);
    plan_next();
  }
}

void Senders::say(Sender& sender, std::uint64_t planned, std::string& frames) {
  if (!members_.is_joined(sender.member) && !plan_.comes_back()) {
    ++not_sent_;
    return;
  }
  const Mark mark{sender.number, sent_[sender.number]++, planned};
  Message message{0, mark, static_cast<std::uint32_t>(payload_.size(random_))};
  if (sender.waiting.empty() && may_send(sender)) return put(sender, message, frames);
  sender.waiting.push_back(message);
  ++waiting_;
}

void Senders::put(Sender& sender, Message message, std::string& frames) {
  message.n = members_.append_message(frames, sender.member, message.mark, message.bytes);
  ++total_sent_;
  if (!dialect_.acknowledges()) return;
  ++sender.unanswered;
  ++unanswered_;
  if (keeps_) sender.kept.push_back(message);
}

bool Senders::may_send(const Sender& sender) const noexcept {
  if (!members_.is_joined(sender.member) || sender.refused > 0) return false;
  return !dialect_.deduplicates() || sender.unanswered < kMostUnanswered;
}

// ---- the closed loop

/// For each own message that has come back, the next one.
void Senders::go_round(std::size_t member) {
  Sender* own = of_member(member);
  if (own == nullptr || own->returned == 0) return;
  const std::uint32_t count = std::exchange(own->returned, 0U);
  frames_.clear();
  for (std::uint32_t i = 0; i < count; ++i) say(*own, members_.now(), frames_);
  members_.send(member, frames_);
}

// ---- answers and cuts

bool Senders::on_answer(std::size_t member, const Dialect::Step& step) {
  if (step.acked == 0 && step.answered == 0) return false;
  Sender* own = of_member(member);
  if (own == nullptr) return false;
  take_answer(*own, step);
  if (own->refused > 0) return own->unanswered == 0;
  go_on(*own);
  return false;
}

void Senders::take_answer(Sender& sender, const Dialect::Step& step) {
  acked_ += step.acked;
  const std::uint32_t count = std::min(std::max(step.acked, 1U), sender.unanswered);
  sender.unanswered -= count;
  unanswered_ -= count;
  if (!keeps_) return;
  if (step.is_passing) {
    ++sender.refused;
    ++refused_;
    return;
  }
  const auto is_it = [&step](const Message& message) { return message.n == step.answered; };
  const auto kept = std::find_if(sender.kept.begin(), sender.kept.end(), is_it);
  if (kept != sender.kept.end()) sender.kept.erase(kept);
}

void Senders::send_again(std::size_t member) {
  Sender* own = of_member(member);
  const bool is_due = own != nullptr && own->refused > 0 && own->unanswered == 0;
  if (is_due && members_.is_joined(member)) send_kept(*own, true);
}

/// All of it in its order, and then what waits.
void Senders::send_kept(Sender& sender, bool were_refused) {
  refused_ -= std::exchange(sender.refused, 0U);
  frames_.clear();
  bool is_first = were_refused;
  for (const auto& [n, mark, bytes] : sender.kept) {
    members_.append_again(frames_, sender.member, n, mark, bytes, is_first);
    is_first = false;
  }
  sender.unanswered += static_cast<std::uint32_t>(sender.kept.size());
  unanswered_ += sender.kept.size();
  members_.send(sender.member, frames_);
  go_on(sender);
}

/// What waited for answers, or for the connection.
void Senders::go_on(Sender& sender) {
  if (sender.waiting.empty() || !may_send(sender)) return;
  frames_.clear();
  while (!sender.waiting.empty() && may_send(sender)) {
    --waiting_;
    put(sender, sender.waiting.front(), frames_);
    sender.waiting.pop_front();
  }
  members_.send(sender.member, frames_);
}

void Senders::on_joined(std::size_t member) {
  if (Sender* own = of_member(member); own != nullptr) send_kept(*own, false);
}

/// What was under way is sent again when its sender is back; elsewhere it is never answered.
void Senders::on_lost(std::size_t member) {
  Sender* own = of_member(member);
  if (own == nullptr) return;
  const std::uint32_t count = std::exchange(own->unanswered, 0U);
  unanswered_ -= count;
  if (!keeps_) lost_ += count;
  if (!plan_.comes_back()) unsend(*own);
}

/// What waits for answers of a sender that does not come back has never left. What was told of it
/// (`sent`) before is told.
void Senders::unsend(Sender& sender) {
  const std::size_t count = sender.waiting.size();
  sender.waiting.clear();
  waiting_ -= count;
  not_sent_ += count;
  sent_[sender.number] -= static_cast<std::uint32_t>(count);
}

}  // namespace chat::bench
