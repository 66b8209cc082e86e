#include "chat/rabbitmq/line.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/base/text.hpp"

namespace chat::rabbitmq {
namespace {

constexpr auto kFirstWait = std::chrono::milliseconds(100);
constexpr auto kLongestWait = std::chrono::seconds(5);
/// Before the next try when somebody has to do something first.
constexpr auto kPatience = std::chrono::seconds(15);
constexpr auto kImpatience = std::chrono::seconds(1);
constexpr std::size_t kPatientAfter = 5;
/// A connection that lasted so long was a good one.
constexpr auto kGoodAfter = std::chrono::seconds(1);

bool needs_somebody(Failure::Kind kind) {
  return kind == Failure::Kind::credentials || kind == Failure::Kind::vhost ||
         kind == Failure::Kind::forbidden || kind == Failure::Kind::differs;
}

const char* name_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::refused: return "cannot connect";
    case Failure::Kind::timed_out: return "no answer in time";
    case Failure::Kind::credentials: return "wrong user or password";
    case Failure::Kind::vhost: return "no such vhost, or no access to it";
    case Failure::Kind::forbidden: return "the user may not do this";
    case Failure::Kind::not_found: return "not found";
    case Failure::Kind::unreachable: return "unreachable for the moment";
    case Failure::Kind::differs: return "there with other settings";
    case Failure::Kind::closed: return "the connection ended";
    case Failure::Kind::other: break;
  }
  return "failed";
}

}  // namespace

std::string describe(const Failure& failure) {
  std::string text = name_of(failure.kind);
  if (!failure.text.empty()) text += ": " + failure.text;
  return text;
}

Line::Line(base::Executor& executor, AmqpConnector& connector, Options options,
           AmqpChannel::Listener& user)
    : executor_(executor),
      connector_(connector),
      options_(std::move(options)),
      user_(user),
      backoff_(kFirstWait, kLongestWait),
      random_state_(options_.random_seed) {}

Line::~Line() {
  executor_.cancel(timer_);
  executor_.cancel(clean_up_);
}

void Line::start() { connect(); }

void Line::connect() {
  timer_ = 0;
  given_up_.reset();
  ++next_endpoint_;
  channel_ = connector_.connect(options_.endpoints[endpoint()], executor_, *this);
}

/// The one that was tried last.
std::size_t Line::endpoint() const noexcept {
  return (next_endpoint_ - 1) % options_.endpoints.size();
}

void Line::restart(const Failure& why) { on_lost(why); }

void Line::on_open() {
  if (!channel_) return;
  open_ = true;
  opened_at_ = executor_.now();
  if (!told_.empty()) timer_ = executor_.after(kGoodAfter, [this] { forget_trouble(); });
  user_.on_open();
}

/// Only now: what the user finds wrong as soon as it is connected is no news at the next try.
void Line::forget_trouble() {
  timer_ = 0;
  base::Log::info("RabbitMQ: connected again", {{"for", options_.purpose}});
  told_.clear();
}

void Line::on_lost(const Failure& failure) {
  if (!channel_) return;
  const bool was_open = std::exchange(open_, false);
  if (was_open) ++losses_;
  if (was_open && executor_.now() - opened_at_ >= kGoodAfter) {
    backoff_.reset();
    failed_in_row_ = 0;
  }
  log_trouble(failure);
  executor_.cancel(timer_);
  give_up_channel();
  connect_later(failure);
  if (was_open) user_.on_lost(failure);
}

void Line::connect_later(const Failure& failure) {
  base::Duration wait = backoff_.next(random());
  ++failed_in_row_;
  if (needs_somebody(failure.kind)) {
    wait = std::max<base::Duration>(wait, failed_in_row_ > kPatientAfter
                                              ? base::Duration(kPatience)
                                              : base::Duration(kImpatience));
  }
  timer_ = executor_.after(wait, [this] { connect(); });
}

void Line::give_up_channel() {
  given_up_ = std::move(channel_);
  executor_.cancel(clean_up_);
  clean_up_ = executor_.after({}, [this] {
    clean_up_ = 0;
    given_up_.reset();
  });
}

void Line::log_trouble(const Failure& failure) {
  if (!told_.emplace(endpoint(), failure.kind).second) return;
  const auto& host = options_.endpoints[endpoint()];
  base::Log::warn("RabbitMQ: " + describe(failure),
                  {{"for", options_.purpose},
                   {"host", host.host + ":" + std::to_string(host.port)},
                   {"vhost", host.vhost},
                   {"user", host.user}});
}

std::uint64_t Line::random() {
  // splitmix64 (S. Vigna, public domain): jitter only, never a secret.
  random_state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = random_state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

void Line::on_deliveries(std::vector<Delivery>& deliveries) {
  if (open_) user_.on_deliveries(deliveries);
}

void Line::on_confirmed(std::uint64_t number, bool multiple, bool stored) {
  if (open_) user_.on_confirmed(number, multiple, stored);
}

void Line::on_returned(const std::string& exchange, const std::string& key) {
  if (open_) user_.on_returned(exchange, key);
}

void Line::on_cancelled(const std::string& consumer) {
  if (open_) user_.on_cancelled(consumer);
}

void Line::on_blocked(bool blocked, const std::string& reason) {
  if (!open_) return;
  if (blocked) {
    base::Log::warn("RabbitMQ takes no messages for now",
                    {{"reason", reason}, {"for", options_.purpose}});
  } else {
    base::Log::info("RabbitMQ takes messages again", {{"for", options_.purpose}});
  }
  user_.on_blocked(blocked, reason);
}

}  // namespace chat::rabbitmq
