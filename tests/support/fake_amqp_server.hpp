#pragma once

// What FakeAmqp is made of. Included by its own files only.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/rabbitmq/amqp_failure.hpp"
#include "support/fake_amqp.hpp"

namespace chat::tests::amqp_server {

using rabbitmq::AmqpChannel;
using rabbitmq::AmqpResult;
using rabbitmq::Arguments;
using rabbitmq::ConsumeSpec;
using rabbitmq::Delivery;
using rabbitmq::Endpoint;
using rabbitmq::ExchangeSpec;
using rabbitmq::Failure;
using rabbitmq::Outgoing;
using rabbitmq::QueueSpec;
using Declared = AmqpChannel::Declared;
using Listener = AmqpChannel::Listener;
using base::Duration;
using base::TimePoint;
using std::chrono::seconds;

/// RabbitMQ counts a stream's messages that often.
constexpr auto kCountEvery = seconds(5);

struct Link;
struct Queue;
struct Vhost;

struct Consumer {
  Link* link = nullptr;  // null: cancelled
  ConsumeSpec spec;
  std::shared_ptr<Queue> queue;
  std::int64_t next = 0;  // offset in a stream
  std::size_t unacked = 0;
};
using ConsumerPtr = std::shared_ptr<Consumer>;

struct Entry {
  std::int64_t offset = 0;
  bool begins_chunk = true;
  std::string body;
};
/// Has arrived for a stream and is to be stored.
struct Pending {
  TimePoint due;
  std::string body;
  std::weak_ptr<Link> link;
  std::uint64_t number = 0;  // 0: nobody waits for its confirm
  std::uint64_t channel = 0;
};
struct Ready {
  std::string body;
  bool persistent = false;
  TimePoint expires = TimePoint::max();
};

struct Queue {
  QueueSpec spec;
  std::weak_ptr<Vhost> vhost;
  Link* owner = nullptr;  // of an exclusive one
  bool is_stream = false;
  bool led = true;
  std::deque<Entry> log;
  std::int64_t next_offset = 0;
  std::uint64_t counted = 0;     // messages, as the server has last counted
  std::int64_t changed_in = -1;  // the time between two counts in which it last changed
  std::deque<Pending> pending;
  TimePoint last_due{};
  std::deque<Ready> ready;
  std::vector<ConsumerPtr> consumers;
  std::size_t turn = 0;     // whose turn it is among the consumers
  std::uint64_t touch = 0;  // counts uses, for x-expires
};
using QueuePtr = std::shared_ptr<Queue>;

using Bindings = std::set<std::pair<std::string, std::string>>;  // key, queue
struct Exchange {
  ExchangeSpec spec;
  Bindings bindings;
};
struct Vhost {
  std::string name;
  std::map<std::string, QueuePtr> queues;
  std::map<std::string, Exchange> exchanges;
};

struct Command {
  TimePoint due;
  std::optional<Outgoing> message;  // of a publish
  std::function<void()> run;        // of everything else
};
/// What the client is told: deliveries are gathered, the others are called.
using Event = std::variant<Delivery, std::function<void(Listener&)>>;

struct Unacked {
  ConsumerPtr consumer;
  std::optional<Ready> message;  // of a classic queue
};
struct Confirm {
  std::size_t waits_for = 0;  // queues
  bool stored = true;
};

struct Link {
  enum class State { connecting, open, ended };
  FakeAmqp::ConnectionId id = 0;
  Endpoint endpoint;
  base::Executor* executor = nullptr;
  Listener* listener = nullptr;  // null: the client has gone, or has heard on_lost
  State state = State::connecting;
  bool stalled = false;
  std::uint64_t stalls = 0;
  bool throttled = false;
  bool has_published = false;
  std::shared_ptr<Vhost> vhost;
  std::vector<std::pair<std::uint64_t, Command>> before_open;  // number of the call or 0
  std::deque<Command> inbox;
  TimePoint last_due{};
  std::deque<Event> outbox;
  bool flushing = false;
  std::vector<ConsumerPtr> consumers;
  std::uint64_t channel = 1;  // counts how often it was opened
  std::uint64_t published = 0;
  std::map<std::uint64_t, Confirm> confirms;
  bool confirming = false;
  std::uint64_t last_tag = 0;
  std::uint64_t tags_before = 0;  // deliveries of former channels
  std::map<std::uint64_t, Unacked> unacked;
  std::uint64_t acks = 0;
  std::uint64_t last_call = 0;
  std::set<std::uint64_t> calls;  // not answered
};
using LinkPtr = std::shared_ptr<Link>;
using Call = std::function<AmqpResult<Declared>(Link&)>;

using Argument = Arguments::value_type::second_type;

inline const Argument* argument(const Arguments& all, const std::string& name) {
  for (const auto& [key, value] : all) {
    if (key == name) return &value;
  }
  return nullptr;
}
inline std::optional<std::int64_t> number_of(const Arguments& all, const std::string& name) {
  const auto* value = argument(all, name);
  if (value == nullptr || !std::holds_alternative<std::int64_t>(*value)) return std::nullopt;
  return std::get<std::int64_t>(*value);
}
inline std::string text_of(const Arguments& all, const std::string& name) {
  const auto* value = argument(all, name);
  if (value == nullptr || !std::holds_alternative<std::string>(*value)) return {};
  return std::get<std::string>(*value);
}

inline tl::unexpected<Failure> refuse(std::uint16_t code, const std::string& text) {
  return tl::unexpected<Failure>(rabbitmq::failure_of_close(rabbitmq::Refused::call, code, text));
}
inline Failure closed(const std::string& text) {
  return rabbitmq::failure_of(Failure::Kind::closed, text);
}

class Server final : public rabbitmq::AmqpConnector, public std::enable_shared_from_this<Server> {
 public:
  Server(base::Executor& executor, std::uint64_t seed) : executor_(executor), random_(seed) {
    create_vhost("/");
    users["guest"] = "guest";
  }

