#include "chat/client/client_core.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/wire/codes.hpp"

namespace chat::client {
namespace {

using std::chrono::milliseconds;

constexpr auto kBackoffBase = milliseconds(500);
constexpr auto kBackoffCap = std::chrono::seconds(30);
constexpr auto kPauseBase = milliseconds(250);
/// Close codes 4100–4199 ask for a pause before coming back.
constexpr auto kPenalty = std::chrono::seconds(1);
/// A connection that held this long was a good one: the next loss starts from the shortest wait.
constexpr auto kStable = std::chrono::seconds(10);
constexpr auto kSilence = std::chrono::seconds(15);
/// A server pings more often than that; when it did not, the connection is asked.
constexpr auto kQuiet = std::chrono::seconds(45);
/// What a server says it will take is believed up to here.
constexpr std::uint64_t kLongestWaitMs = 60U * 60 * 1000;
/// Of the rate, once a frame came too early.
constexpr double kEvenPace = 0.9;
constexpr std::size_t kMostTold = 300;
constexpr std::size_t kPagesAsked = 3;  // the server takes four, one is the backlog's
constexpr int kCannotConnect = 3;
constexpr int kRefused = 6;
constexpr int kTimedOut = 27;

enum class Advice : std::uint8_t { stay_away, pause, come_back };

Advice advice_of(const Loss& loss) noexcept {
  const bool may_pass_later = loss.http_status == 408 || loss.http_status == 429;
  const bool is_refused = loss.http_status >= 400 && loss.http_status < 500 && !may_pass_later;
  if (!loss.may_pass || is_refused) return Advice::stay_away;
  if (loss.close >= 4000 && loss.close <= 4099) return Advice::stay_away;
  if (loss.close >= 4100 && loss.close <= 4199) return Advice::pause;
  return Advice::come_back;
}

int exit_of(const Loss& loss) noexcept {
  if (loss.timed_out) return kTimedOut;
  for (std::size_t i = 0; loss.close >= 1000 && i < wire::code_count(); ++i) {
    const auto& row = wire::info(static_cast<wire::Code>(i));
    if (row.close == loss.close) return row.exit;
  }
  switch (loss.http_status) {
    case 401:
    case 403: return 4;
    case 404: return 5;
    case 408:
    case 429: return kCannotConnect;
    default: return loss.http_status >= 400 && loss.http_status < 500 ? kRefused : kCannotConnect;
  }
}

bool is_passing(const std::string& name) noexcept {
  const auto code = wire::code_from_name(name);
  return code && wire::is_passing(*code);
}

wire::ErrorFrame error_frame(wire::Code code, std::uint64_t n, std::uint64_t limit) {
  wire::ErrorFrame error;
  error.code = wire::info(code).name;
  error.text = wire::info(code).text;
  error.n = n;
  error.limit = limit;
  return error;
}

base::Duration wait_of(std::uint64_t told_ms) noexcept {
  return milliseconds(std::min(told_ms, kLongestWaitMs));
}

base::Duration grown(base::Duration least, base::Duration most, unsigned times) noexcept {
  base::Duration wait = least;
  for (unsigned i = 0; i < times && wait < most; ++i) wait *= 2;
  return std::min(wait, most);
}

base::Duration up_to(base::Duration most, std::uint64_t random) noexcept {
  return base::Duration(
      static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(most.count()) + 1)));
}

}  // namespace

ClientCore::ClientCore(Options options) : options_(std::move(options)), backlog_(options_.from) {
  name_ = options_.name;
}

// ---- the connection

void ClientCore::start(base::TimePoint now, Actions& actions) { connect(now, actions); }

void ClientCore::connect(base::TimePoint now, Actions& actions) {
  state_ = State::connecting;
  heard_at_ = now;
  told_.clear();
  not_before_.reset();
  actions.push_back(Connect{server_});
}

void ClientCore::on_open(base::TimePoint now, Actions& actions) {
  if (state_ != State::connecting) return;
  state_ = State::greeting;
  heard_at_ = now;
  while (!renames_.empty() && !is_open_up_to(renames_.front().behind)) {
    options_.name = std::move(renames_.front().name);
    renames_.pop_front();
  }
  wire::Hello hello;
  hello.client = options_.secret;
  hello.name = options_.name;
  hello.token = options_.token;
  hello.ordered = true;
  hello.since = backlog_.cursor();
  transmit(wire::encode_hello(hello), now, actions);
}

