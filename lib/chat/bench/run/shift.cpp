#include "chat/bench/run/shift.hpp"

#include <algorithm>
#include <utility>

namespace chat::bench {
namespace {

constexpr std::uint64_t kMilli = 1'000'000;
constexpr std::uint64_t kPollEvery = 50 * kMilli;    // for what the leader says
constexpr std::uint64_t kTellEvery = 250 * kMilli;   // how joining goes on
constexpr std::uint64_t kRetryAfter = 200 * kMilli;  // and as much again at random
constexpr std::uint64_t kMostRetryAfter = 2'000 * kMilli;
constexpr std::uint64_t kJoinPatience = 20 * kNanosPerSecond;    // without any progress
constexpr std::uint64_t kRefusedPatience = 5 * kNanosPerSecond;  // the same, when tries fail
constexpr std::size_t kHopelessTries = 10;  // in vain, when nobody has been let in
constexpr std::uint64_t kMostCatchUp = kNanosPerSecond;
constexpr std::uint64_t kDrainPatience = 3 * kNanosPerSecond;
constexpr std::uint64_t kFaultPatience = 30 * kNanosPerSecond;
constexpr std::uint64_t kMostDrain = 120 * kNanosPerSecond;
constexpr std::uint64_t kRepeatsWait = 100 * kMilli;  // when all is there: what else comes
constexpr std::size_t kMostReasons = 5;
constexpr std::uint32_t kMostDoublings = 4;

double seconds_of(std::uint64_t nanos) {
  return static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond);
}

std::vector<char> timed_senders(const Plan& plan, const Layout& layout) {
  std::vector<char> is_timed;
  for (const auto worker : layout.worker_of_sender) {
    is_timed.push_back(plan.machines[worker] == plan.machines[plan.worker] ? 1 : 0);
  }
  return is_timed;
}

Shift::End given_up() {
  Shift::End end;
  end.is_given_up = true;
  return end;
}

}  // namespace

Shift::Shift(Plan plan, const Dialect& dialect, const Payload& payload,
             std::vector<sockaddr_in> servers, Channel& channel)
    : plan_(std::move(plan)),
      dialect_(dialect),
      channel_(channel),
      layout_(layout_of(plan_)),
      is_timed_(timed_senders(plan_, layout_)),
      members_(plan_, layout_, dialect, std::move(servers), *this),
      senders_(plan_, layout_, dialect, payload, members_),
      verifier_(layout_.here),
      players_(layout_.parts.size()),
      random_(plan_.seed * 1000 + plan_.worker) {}

// ---- what the leader says

Shift::Result<> Shift::run() {
  if (auto told = tell(Ready{members_.count()}); !told) return told;
  while (!is_over_) {
    auto order = next_order();
    if (!order) return tl::unexpected(order.error());
    if (auto done = obey(std::move(*order)); !done) return done;
  }
  return {};
}

/// Goes on playing until there is one.
Shift::Result<Order> Shift::next_order() {
  for (;;) {
    auto line = channel_.receive(0);
    if (!line) return tl::unexpected(End{});
    if (*line) {
      auto order = order_of(**line);
      if (!order) return tl::unexpected(End{order.error()});
      return std::move(*order);
    }
    members_.wait(members_.look_at_clock() + 2 * kMilli);
    members_.beat();
  }
}

Shift::Result<> Shift::obey(Order order) {
  if (std::holds_alternative<Connect>(order)) return join_all();
  if (const auto* begin = std::get_if<Begin>(&order)) return run_window(*begin);
  if (const auto* sent = std::get_if<Drain>(&order)) return drain(*sent);
  if (std::holds_alternative<Stop>(order)) {  // it came when the window was over
    has_stopped_ = true;
    return {};
  }
  if (std::holds_alternative<Quit>(order)) return tl::unexpected(given_up());
  return tl::unexpected(End{"a new plan in the middle of a run"});
}

