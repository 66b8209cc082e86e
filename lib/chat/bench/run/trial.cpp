#include "chat/bench/run/trial.hpp"

#include <poll.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "chat/bench/run/clock.hpp"

namespace chat::bench {
namespace {

constexpr std::uint64_t kMilli = 1'000'000;
constexpr std::uint64_t kPollEvery = 100 * kMilli;  // for what the user wants
constexpr std::uint64_t kShowEvery = 200 * kMilli;
constexpr std::uint64_t kStartDelay = 100 * kMilli;        // for the word to reach everybody
constexpr std::uint64_t kSilence = 180 * kNanosPerSecond;  // of all workers: they are lost
constexpr double kNanosPerMilli = 1e6;

double seconds_of(std::uint64_t nanos) {
  return static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond);
}

template <class Number>
Number sum_of(const std::vector<Number>& numbers) {
  Number sum{};
  for (const Number each : numbers) sum += each;
  return sum;
}

double ms(const base::Histogram& histogram, double quantile) {
  return static_cast<double>(histogram.quantile(quantile)) / kNanosPerMilli;
}

}  // namespace

Trial::Trial(const Plan& plan, Crew& crew, ServerMeter* meter, Watch watch,
             std::function<bool()> is_stopped)
    : plan_(plan),
      crew_(crew),
      meter_(meter),
      watch_(std::move(watch)),
      is_stopped_(std::move(is_stopped)),
      joined_(crew.size()),
      failed_(crew.size()),
      gaps_(crew.size()),
      away_(crew.size()),
      cpu_s_(crew.size()),
      window_s_(crew.size()),
      is_ready_(crew.size()) {
  progress_.members = plan.all_members();
  progress_.window_s = seconds_of(plan.duration);
}

tl::expected<TrialResult, TrialFailure> Trial::run() {
  if (auto led = lead(); !led) {
    for (auto& worker : crew_.workers()) worker.channel.send(line_of(Quit{}));
    return tl::unexpected(led.error());
  }
  return std::move(result_);
}

Trial::Result<> Trial::lead() {
  Plan plan = plan_;
  plan.machines = crew_.machines();
  for (std::size_t i = 0; i < crew_.size(); ++i) {
    plan.worker = i;
    if (auto sent = send(i, plan); !sent) return sent;
  }
  if (auto ready = await(ready_); !ready) return ready;
  if (auto connected = connect(); !connected) return connected;
  if (plan_.scenario == Scenario::storm && !has_stopped_) {
    if (auto again = connect(); !again) return again;
  }
  if (auto measured = run_window(); !measured) return measured;
  progress_.phase = Progress::Phase::draining;
  if (auto drained = send_all(Drain{sent_}); !drained) return drained;
  if (auto told = await(outcomes_); !told) return told;
  for (auto& [number, gathered] : open_) close_second(number, gathered);
  std::sort(result_.seconds.begin(), result_.seconds.end(),
            [](const Second& a, const Second& b) { return a.at_s < b.at_s; });
  for (auto& second : result_.seconds) {
    const auto index = static_cast<std::size_t>(second.at_s);
    if (index < server_shares_.size()) second.server = server_shares_[index];
  }
  result_.outcome.verdict = merge(verdicts_, orders_);
  return {};
}

// ---- talking to workers

Trial::Result<> Trial::send(std::size_t worker, const Order& order) {
  auto& to = crew_.workers()[worker];
  if (to.channel.send(line_of(order))) return {};
  return tl::unexpected(TrialFailure{to.name + " is gone"});
}

Trial::Result<> Trial::send_all(const Order& order) {
  for (std::size_t i = 0; i < crew_.size(); ++i) {
    if (auto sent = send(i, order); !sent) return sent;
  }
  return {};
}

/// Until each worker has said what is counted in `heard`.
Trial::Result<> Trial::await(std::size_t& heard) {
  while (heard < crew_.size()) {
    if (auto listened = listen(monotonic_ns() + kPollEvery); !listened) return listened;
  }
  return {};
}

