#include "chat/rabbitmq/line.hpp"

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

Line::~Line() { executor_.cancel(timer_); }

void Line::start() { connect(); }

void Line::connect() {
  timer_ = 0;
  const auto& endpoint = options_.endpoints[next_endpoint_++ % options_.endpoints.size()];
  channel_ = connector_.connect(endpoint, executor_, *this);
}

void Line::restart(const Failure& why) {
  if (channel_) on_lost(why);
}

void Line::on_open() {
  open_ = true;
  failed_in_row_ = 0;
  if (!told_.empty()) {
    base::Log::info("RabbitMQ: connected again", {{"for", options_.purpose}});
    told_.clear();
  }
  user_.on_open();
}

void Line::on_lost(const Failure& failure) {
  const bool was_open = std::exchange(open_, false);
  if (was_open) ++losses_;
  log_trouble(failure);
  connect_later(failure);
  if (was_open) user_.on_lost(failure);
}

void Line::connect_later(const Failure& failure) {
  base::Duration wait = backoff_.next(random());
  if (failed_in_row_++ == 0) {
    backoff_.reset();
    wait = backoff_.next(random());
  }
  if (needs_somebody(failure.kind)) {
    wait = std::max<base::Duration>(wait, failed_in_row_ > kPatientAfter
                                              ? base::Duration(kPatience)
                                              : base::Duration(kImpatience));
  }
  executor_.cancel(timer_);
  timer_ = executor_.after(wait, [this] { connect(); });
  // It may be this channel that is calling: it goes when the call is over.
  executor_.post([channel = std::shared_ptr<AmqpChannel>(std::move(channel_))] {});
}

/// Once for each kind of trouble, not for each try.
void Line::log_trouble(const Failure& failure) {
  const auto& endpoint = options_.endpoints[(next_endpoint_ - 1) % options_.endpoints.size()];
  const auto text = describe(failure);
  if (std::exchange(told_, text) == text) return;
  base::Log::warn("RabbitMQ: " + text,
                  {{"for", options_.purpose},
                   {"host", endpoint.host + ":" + std::to_string(endpoint.port)},
                   {"vhost", endpoint.vhost},
                   {"user", endpoint.user}});
}

std::uint64_t Line::random() {
  // splitmix64 (S. Vigna, public domain): jitter only, never a secret.
  random_state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = random_state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

void Line::on_deliveries(std::vector<Delivery>& deliveries) { user_.on_deliveries(deliveries); }

void Line::on_confirmed(std::uint64_t number, bool multiple, bool stored) {
  user_.on_confirmed(number, multiple, stored);
}

void Line::on_returned(const std::string& exchange, const std::string& key) {
  user_.on_returned(exchange, key);
}

void Line::on_cancelled(const std::string& consumer) { user_.on_cancelled(consumer); }

void Line::on_blocked(bool blocked, const std::string& reason) {
  if (blocked) {
    base::Log::warn("RabbitMQ takes no messages for now",
                    {{"reason", reason}, {"for", options_.purpose}});
  } else {
    base::Log::info("RabbitMQ takes messages again", {{"for", options_.purpose}});
  }
  user_.on_blocked(blocked, reason);
}

}  // namespace chat::rabbitmq