Shift::Result<> Shift::tell(const Word& word) {
  if (!channel_.send(line_of(word))) return tl::unexpected(End{});
  return {};
}

/// Whether the leader has said so.
Shift::Result<bool> Shift::is_stopped() {
  auto line = channel_.receive(0);
  if (!line) return tl::unexpected(End{});
  if (!*line) return false;
  const auto order = order_of(**line);
  if (!order) return tl::unexpected(End{order.error()});
  if (std::holds_alternative<Quit>(*order)) return tl::unexpected(given_up());
  const bool is_stop = std::holds_alternative<Stop>(*order);
  has_stopped_ = has_stopped_ || is_stop;
  return is_stop;
}

// ---- joining

Shift::Result<> Shift::join_all() {
  for (std::size_t i = 0; i < players_.size(); ++i) {
    members_.cut(i);
    players_[i] = {};
  }
  phase_ = Phase::joining;
  asked_ = joining_ = away_ = out_ = failed_ = 0;
  agenda_.clear();
  join_.clear();
  const std::uint64_t cpu = own_cpu();
  const std::uint64_t began = members_.look_at_clock();
  std::uint64_t progress_at = began;
  std::uint64_t told_at = began;
  std::size_t seen = 0;
  while (members_.joined() < members_.count()) {
    start_joins(began);
    set_due();
    members_.wait(members_.look_at_clock() + 10 * kMilli);
    const std::uint64_t now = members_.look_at_clock();
    const bool is_paced = plan_.connect_rate > 0 && asked_ < players_.size();
    if (members_.joined() > seen || (is_paced && failed_ == 0)) progress_at = now;
    seen = std::max(seen, members_.joined());
    if (is_hopeless(progress_at)) {
      const std::string why = last_failure_.empty() ? silence() : last_failure_;
      if (seen == 0) return tl::unexpected(End{why, true});
      return tl::unexpected(End{"only " + std::to_string(seen) + " of " +
                                    std::to_string(members_.count()) +
                                    " members came into their rooms: " + why,
                                false, true});
    }
    if (now - told_at < kTellEvery) continue;
    told_at = now;
    if (auto told = tell(Joining{members_.joined(), failed_, last_failure_}); !told) return told;
    auto stopped = is_stopped();
    if (!stopped) return tl::unexpected(stopped.error());
    if (*stopped) break;
  }
  const std::uint64_t took = members_.look_at_clock() - began;
  phase_ = Phase::idle;
  return tell(
      Joined{seconds_of(took), seconds_of(own_cpu() - cpu), members_.joined(), failed_, join_});
}

/// Who says nothing, where nothing else is known.
std::string Shift::silence() const {
  for (std::size_t i = 0; i < players_.size(); ++i) {
    if (players_[i].is_joining) return place_of(i) + ": no answer";
  }
  return "no answer";
}

bool Shift::is_hopeless(std::uint64_t progress_at) const noexcept {
  const std::uint64_t still = members_.now() - progress_at;
  const std::size_t tries = std::min(kHopelessTries, players_.size()) * plan_.servers.size();
  if (members_.joined() == 0 && failed_ >= tries) return true;
  return still > (failed_ > 0 ? kRefusedPatience : kJoinPatience);
}

/// As many as may be under way, or as are due.
void Shift::start_joins(std::uint64_t began) {
  const std::size_t most =
      std::max<std::size_t>(plan_.handshakes / plan_.workers(), std::size_t{1});
  for (; asked_ < players_.size(); ++asked_) {
    std::uint64_t planned = members_.now();
    if (plan_.connect_rate > 0) {
      const auto turn = static_cast<double>(layout_.parts[asked_].member);
      planned = began + static_cast<std::uint64_t>(turn / plan_.connect_rate * 1e9);
      if (planned > members_.now()) {
        agenda_.add({planned, asked_, Agenda::What::connect});
        ++asked_;
        return;
      }
    } else if (joining_ >= most) {
      return;
    }
    connect(asked_, planned);
  }
}