/// Takes what workers say until then.
Trial::Result<> Trial::listen(std::uint64_t until) {
  std::vector<pollfd> sockets;
  for (const auto& worker : crew_.workers()) sockets.push_back({worker.channel.fd(), POLLIN, 0});
  for (;;) {
    for (std::size_t i = 0; i < crew_.size(); ++i) {
      auto& worker = crew_.workers()[i];
      for (;;) {
        const auto line = worker.channel.receive(0);
        if (!line) return tl::unexpected(TrialFailure{worker.name + ": " + line.error()});
        if (!*line) break;
        heard_at_ = monotonic_ns();
        auto word = word_of(**line);
        if (!word) return tl::unexpected(TrialFailure{worker.name + ": " + word.error()});
        if (auto taken = hear(i, std::move(*word)); !taken) return taken;
      }
    }
    show();
    if (is_stopped_() && !std::exchange(has_stopped_, true)) {
      result_.is_interrupted = true;
      if (auto told = send_all(Stop{}); !told) return told;
    }
    const std::uint64_t now = monotonic_ns();
    if (heard_at_ != 0 && now - heard_at_ > kSilence) {
      return tl::unexpected(TrialFailure{"the workers have said nothing for three minutes"});
    }
    if (now >= until) return {};
    const timespec left = time_until(std::min(until, now + kPollEvery));
    ::ppoll(sockets.data(), sockets.size(), &left, nullptr);
  }
}

Trial::Result<> Trial::hear(std::size_t worker, Word word) {
  if (std::holds_alternative<Ready>(word)) {
    is_ready_[worker] = true;
    ++ready_;
  }
  const auto* failed = std::get_if<Failed>(&word);
  if (failed != nullptr && (failed->run == plan_.run || failed->run.empty())) {
    // Nobody of this worker's was let in, but others were.
    const bool are_some_in = failed->is_unreachable && sum_of(joined_) > 0;
    return tl::unexpected(TrialFailure{failed->why, failed->is_unreachable && !are_some_in,
                                       failed->is_crowded || are_some_in});
  }
  if (!is_ready_[worker]) return {};
  if (const auto* joining = std::get_if<Joining>(&word)) {
    joined_[worker] = joining->joined;
    failed_[worker] = joining->failed;
  } else if (const auto* joined = std::get_if<Joined>(&word)) {
    joined_[worker] = joined->joined;
    take(*joined);
    ++in_;
  } else if (const auto* tick = std::get_if<Tick>(&word)) {
    if (tick->is_measured && tick->second < 0) {
      return tl::unexpected(TrialFailure{crew_.workers()[worker].name +
                                         ": has measured a second before the window began"});
    }
    take(worker, *tick);
  } else if (const auto* sent = std::get_if<Sent>(&word)) {
    sent_.resize(std::max(sent_.size(), sent->sent.size()));
    for (std::size_t i = 0; i < sent->sent.size(); ++i) sent_[i] += sent->sent[i];
    ++done_sending_;
  } else if (const auto* outcome = std::get_if<Outcome>(&word)) {
    take(*outcome);
    ++outcomes_;
  }
  return {};
}

// ---- what they say

void Trial::take(const Joined& joined) {
  auto& round = result_.rounds.back();
  round.seconds = std::max(round.seconds, joined.seconds);
  round.joined += joined.joined;
  round.failed += joined.failed;
  round.join.merge(joined.join);
  const double share = joined.seconds > 0 ? joined.cpu_s / joined.seconds : 0;
  round.generator_cpu = std::max(round.generator_cpu, share);
}

void Trial::take(std::size_t worker, const Tick& tick) {
  gaps_[worker] = tick.gaps;
  away_[worker] = tick.away;
  result_.latency.merge(tick.latency);
  if (!tick.is_measured) return;
  result_.sent += tick.sent;
  result_.deliveries += tick.deliveries;
  result_.acked += tick.acked;
  result_.bytes += tick.bytes;
  cpu_s_[worker] += tick.cpu_s;
  window_s_[worker] += tick.length_s;
  result_.window_s = std::max(result_.window_s, window_s_[worker]);
  result_.generator_cpu =
      std::max(result_.generator_cpu, cpu_s_[worker] / std::max(window_s_[worker], 1e-9));
  auto& gathered = open_[tick.second];
  const double length = std::max(tick.length_s, 1e-9);
  gathered.second.sent += static_cast<double>(tick.sent) / length;
  gathered.second.deliveries += static_cast<double>(tick.deliveries) / length;
  gathered.second.generator = std::max(gathered.second.generator, tick.cpu_s / length);
  gathered.latency.merge(tick.latency);
  if (++gathered.workers < crew_.size()) return;
  close_second(tick.second, gathered);
  open_.erase(tick.second);
}

void Trial::close_second(std::int64_t number, Gathered& gathered) {
  Second& second = gathered.second;
  second.at_s = static_cast<double>(number);
  second.p50_ms = ms(gathered.latency, 0.5);
  second.p99_ms = ms(gathered.latency, 0.99);
  progress_.deliveries = second.deliveries;
  result_.seconds.push_back(second);
}