void ClientCore::on_lost(const Loss& loss, base::TimePoint now, Actions& actions) {
  if (state_ == State::idle || state_ == State::waiting || state_ == State::ended) return;
  for (auto& message : outgoing_) message.is_sent = false;
  next_ = 0;
  in_flight_ = 0;
  go_back_ = false;
  goes_on_ = false;
  paused_until_ = {};
  pages_asked_ = 0;
  if (asked_name_) options_.name = std::move(*asked_name_);
  asked_name_.reset();
  is_probing_ = false;
  backlog_.on_request_lost();

  std::string why = loss.close != 0 && !told_.empty() ? told_ : loss.why;
  const bool stays_away = advice_of(loss) == Advice::stay_away;
  hopeless_ = stays_away ? hopeless_ + 1 : 0;
  // A close code is an answer for this client; a certificate or a path may be better elsewhere.
  if (stays_away && (loss.close != 0 || hopeless_ >= options_.servers)) {
    return end(std::move(why), loss, actions);
  }
  const bool gives_up = !was_joined_ && !options_.persistent;
  if (gives_up && ++fruitless_ >= options_.servers) {
    return end(std::move(why), loss, actions);
  }
  const auto wait = gives_up ? base::Duration::zero() : wait_after(loss, now);
  server_ = (server_ + 1) % options_.servers;
  state_ = State::waiting;
  retry_at_ = now + wait;
  actions.push_back(Lost{std::move(why), retry_at_, loss.close});
}

base::Duration ClientCore::wait_after(const Loss& loss, base::TimePoint now) {
  const bool was_good = joined_at_ != base::TimePoint{} && now - joined_at_ >= kStable;
  joined_at_ = {};
  attempts_ = was_good ? 1 : attempts_ + 1;
  base::Duration told = loss.retry_after;
  if (not_before_) told = std::max(told, *not_before_ - now);
  // Another server need not be waited for.
  if (options_.servers > 1) told = {};
  // The first time after a promise to be back its word is enough: it has spread its clients.
  if (not_before_ && attempts_ == 1 && options_.servers == 1) {
    return std::max(told, base::Duration::zero());
  }
  const auto round = (attempts_ - 1) / static_cast<unsigned>(options_.servers);
  const auto jitter = up_to(grown(kBackoffBase, kBackoffCap, round), options_.random());
  const auto penalty =
      advice_of(loss) == Advice::pause ? base::Duration(kPenalty) : base::Duration();
  return told + jitter + penalty;
}

void ClientCore::retry_now(base::TimePoint now, Actions& actions) {
  if (state_ == State::waiting) connect(now, actions);
}

void ClientCore::leave(Actions& actions) {
  if (state_ == State::ended) return;
  const bool is_connected = state_ != State::idle && state_ != State::waiting;
  state_ = State::ended;
  if (is_connected) actions.push_back(Disconnect{});
}

void ClientCore::end(std::string why, const Loss& loss, Actions& actions) {
  state_ = State::ended;
  actions.push_back(Ended{std::move(why), exit_of(loss), loss.close});
}

// ---- time

bool ClientCore::awaits_answer() const noexcept {
  return in_flight_ > 0 || pages_asked_ > 0 || asked_name_;
}

/// A server that does not answer may wait itself (for RabbitMQ, say): it is asked whether it lives.
base::Duration ClientCore::patience() const noexcept {
  const bool is_idle = state_ == State::joined && !is_probing_ && !awaits_answer();
  return is_idle ? kQuiet : kSilence;
}

base::TimePoint ClientCore::deadline() const noexcept {
  switch (state_) {
    case State::idle:
    case State::ended: return base::TimePoint::max();
    case State::waiting: return retry_at_;
    case State::joined: return std::min(heard_at_ + patience(), wake_);
    default: return heard_at_ + patience();
  }
}

void ClientCore::on_time(base::TimePoint now, Actions& actions) {
  if (state_ == State::idle || state_ == State::ended) return;
  if (state_ == State::waiting) {
    if (now >= retry_at_) connect(now, actions);
    return;
  }
  if (now - heard_at_ >= patience()) {
    if (state_ != State::joined || is_probing_) return abandon(now, actions);
    heard_at_ = now;  // the silence begins here
    is_probing_ = true;
    actions.push_back(Probe{});
  }
  pump(now, actions);
}

void ClientCore::abandon(base::TimePoint now, Actions& actions) {
  actions.push_back(Abandon{});
  Loss loss;
  loss.why = "the server does not answer";
  loss.timed_out = true;
  on_lost(loss, now, actions);
}

void ClientCore::on_alive(base::TimePoint now) noexcept {
  heard_at_ = now;
  is_probing_ = false;
}

// ---- what is heard

void ClientCore::on_text(std::string_view text, base::TimePoint now, Actions& actions) {
  if (state_ != State::greeting && state_ != State::joined) return;
  on_alive(now);
  told_.clear();
  auto frame = wire::decode_server(text);
  if (!frame) return;  // of a newer server
  std::visit([&](auto& known) { on_frame(known, now, actions); }, *frame);
}