void Shift::connect(std::size_t member, std::uint64_t planned) {
  Player& player = players_[member];
  if (player.tries == 0) player.asked_at = planned;
  player.is_joining = true;
  ++joining_;
  player.place = player.tries;
  members_.connect(member, player.place);
}

void Shift::on_joined(std::size_t member) {
  Player& player = players_[member];
  const std::uint64_t took = members_.now() - player.asked_at;
  if (std::exchange(player.is_joining, false)) --joining_;
  player.tries = 0;
  if (!std::exchange(player.was_in, true)) {
    join_.record(took);
    if (player.place % plan_.servers.size() != 0) {
      ++outcome_.displaced;
      give_reason(last_failure_);
    }
    return;
  }
  if (away_ > 0) --away_;
  ++outcome_.returns;
  outcome_.back.record(took);
  senders_.on_joined(member);
  if (is_disturbing_ && layout_.parts[member].is_affected) {
    disturb_at(members_.now() + some_time_about(plan_.between), member);
  }
}

/// Whether it comes back when it loses its connection. While others connect all do.
bool Shift::rejoins(std::size_t member) const noexcept {
  return phase_ == Phase::joining || plan_.comes_back() || layout_.parts[member].is_affected;
}

void Shift::on_lost(std::size_t member, const std::string& why) {
  Player& player = players_[member];
  if (std::exchange(player.is_joining, false)) --joining_;
  senders_.on_lost(member);
  last_failure_ = place_of(member) + ": " + why;
  if (phase_ == Phase::joining && !player.was_in) {
    ++failed_;
  } else if (player.tries == 0) {
    on_dropped(member, last_failure_);
    if (!rejoins(member)) return;
  }
  come_back(member);
}

/// By the server or the network, and not by plan.
void Shift::on_dropped(std::size_t member, const std::string& why) {
  give_reason(why);
  const bool stalls = plan_.scenario == Scenario::slow && layout_.parts[member].is_affected;
  ++(stalls ? outcome_.dropped : outcome_.disconnects);
  players_[member].is_stalled = false;
  if (!rejoins(member)) {
    ++out_;
    return;
  }
  ++away_;
  if (plan_.scenario == Scenario::churn || (stalls && !dialect_.resumes())) start_anew(member);
}

/// Somebody else takes its place, to whom nothing of before is owed.
void Shift::start_anew(std::size_t member) {
  verifier_.forget(member);
  members_.renew(member);
}

/// After a while that gets longer, with full jitter.
void Shift::come_back(std::size_t member) {
  Player& player = players_[member];
  const std::uint64_t most =
      std::min(kRetryAfter << std::min(player.tries, kMostDoublings), kMostRetryAfter);
  if (player.tries == 0 && player.was_in) player.asked_at = members_.now();
  ++player.tries;
  agenda_.add({members_.now() + random_() % most, member, Agenda::What::connect});
}

// ---- the window

Shift::Result<> Shift::run_window(const Begin& begin) {
  phase_ = Phase::running;
  const std::uint64_t start = begin.in > 0 ? members_.look_at_clock() + begin.in : begin.at;
  recorder_.start(members_.look_at_clock(), start + plan_.warm_up, plan_.duration, counts());
  if (auto waited = wait_until(start); !waited) return waited;
  // It may have been stopped while it was to begin.
  if (plan_.sends() && recorder_.length() > 0) {
    senders_.start(start, plan_.speaks ? layout_.senders : UINT64_MAX);
  }
  begin_disturbing();
  set_due();
  while (recorder_.last() < recorder_.end()) {
    const std::uint64_t next = std::min(recorder_.next(), recorder_.end());
    if (auto waited = wait_until(next); !waited) return waited;
    if (auto told = tick(); !told) return told;
  }
  if (auto caught_up = catch_up(); !caught_up) return caught_up;
  senders_.stop();
  end_disturbing();
  set_due();
  return tell(Sent{senders_.sent()});
}