  std::unique_ptr<AmqpChannel> connect(const Endpoint& endpoint, base::Executor& executor,
                                       Listener& listener) override;

  // -- vhosts and what is in them
  void create_vhost(const std::string& name);
  void delete_vhost(const std::string& name);
  QueuePtr find(const std::string& vhost, const std::string& queue) const;
  void delete_queue(const QueuePtr& queue);
  void delete_exchange(const std::string& vhost, const std::string& exchange);
  Bindings bindings(const std::string& vhost, const std::string& exchange) const;
  void trim(Queue& queue, std::int64_t first_offset);
  void lead(const QueuePtr& queue, bool led);

  // -- connections
  void cut(const LinkPtr& link) { lose(link, closed("connection reset"), Rest::some); }
  void stall(const LinkPtr& link, bool stalled);
  void stall_all(bool stalled);
  void close(const LinkPtr& link, std::uint16_t code, const std::string& text);
  void kill();
  void start();
  void block(bool blocked);
  void client_gone(const LinkPtr& link);
  std::vector<LinkPtr> links(const std::string& name) const;

  // -- what a channel asks for
  void call(const LinkPtr& link, Call run, AmqpChannel::DeclareDone done);
  void tell(const LinkPtr& link, std::function<void()> run);
  void publish(const LinkPtr& link, Outgoing message);
  AmqpResult<Declared> declare_queue(Link& link, const QueueSpec& spec);
  AmqpResult<Declared> declare_exchange(Link& link, const ExchangeSpec& spec);
  AmqpResult<Declared> bind(Link& link, const std::string& queue, const std::string& exchange,
                            const std::string& key);
  AmqpResult<Declared> unbind(Link& link, const std::string& queue, const std::string& exchange,
                              const std::string& key);
  AmqpResult<Declared> remove(Link& link, const std::string& queue);
  AmqpResult<Declared> consume(Link& link, const ConsumeSpec& spec);
  AmqpResult<Declared> cancel(Link& link, const std::string& tag);
  void ack(const LinkPtr& link, std::uint64_t tag, bool multiple);