void ClientCore::on_frame(wire::Welcome& welcome, base::TimePoint now, Actions& actions) {
  if (state_ != State::greeting) return;
  state_ = State::joined;
  was_joined_ = true;
  hopeless_ = 0;
  joined_at_ = now;
  limits_ = welcome.limits;
  name_ = welcome.name;
  const double rate = limits_.frames_per_second;
  pace_ = base::TokenBucket(rate, rate, now);
  backlog_.on_welcome(welcome);
  const auto missing = welcome.missing;
  actions.push_back(Joined{std::move(welcome)});
  if (missing) actions.push_back(Gap{*missing});
  tell_caught_up(actions);
  pump(now, actions);
}

void ClientCore::on_frame(wire::MessagePtr& message, base::TimePoint, Actions& actions) {
  if (!backlog_.on_message(*message)) return;
  actions.push_back(Received{std::move(message)});
  tell_caught_up(actions);
}

void ClientCore::tell_caught_up(Actions& actions) {
  if (has_told_caught_up_ || !backlog_.caught_up()) return;
  has_told_caught_up_ = true;
  actions.push_back(CaughtUp{});
}

void ClientCore::on_frame(wire::HistoryPage& page, base::TimePoint now, Actions& actions) {
  if (!backlog_.awaits(page)) {
    if (pages_asked_ > 0) --pages_asked_;
    actions.push_back(Told{std::move(page)});
    return;
  }
  for (auto& message : backlog_.on_page(page)) actions.push_back(Received{std::move(message)});
  tell_caught_up(actions);
  pump(now, actions);
}

void ClientCore::on_frame(wire::Renamed& renamed, base::TimePoint now, Actions& actions) {
  name_ = renamed.name;
  if (std::exchange(asked_name_, std::nullopt)) options_.name = renamed.name;
  actions.push_back(Told{std::move(renamed)});
  pump(now, actions);
}

void ClientCore::on_frame(wire::Closing& closing, base::TimePoint now, Actions& actions) {
  not_before_ = now + wait_of(closing.reconnect_after_ms);
  actions.push_back(Told{closing});
}

template <class Frame>
void ClientCore::on_frame(Frame& frame, base::TimePoint, Actions& actions) {
  actions.push_back(Told{std::move(frame)});
}

// ---- what is sent

std::uint64_t ClientCore::send(std::string body, base::TimePoint now, Actions& actions) {
  outgoing_.push_back({++last_n_, std::move(body), false, false});
  pump(now, actions);
  return last_n_;
}

void ClientCore::transmit(std::string frame, base::TimePoint now, Actions& actions) {
  const bool begins_to_wait = state_ == State::joined && !awaits_answer() && !is_probing_;
  if (begins_to_wait) heard_at_ = now;
  actions.push_back(Transmit{std::move(frame)});
}

void ClientCore::pump(base::TimePoint now, Actions& actions) {
  if (state_ != State::joined) return;
  wake_ = now < paused_until_ ? paused_until_ : base::TimePoint::max();
  if (now < paused_until_) return;
  if (auto request = backlog_.next_request(limits_.history_page)) {
    transmit(wire::encode_history_request(*request), now, actions);
  }
  ask_name(now, actions);
  while (!asked_name_ && (!go_back_ || in_flight_ == 0)) {
    if (std::exchange(go_back_, false)) {
      next_ = 0;
      goes_on_ = true;
    }
    while (next_ < outgoing_.size() && outgoing_[next_].is_sent) ++next_;
    if (next_ == outgoing_.size()) return;
    Outgoing& message = outgoing_[next_];
    if (!renames_.empty() && message.n > renames_.front().behind) return;
    if (message.n - outgoing_.front().n >= limits_.inflight) return;
    if (message.body.size() > limits_.message_bytes) {
      auto error = error_frame(wire::Code::too_large, message.n, limits_.message_bytes);
      actions.push_back(Failed{message.n, std::move(error), message.was_sent});
      outgoing_.erase(outgoing_.begin() + static_cast<std::ptrdiff_t>(next_));
      continue;
    }
    if (!pace_.take(now)) {
      wake_ = now + pace_.wait(now);
      return;
    }
    const bool is_first = std::exchange(goes_on_, false);
    transmit(wire::encode_send(message.n, message.body, is_first), now, actions);
    message.is_sent = message.was_sent = true;
    ++in_flight_;
    ++next_;
  }
}

bool ClientCore::was_sent(std::uint64_t n) const noexcept {
  const Outgoing* message = find(n);
  return message != nullptr && message->was_sent;
}

bool ClientCore::is_on_its_way(std::uint64_t n) const noexcept {
  const Outgoing* message = find(n);
  return message != nullptr && message->is_sent;
}