/// What was planned in the window is sent, also when this worker stood still at its end; but not
/// for ever where it is more than can be sent.
Shift::Result<> Shift::catch_up() {
  const std::uint64_t most = recorder_.end() + kMostCatchUp;
  while (senders_.due() < recorder_.end() && members_.look_at_clock() < most) {
    if (auto waited = wait_until(members_.now() + 10 * kMilli); !waited) return waited;
  }
  return {};
}

/// Plays until then, or until the leader stops the window.
Shift::Result<> Shift::wait_until(std::uint64_t end) {
  std::uint64_t polled_at = members_.look_at_clock();
  while (members_.now() < end) {
    recorder_.note(counts());
    members_.wait(std::min(end, polled_at + kPollEvery));
    members_.beat();
    if (members_.now() - polled_at < kPollEvery) continue;
    polled_at = members_.now();
    auto stopped = is_stopped();
    if (!stopped) return tl::unexpected(stopped.error());
    if (!*stopped) continue;
    recorder_.end_window(members_.now());
    return {};
  }
  return {};
}

Shift::Result<> Shift::tick() {
  Tick tick = recorder_.take(members_.look_at_clock(), counts());
  tick.gaps = verifier_.gaps();
  tick.away = away_ + out_;
  return tell(tick);
}

Recorder::Counts Shift::counts() const noexcept {
  return {senders_.total_sent(), verifier_.delivered(), senders_.acked(),
          members_.bytes_received()};
}

void Shift::set_due() { members_.set_due(std::min(senders_.due(), agenda_.due())); }

void Shift::on_due() {
  senders_.send_due(recorder_.begin(), recorder_.length());
  while (agenda_.due() <= members_.now()) {
    const auto entry = agenda_.take();
    switch (entry.what) {
      case Agenda::What::connect: connect(entry.member, entry.at); break;
      case Agenda::What::disturb:
        if (players_[entry.member].disturbed_at == entry.at) disturb(entry.member);
        break;
      case Agenda::What::send_again: senders_.send_again(entry.member); break;
    }
  }
  set_due();
}

void Shift::on_delivery(std::size_t member, const Mark& mark) {
  verifier_.on_delivery(member, mark.sender, mark.counter);
  senders_.on_returned(member, mark);
  if (mark.sender >= is_timed_.size()) return;
  if (plan_.affected > 0 && layout_.parts[member].is_affected) return;
  if (is_timed_[mark.sender] == 0) {
    ++outcome_.untimed;
    return;
  }
  recorder_.record(members_.now(), mark.planned);
}

void Shift::on_answer(std::size_t member, const Dialect::Step& step) {
  if (senders_.on_answer(member, step)) {
    const std::uint64_t pause = kRetryAfter + random_() % kRetryAfter;
    agenda_.add({members_.now() + pause, member, Agenda::What::send_again});
    set_due();
  }
  if (step.refused.empty()) return;
  last_failure_ = place_of(member) + ": " + step.refused;
  if (phase_ == Phase::joining) return;
  ++outcome_.refused;
  give_reason(last_failure_);
}

/// Where it is connected, or was last.
std::string Shift::place_of(std::size_t member) const {
  const std::size_t server = layout_.parts[member].server + players_[member].place;
  const Place& place = plan_.servers[server % plan_.servers.size()];
  return place.host + ":" + std::to_string(place.port);
}

void Shift::give_reason(const std::string& why) {
  auto& reasons = outcome_.reasons;
  const bool is_known = std::find(reasons.begin(), reasons.end(), why) != reasons.end();
  if (!is_known && reasons.size() < kMostReasons) reasons.push_back(why);
}

// ---- members that are cut, stalled or sent away

std::uint64_t Shift::some_time_about(std::uint64_t mean) {
  return mean / 2 + random_() % std::max<std::uint64_t>(mean, 1);
}