void Trial::take(const Outcome& outcome) {
  auto& all = result_.outcome;
  verdicts_.push_back(outcome.verdict);
  orders_.push_back(outcome.orders);
  all.total_sent += outcome.total_sent;
  all.total_deliveries += outcome.total_deliveries;
  all.untimed += outcome.untimed;
  all.not_sent += outcome.not_sent;
  all.unacked += outcome.unacked;
  all.refused += outcome.refused;
  all.disconnects += outcome.disconnects;
  all.cuts += outcome.cuts;
  all.returns += outcome.returns;
  all.dropped += outcome.dropped;
  all.displaced += outcome.displaced;
  all.lag.merge(outcome.lag);
  all.back.merge(outcome.back);
  for (const auto& reason : outcome.reasons) {
    const bool is_known =
        std::find(all.reasons.begin(), all.reasons.end(), reason) != all.reasons.end();
    if (!is_known) all.reasons.push_back(reason);
  }
}

// ---- a run's parts

/// What is to be stopped at once has to be told behind that it begins.
Trial::Result<> Trial::tell_stopped() {
  if (!has_stopped_) return {};
  return send_all(Stop{});
}

Trial::Result<Usage> Trial::usage() {
  if (meter_ == nullptr) return Usage();
  auto used = meter_->read();
  // It may be what is killed.
  if (!used && plan_.scenario == Scenario::fault) return Usage();
  if (!used) return tl::unexpected(TrialFailure{used.error()});
  return Usage(*used);
}

Trial::Result<> Trial::connect() {
  progress_.phase = Progress::Phase::joining;
  std::fill(joined_.begin(), joined_.end(), std::size_t{0});
  result_.rounds.emplace_back();
  in_ = 0;
  auto before = usage();
  if (!before) return tl::unexpected(before.error());
  result_.rounds.back().before = *before;
  if (auto sent = send_all(Connect{}); !sent) return sent;
  if (auto told = tell_stopped(); !told) return told;
  if (auto joined = await(in_); !joined) return joined;
  auto after = usage();
  if (!after) return tl::unexpected(after.error());
  result_.rounds.back().after = *after;
  return {};
}

Trial::Result<> Trial::run_window() {
  const std::uint64_t start = monotonic_ns() + kStartDelay;
  for (std::size_t i = 0; i < crew_.size(); ++i) {
    const bool is_local = crew_.workers()[i].is_local;
    const Begin begin = is_local ? Begin{0, start} : Begin{kStartDelay, 0};
    if (auto sent = send(i, begin); !sent) return sent;
  }
  if (auto told = tell_stopped(); !told) return told;
  progress_.phase = Progress::Phase::warming_up;
  const std::uint64_t begin = start + plan_.warm_up;
  if (auto measured = measure(begin, begin + plan_.duration); !measured) return measured;
  return await(done_sending_);
}

/// Reads what the server uses at the window's begin, each second, and at its end. What two
/// processes have used, because one was killed, is not one number: then there is no begin.
Trial::Result<> Trial::measure(std::uint64_t begin, std::uint64_t end) {
  if (auto waited = listen(begin); !waited) return waited;
  progress_.phase = Progress::Phase::measuring;
  auto used = usage();
  if (!used) return tl::unexpected(used.error());
  result_.begin = result_.end = *used;
  std::uint64_t last = monotonic_ns();
  bool is_one = true;
  for (std::uint64_t next = begin; next < end && !has_stopped_ && done_sending_ == 0;) {
    next = std::min(next + kNanosPerSecond, end);
    while (monotonic_ns() < next && !has_stopped_) {
      progress_.elapsed_s = seconds_of(monotonic_ns() - begin);
      if (auto waited = listen(std::min(next, monotonic_ns() + kPollEvery)); !waited) return waited;
    }
    used = usage();
    if (!used) return tl::unexpected(used.error());
    const std::uint64_t now = monotonic_ns();
    const bool goes_on = *used && result_.end && (*used)->cpu_s >= result_.end->cpu_s;
    server_shares_.push_back(
        goes_on ? ((*used)->cpu_s - result_.end->cpu_s) / seconds_of(now - last) : -1);
    is_one = is_one && goes_on;
    last = now;
    result_.end = *used;
  }
  if (!is_one) result_.begin.reset();
  return {};
}

void Trial::show() {
  const std::uint64_t now = monotonic_ns();
  if (!watch_ || now - shown_at_ < kShowEvery) return;
  shown_at_ = now;
  progress_.joined = sum_of(joined_);
  progress_.failed = sum_of(failed_);
  progress_.gaps = sum_of(gaps_);
  progress_.away = sum_of(away_);
  progress_.p99_ms = ms(result_.latency, 0.99);
  watch_(progress_);
}

}  // namespace chat::bench