const ClientCore::Outgoing* ClientCore::find(std::uint64_t n) const noexcept {
  const auto found = std::lower_bound(
      outgoing_.begin(), outgoing_.end(), n,
      [](const Outgoing& message, std::uint64_t wanted) { return message.n < wanted; });
  return found != outgoing_.end() && found->n == n ? &*found : nullptr;
}

void ClientCore::on_frame(wire::Ack& ack, base::TimePoint now, Actions& actions) {
  const Outgoing* message = find(ack.n);
  if (message == nullptr || !message->was_sent) return;
  forget(*message);
  pauses_ = 0;
  actions.push_back(Acked{ack.n, ack.seq});
  pump(now, actions);
}

void ClientCore::on_frame(wire::Ready&, base::TimePoint now, Actions& actions) {
  paused_until_ = {};
  pump(now, actions);
}

void ClientCore::on_frame(wire::ErrorFrame& error, base::TimePoint now, Actions& actions) {
  if (error.n) return on_refused(*error.n, error, now, actions);
  told_ = base::escape_for_log(error.text, kMostTold);
  if (error.retry_after_ms) not_before_ = now + wait_of(*error.retry_after_ms);
  if (is_passing(error.code)) {
    // Which request it answers is not said: all count as unanswered.
    if (asked_name_) renames_.push_front({std::move(*asked_name_), 0});
    backlog_.on_request_lost();
    pages_asked_ = 0;
    pause(error, now);
  }
  asked_name_.reset();
  actions.push_back(Told{std::move(error)});
  pump(now, actions);
}

void ClientCore::on_refused(std::uint64_t n, const wire::ErrorFrame& error, base::TimePoint now,
                            Actions& actions) {
  Outgoing* message = find(n);
  if (message == nullptr || !message->is_sent) return;
  if (is_passing(error.code)) {
    message->is_sent = false;
    --in_flight_;
    go_back_ = true;  // the server takes none behind it until it is told that we know
    pause(error, now);
  } else {
    const bool may_be_there = error.code == wire::info(wire::Code::stale_n).name;
    forget(*message);
    actions.push_back(Failed{n, error, may_be_there});
  }
  pump(now, actions);
}

void ClientCore::pause(const wire::ErrorFrame& error, base::TimePoint now) {
  // How many it takes in one go is not told; at an even pace below its rate it takes each.
  if (error.code == wire::info(wire::Code::rate_limited).name) {
    pace_ = base::TokenBucket(limits_.frames_per_second * kEvenPace, 1, now);
  }
  base::Duration wait = error.retry_after_ms ? wait_of(*error.retry_after_ms)
                                             : grown(kPauseBase, kBackoffCap, pauses_++);
  wait += up_to(wait / 2, options_.random());
  paused_until_ = std::max(paused_until_, now + wait);
}

void ClientCore::forget(const Outgoing& message) {
  const auto index = static_cast<std::size_t>(
      std::lower_bound(outgoing_.begin(), outgoing_.end(), message.n,
                       [](const Outgoing& one, std::uint64_t n) { return one.n < n; }) -
      outgoing_.begin());
  if (message.is_sent) --in_flight_;
  if (index < next_) --next_;
  outgoing_.erase(outgoing_.begin() + static_cast<std::ptrdiff_t>(index));
}

/// Whether a message up to the `n`-th is not acknowledged yet.
bool ClientCore::is_open_up_to(std::uint64_t n) const noexcept {
  return !outgoing_.empty() && outgoing_.front().n <= n;
}

void ClientCore::rename(std::string name, base::TimePoint now, Actions& actions) {
  const bool replaces = !renames_.empty() && renames_.back().behind == last_n_;
  if (replaces) renames_.pop_back();
  renames_.push_back({std::move(name), last_n_});
  pump(now, actions);
}

/// What was sent before goes under the former name, which is the connection's when it is taken.
void ClientCore::ask_name(base::TimePoint now, Actions& actions) {
  if (asked_name_ || renames_.empty() || is_open_up_to(renames_.front().behind)) return;
  asked_name_ = std::move(renames_.front().name);
  renames_.pop_front();
  transmit(wire::encode_rename(*asked_name_), now, actions);
}

void ClientCore::typing(Actions& actions) {
  if (state_ == State::joined) actions.push_back(Transmit{wire::encode_typing()});
}

bool ClientCore::ask_history(const wire::HistoryRequest& request, base::TimePoint now,
                             Actions& actions) {
  if (state_ != State::joined || pages_asked_ >= kPagesAsked) return false;
  transmit(wire::encode_history_request(request), now, actions);
  ++pages_asked_;
  return true;
}

}  // namespace chat::client