void Shift::begin_disturbing() {
  if (plan_.affected <= 0) return;
  is_disturbing_ = true;
  for (std::size_t i = 0; i < players_.size(); ++i) {
    if (!layout_.parts[i].is_affected) continue;
    const std::uint64_t first = random_() % std::max<std::uint64_t>(plan_.between, 1);
    disturb_at(members_.now() + first, i);
  }
}

/// … and not when it was planned before.
void Shift::disturb_at(std::uint64_t at, std::size_t member) {
  players_[member].disturbed_at = at;
  agenda_.add({at, member, Agenda::What::disturb});
}

void Shift::disturb(std::size_t member) {
  Player& player = players_[member];
  const std::uint64_t now = members_.now();
  if (std::exchange(player.is_stalled, false)) {
    ++outcome_.returns;
    disturb_at(now + some_time_about(plan_.between), member);
    return members_.resume(member);
  }
  if (!is_disturbing_ || player.is_joining || !members_.is_joined(member)) return;
  ++outcome_.cuts;
  if (plan_.scenario == Scenario::slow) {
    player.is_stalled = true;
    members_.pause(member);
    return disturb_at(now + plan_.away, member);
  }
  members_.cut(member);
  ++away_;
  if (plan_.scenario == Scenario::churn) start_anew(member);
  agenda_.add({now + some_time_about(plan_.away), member, Agenda::What::connect});
}

/// Nobody is sent away any more; who stalls reads on, who is away comes back as was planned.
void Shift::end_disturbing() {
  is_disturbing_ = false;
  for (std::size_t i = 0; i < players_.size(); ++i) {
    if (players_[i].is_stalled) disturb(i);
  }
}

// ---- the end

std::uint64_t Shift::progress() const noexcept {
  return verifier_.delivered() + senders_.acked() + outcome_.returns;
}

bool Shift::is_all_there(std::uint64_t expected) const noexcept {
  return verifier_.distinct() >= expected && senders_.unanswered() == 0 && away_ == 0;
}

/// Waits for all that must still come, but not for ever; then a moment for what must not. Who has
/// stopped the window waits for no server to come back.
Shift::Result<> Shift::drain(const Drain& drain) {
  phase_ = Phase::draining;
  if (drain.sent.size() != layout_.senders) return tl::unexpected(End{"not these senders"});
  const std::uint64_t expected = verifier_.expected(drain.sent);
  const bool may_come_back = plan_.scenario == Scenario::fault && !has_stopped_;
  const std::uint64_t patience = may_come_back ? kFaultPatience : kDrainPatience;
  const std::uint64_t began = members_.look_at_clock();
  std::uint64_t progress_at = began;
  std::uint64_t seen = progress();
  while (!is_all_there(expected)) {
    members_.wait(members_.look_at_clock() + 10 * kMilli);
    members_.beat();
    const std::uint64_t now = members_.look_at_clock();
    if (progress() > seen) progress_at = now;
    seen = progress();
    if (now - progress_at > patience || now - began > kMostDrain) break;
    auto stopped = is_stopped();
    if (!stopped) return tl::unexpected(stopped.error());
    if (*stopped) break;
  }
  if (auto waited = wait_until(members_.look_at_clock() + kRepeatsWait); !waited) return waited;
  if (auto told = tick(); !told) return told;
  is_over_ = true;
  return tell(outcome(drain));
}

Outcome Shift::outcome(const Drain& drain) {
  Outcome outcome = outcome_;
  outcome.verdict = verifier_.verdict(drain.sent);
  outcome.orders = verifier_.orders();
  outcome.total_sent = senders_.total_sent();
  outcome.total_deliveries = verifier_.delivered();
  outcome.not_sent = senders_.not_sent();
  outcome.unacked = senders_.never_answered();
  outcome.lag = senders_.lag();
  return outcome;
}

}  // namespace chat::bench