  FakeAmqp::Plan plan;
  std::map<std::string, std::string> users;
  std::map<FakeAmqp::ConnectionId, LinkPtr> all_links;
  std::map<std::string, std::shared_ptr<Vhost>> vhosts;
  std::uint64_t opened = 0;
  std::size_t late = 0;
  bool running = true;
  bool refuses_credentials = false;
  bool forbids_configure = false;

 private:
  /// What a connection's client still hears before it hears of the loss.
  enum class Rest { all, some, none };
  enum class UnderWay { arrives, lost };

  template <class Task>
  void later(Duration delay, Task task) {
    executor_.after(delay, [weak = weak_from_this(), task = std::move(task)] {
      if (const auto alive = weak.lock()) task();
    });
  }
  std::uint64_t draw(std::uint64_t below) { return below == 0 ? 0 : random_() % below; }
  bool chance(unsigned per_mille) { return per_mille > 0 && draw(1000) < per_mille; }
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<Duration::rep>(
                       draw(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  Duration latency() { return between(plan.least_latency, plan.most_latency); }

  // -- the life of a connection
  void accept(const LinkPtr& link);
  std::optional<Failure> refusal(const Link& link) const;
  void open(const LinkPtr& link);
  void lose(const LinkPtr& link, std::optional<Failure> failure, Rest rest,
            UnderWay under_way = UnderWay::arrives);
  void settle_under_way(Link& link, UnderWay under_way);
  void land(const std::shared_ptr<Vhost>& vhost, const std::vector<Outgoing>& messages);
  void land_late(const QueuePtr& queue, std::vector<std::string> bodies);
  void drop_objects(Link& link);
  void close_channel(Link& link);

  // -- both ways
  void submit(const LinkPtr& link, std::uint64_t call, Command command);
  void await_answer(const LinkPtr& link, std::uint64_t call);
  void arrive(const LinkPtr& link);
  void send(Link& link, Event event);
  void flush_later(const LinkPtr& link);
  void flush(const LinkPtr& link);
  LinkPtr shared(const Link& link) const {
    const auto found = all_links.find(link.id);
    return found == all_links.end() ? nullptr : found->second;
  }

  // -- publishes
  void on_publish(const LinkPtr& link, const Outgoing& message);
  std::optional<std::vector<QueuePtr>> route(const Vhost& vhost, const Outgoing& message) const;
  void throttle(Link& link);
  void settle(Link& link, std::uint64_t channel, std::uint64_t number, bool stored);
  void send_confirms(Link& link);
  void send_confirm(Link& link, std::uint64_t number, bool multiple, bool stored);

  // -- queues
  void touch(const QueuePtr& queue);
  static void drop_bindings(Vhost& vhost, const std::string& queue);
  std::int64_t count_period() const { return executor_.now().time_since_epoch() / kCountEvery; }
  void before_change(Queue& stream) const;
  AmqpResult<Declared> problem_of(const QueueSpec& spec) const;
  AmqpResult<Declared> usable(const Link& link, const Queue& queue) const;
  void stop_consumer(const ConsumerPtr& consumer);
  void requeue(Unacked& unacked);
  void enter(const QueuePtr& queue, Pending pending);
  void store_due(const QueuePtr& queue);
  void store(const QueuePtr& queue, std::string body);
  bool enqueue(const QueuePtr& queue, Ready message);
  void expire_later(const QueuePtr& queue, Ready& message);
  void pump(Queue& queue);
  void pump_stream(const ConsumerPtr& consumer);
  void pump_classic(Queue& queue);
  ConsumerPtr next_with_credit(Queue& queue);
  void deliver(const ConsumerPtr& consumer, std::int64_t offset, std::string body,
               std::optional<Ready> message);

  base::Executor& executor_;
  std::mt19937_64 random_;
  FakeAmqp::ConnectionId last_link_ = 0;
  std::uint64_t lives_ = 0;  // counts kills
  bool silent_ = false;
  bool blocked_ = false;
};

}  // namespace chat::tests::amqp_server
