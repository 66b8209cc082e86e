#include "support/fake_amqp.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <variant>

#include "chat/rabbitmq/amqp_failure.hpp"

namespace chat::tests {
namespace {

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

constexpr auto kHandshakeTimeout = seconds(3);
constexpr auto kCallTimeout = seconds(5);
constexpr auto kSilenceTimeout = seconds(10);
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

struct Exchange {
  ExchangeSpec spec;
  std::set<std::pair<std::string, std::string>> bindings;  // key, queue
};
struct Vhost {
  std::string name;
  std::map<std::string, QueuePtr> queues;
  std::map<std::string, Exchange> exchanges;
};

std::uint64_t span_of(const Queue& stream) {
  const auto& log = stream.log;
  if (log.empty()) return 0;
  return static_cast<std::uint64_t>(log.back().offset - log.front().offset + 1);
}

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

const Arguments::value_type::second_type* argument(const Arguments& all, const std::string& name) {
  for (const auto& [key, value] : all) {
    if (key == name) return &value;
  }
  return nullptr;
}
std::optional<std::int64_t> number_of(const Arguments& all, const std::string& name) {
  const auto* value = argument(all, name);
  if (value == nullptr || !std::holds_alternative<std::int64_t>(*value)) return std::nullopt;
  return std::get<std::int64_t>(*value);
}
std::string text_of(const Arguments& all, const std::string& name) {
  const auto* value = argument(all, name);
  if (value == nullptr || !std::holds_alternative<std::string>(*value)) return {};
  return std::get<std::string>(*value);
}
Arguments sorted(Arguments all) {
  std::sort(all.begin(), all.end());
  return all;
}

tl::unexpected<Failure> refuse(std::uint16_t code, const std::string& text) {
  return tl::unexpected<Failure>(rabbitmq::failure_of_close(rabbitmq::Refused::call, code, text));
}
tl::unexpected<Failure> no_queue(const std::string& queue, const Vhost& vhost) {
  return refuse(404, "NOT_FOUND - no queue '" + queue + "' in vhost '" + vhost.name + "'");
}
Failure closed(const std::string& text) {
  return rabbitmq::failure_of(Failure::Kind::closed, text);
}
Failure silent(const std::string& text) {
  return rabbitmq::failure_of(Failure::Kind::timed_out, text);
}
/// Codes with which the server ends the connection and not only the channel.
bool ends_connection(std::uint16_t code) { return code == 320 || code >= 500; }

void dispatch(const LinkPtr& link, std::vector<Event>& events) {
  std::vector<Delivery> batch;
  const auto deliver = [&] {
    if (!batch.empty() && link->listener != nullptr) link->listener->on_deliveries(batch);
    batch.clear();
  };
  for (auto& event : events) {
    if (auto* delivery = std::get_if<Delivery>(&event)) {
      batch.push_back(std::move(*delivery));
      continue;
    }
    deliver();
    if (link->listener == nullptr) return;
    std::get<1>(event)(*link->listener);
  }
  deliver();
}

}  // namespace

// ---- the server

class FakeAmqp::Server final : public rabbitmq::AmqpConnector,
                               public std::enable_shared_from_this<Server> {
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

  Plan plan;
  std::map<std::string, std::string> users;
  std::map<ConnectionId, LinkPtr> all_links;
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
  void land(const std::shared_ptr<Vhost>& vhost, std::vector<Outgoing> messages);
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
  void pump(Queue& queue);
  void pump_stream(const ConsumerPtr& consumer);
  void pump_classic(Queue& queue);
  ConsumerPtr next_with_credit(Queue& queue);
  void deliver(const ConsumerPtr& consumer, std::int64_t offset, std::string body,
               std::optional<Ready> message);

  base::Executor& executor_;
  std::mt19937_64 random_;
  ConnectionId last_link_ = 0;
  std::uint64_t lives_ = 0;  // counts kills
  bool silent_ = false;
  bool blocked_ = false;
};

namespace {

/// The client's side of a connection.
template <class Server>
class Channel final : public AmqpChannel {
 public:
  Channel(std::weak_ptr<Server> server, LinkPtr link)
      : server_(std::move(server)), link_(std::move(link)) {}
  ~Channel() override {
    link_->listener = nullptr;
    if (const auto server = server_.lock()) server->client_gone(link_);
  }

  void declare(const QueueSpec& queue, DeclareDone done) override {
    call([queue](Server& server, Link& link) { return server.declare_queue(link, queue); },
         std::move(done));
  }
  void declare(const ExchangeSpec& exchange, Done done) override {
    call([exchange](Server& server, Link& link) { return server.declare_exchange(link, exchange); },
         without_value(std::move(done)));
  }
  void bind(const std::string& queue, const std::string& exchange, const std::string& key,
            Done done) override {
    call([queue, exchange, key](Server& server,
                                Link& link) { return server.bind(link, queue, exchange, key); },
         without_value(std::move(done)));
  }
  void unbind(const std::string& queue, const std::string& exchange, const std::string& key,
              Done done) override {
    call([queue, exchange, key](Server& server,
                                Link& link) { return server.unbind(link, queue, exchange, key); },
         without_value(std::move(done)));
  }
  void remove_queue(const std::string& queue, Done done) override {
    call([queue](Server& server, Link& link) { return server.remove(link, queue); },
         without_value(std::move(done)));
  }
  void consume(const ConsumeSpec& consumer, Done done) override {
    call([consumer](Server& server, Link& link) { return server.consume(link, consumer); },
         without_value(std::move(done)));
  }
  void cancel(const std::string& consumer, Done done) override {
    call([consumer](Server& server, Link& link) { return server.cancel(link, consumer); },
         without_value(std::move(done)));
  }
  void publish(Outgoing message) override {
    if (const auto server = server_.lock()) server->publish(link_, std::move(message));
  }
  void ack(std::uint64_t delivery, bool multiple) override {
    const auto server = server_.lock();
    if (!server) return;
    server->tell(link_,
                 [server = server.get(), link = std::weak_ptr<Link>(link_), delivery, multiple] {
                   if (const auto alive = link.lock()) server->ack(alive, delivery, multiple);
                 });
  }

 private:
  static DeclareDone without_value(Done done) {
    return [done = std::move(done)](AmqpResult<Declared> result) {
      if (!done) return;
      if (result) return done({});
      done(tl::unexpected<Failure>(std::move(result.error())));
    };
  }
  template <class Run>
  void call(Run run, DeclareDone done) {
    const auto server = server_.lock();
    if (!server) return;
    server->call(
        link_,
        [server = server.get(), run = std::move(run)](Link& link) { return run(*server, link); },
        std::move(done));
  }

  std::weak_ptr<Server> server_;
  LinkPtr link_;
};

}  // namespace

// -- the life of a connection

std::unique_ptr<AmqpChannel> FakeAmqp::Server::connect(const Endpoint& endpoint,
                                                       base::Executor& executor,
                                                       Listener& listener) {
  auto link = std::make_shared<Link>();
  link->id = ++last_link_;
  link->endpoint = endpoint;
  link->executor = &executor;
  link->listener = &listener;
  all_links.emplace(link->id, link);
  later(latency() + latency(), [this, link] { accept(link); });
  return std::make_unique<Channel<Server>>(weak_from_this(), link);
}

void FakeAmqp::Server::accept(const LinkPtr& link) {
  if (link->state != Link::State::connecting) return;
  if (silent_ || link->stalled) {
    return later(kHandshakeTimeout, [this, link] {
      if (link->state == Link::State::connecting) lose(link, silent("handshake"), Rest::none);
    });
  }
  if (auto failure = refusal(*link)) return lose(link, std::move(failure), Rest::all);
  open(link);
}

std::optional<Failure> FakeAmqp::Server::refusal(const Link& link) const {
  const auto& endpoint = link.endpoint;
  if (!running) return rabbitmq::failure_of(Failure::Kind::refused, "connection refused");
  const auto user = users.find(endpoint.user);
  if (refuses_credentials || user == users.end() || user->second != endpoint.password) {
    return rabbitmq::failure_of_close(rabbitmq::Refused::connection, 403,
                                      "ACCESS_REFUSED - Login was refused using authentication "
                                      "mechanism PLAIN");
  }
  if (vhosts.count(endpoint.vhost) == 0) {
    return rabbitmq::failure_of_close(rabbitmq::Refused::connection, 530,
                                      "NOT_ALLOWED - vhost " + endpoint.vhost + " not found");
  }
  return std::nullopt;
}

void FakeAmqp::Server::open(const LinkPtr& link) {
  ++opened;
  link->state = Link::State::open;
  link->vhost = vhosts.at(link->endpoint.vhost);
  send(*link, [](Listener& listener) { listener.on_open(); });
  for (auto& [call, command] : std::exchange(link->before_open, {})) {
    submit(link, call, std::move(command));
  }
}

void FakeAmqp::Server::client_gone(const LinkPtr& link) { lose(link, std::nullopt, Rest::none); }

void FakeAmqp::Server::lose(const LinkPtr& link, std::optional<Failure> failure, Rest rest,
                            UnderWay under_way) {
  if (link->state == Link::State::ended) return;
  const bool was_open = link->state == Link::State::open;
  link->state = Link::State::ended;
  all_links.erase(link->id);
  if (was_open) {
    settle_under_way(*link, under_way);
    drop_objects(*link);
  }
  link->before_open.clear();
  if (link->listener == nullptr || !failure) return link->outbox.clear();
  const auto heard = rest == Rest::all    ? link->outbox.size()
                     : rest == Rest::none ? 0
                                          : draw(link->outbox.size() + 1);
  link->outbox.resize(heard);
  link->outbox.emplace_back([link, failure = std::move(*failure)](Listener& listener) {
    link->listener = nullptr;
    listener.on_lost(failure);
  });
  flush_later(link);
}

/// Of the publishes under way a first part arrives all the same.
void FakeAmqp::Server::settle_under_way(Link& link, UnderWay under_way) {
  std::vector<Outgoing> messages;
  for (auto& command : link.inbox) {
    if (command.message) messages.push_back(std::move(*command.message));
  }
  link.inbox.clear();
  if (under_way == UnderWay::lost) return;
  messages.resize(draw(messages.size() + 1));
  land(link.vhost, std::move(messages));
}

void FakeAmqp::Server::land(const std::shared_ptr<Vhost>& vhost, std::vector<Outgoing> messages) {
  std::vector<std::pair<QueuePtr, std::vector<std::string>>> by_stream;
  for (auto& message : messages) {
    const auto queues = route(*vhost, message);
    if (!queues) return;
    for (const auto& queue : *queues) {
      if (!queue->is_stream) {
        enqueue(queue, {message.body, message.persistent});
        continue;
      }
      auto lane = std::find_if(by_stream.begin(), by_stream.end(),
                               [&](const auto& entry) { return entry.first == queue; });
      if (lane == by_stream.end()) lane = by_stream.insert(by_stream.end(), {queue, {}});
      lane->second.push_back(message.body);
    }
  }
  for (auto& [queue, bodies] : by_stream) {
    if (running && chance(plan.late_copies)) {
      land_late(queue, std::move(bodies));
      continue;
    }
    for (auto& body : bodies) enter(queue, {{}, std::move(body), {}, 0, 0});
  }
}

void FakeAmqp::Server::land_late(const QueuePtr& queue, std::vector<std::string> bodies) {
  late += bodies.size();
  const auto behind = std::max(queue->last_due - executor_.now(), Duration::zero());
  later(behind + between(Duration::zero(), plan.latest),
        [this, life = lives_, queue, bodies = std::move(bodies)] {
          if (life != lives_) return;
          late -= bodies.size();
          for (const auto& body : bodies) enter(queue, {{}, body, {}, 0, 0});
        });
}

/// What is gone with a connection or channel.
void FakeAmqp::Server::drop_objects(Link& link) {
  close_channel(link);
  std::vector<QueuePtr> own;
  for (const auto& [name, queue] : link.vhost->queues) {
    if (queue->owner == &link) own.push_back(queue);
  }
  for (const auto& queue : own) delete_queue(queue);
}

void FakeAmqp::Server::close_channel(Link& link) {
  for (const auto& consumer : std::vector<ConsumerPtr>(link.consumers)) stop_consumer(consumer);
  auto unacked = std::exchange(link.unacked, {});
  for (auto entry = unacked.rbegin(); entry != unacked.rend(); ++entry) requeue(entry->second);
  for (const auto& [tag, entry] : unacked) pump(*entry.consumer->queue);
  ++link.channel;
  link.published = 0;
  link.confirms.clear();
  link.tags_before = link.last_tag;
}

// -- both ways

void FakeAmqp::Server::call(const LinkPtr& link, Call run, AmqpChannel::DeclareDone done) {
  const auto call = ++link->last_call;
  Command command;
  command.run = [this, weak = std::weak_ptr<Link>(link), call, run = std::move(run),
                 done = std::move(done)] {
    const auto alive = weak.lock();
    if (!alive) return;
    auto result = run(*alive);
    if (!result && ends_connection(result.error().code)) {
      return close(alive, result.error().code, result.error().text);
    }
    if (!result) close_channel(*alive);
    send(*alive, [weak, call, done, result = std::move(result)](Listener&) {
      if (const auto client = weak.lock()) client->calls.erase(call);
      if (done) done(result);
    });
  };
  submit(link, call, std::move(command));
}

void FakeAmqp::Server::tell(const LinkPtr& link, std::function<void()> run) {
  Command command;
  command.run = std::move(run);
  submit(link, 0, std::move(command));
}

void FakeAmqp::Server::publish(const LinkPtr& link, Outgoing message) {
  Command command;
  command.message = std::move(message);
  submit(link, 0, std::move(command));
}

void FakeAmqp::Server::submit(const LinkPtr& link, std::uint64_t call, Command command) {
  if (link->state == Link::State::ended) return;
  if (link->state == Link::State::connecting) {
    link->before_open.emplace_back(call, std::move(command));
    return;
  }
  if (call != 0) await_answer(link, call);
  link->last_due = std::max(link->last_due, executor_.now() + latency());
  command.due = link->last_due;
  link->inbox.push_back(std::move(command));
  later(link->last_due - executor_.now(), [this, link] { arrive(link); });
}

void FakeAmqp::Server::await_answer(const LinkPtr& link, std::uint64_t call) {
  link->calls.insert(call);
  later(kCallTimeout, [this, link, call] {
    if (link->calls.count(call) > 0) lose(link, silent("no answer to a call"), Rest::none);
  });
}

void FakeAmqp::Server::arrive(const LinkPtr& link) {
  while (link->state == Link::State::open && !link->stalled && !link->throttled &&
         !link->inbox.empty() && link->inbox.front().due <= executor_.now()) {
    const auto command = std::move(link->inbox.front());
    link->inbox.pop_front();
    if (command.message) {
      on_publish(link, *command.message);
    } else {
      command.run();
    }
  }
}

void FakeAmqp::Server::send(Link& link, Event event) {
  if (link.state != Link::State::open) return;
  link.outbox.push_back(std::move(event));
  flush_later(shared(link));
}

void FakeAmqp::Server::flush_later(const LinkPtr& link) {
  if (std::exchange(link->flushing, true)) return;
  later(latency(), [this, link] { flush(link); });
}

void FakeAmqp::Server::flush(const LinkPtr& link) {
  link->flushing = false;
  if (link->stalled && link->state == Link::State::open) return;
  auto events = std::make_shared<std::vector<Event>>();
  events->assign(std::make_move_iterator(link->outbox.begin()),
                 std::make_move_iterator(link->outbox.end()));
  link->outbox.clear();
  if (events->empty() || link->listener == nullptr) return;
  link->executor->post([link, events] { dispatch(link, *events); });
}

// -- faults

void FakeAmqp::Server::stall(const LinkPtr& link, bool stalled) {
  if (link->stalled == stalled || link->state == Link::State::ended) return;
  link->stalled = stalled;
  const auto stall = ++link->stalls;
  if (!stalled) {
    arrive(link);
    if (!link->outbox.empty()) flush_later(link);
    return;
  }
  later(kSilenceTimeout, [this, link, stall] {
    if (link->stalled && link->stalls == stall) lose(link, silent("no heartbeat"), Rest::none);
  });
}

void FakeAmqp::Server::stall_all(bool stalled) {
  silent_ = stalled;
  for (const auto& link : links({})) stall(link, stalled);
}

void FakeAmqp::Server::close(const LinkPtr& link, std::uint16_t code, const std::string& text) {
  lose(link, rabbitmq::failure_of_close(rabbitmq::Refused::connection, code, text), Rest::all);
}

void FakeAmqp::Server::kill() {
  running = false;
  for (const auto& link : links({})) cut(link);
  ++lives_;
  late = 0;
  for (const auto& [vhost_name, vhost] : vhosts) {
    std::vector<QueuePtr> transient;
    for (const auto& [name, queue] : vhost->queues) {
      if (!queue->spec.durable) transient.push_back(queue);
      queue->pending.resize(draw(queue->pending.size() + 1));
      for (auto& pending : std::exchange(queue->pending, {})) store(queue, std::move(pending.body));
      auto& ready = queue->ready;
      ready.erase(std::remove_if(ready.begin(), ready.end(),
                                 [](const Ready& message) { return !message.persistent; }),
                  ready.end());
    }
    for (const auto& queue : transient) delete_queue(queue);
    auto& exchanges = vhost->exchanges;
    for (auto exchange = exchanges.begin(); exchange != exchanges.end();) {
      exchange = exchange->second.spec.durable ? std::next(exchange) : exchanges.erase(exchange);
    }
  }
}

void FakeAmqp::Server::start() {
  running = true;
  for (const auto& [vhost_name, vhost] : vhosts) {
    for (const auto& [name, queue] : vhost->queues) {
      queue->counted = 0;
      queue->changed_in = count_period();
    }
  }
}

void FakeAmqp::Server::block(bool blocked) {
  blocked_ = blocked;
  for (const auto& link : links({})) {
    if (blocked && link->has_published) throttle(*link);
    if (blocked || !link->throttled) continue;
    link->throttled = false;
    send(*link, [](Listener& listener) { listener.on_blocked(false, {}); });
    arrive(link);
  }
}

void FakeAmqp::Server::throttle(Link& link) {
  if (std::exchange(link.throttled, true)) return;
  send(link, [](Listener& listener) { listener.on_blocked(true, "low on memory"); });
}

std::vector<LinkPtr> FakeAmqp::Server::links(const std::string& name) const {
  std::vector<LinkPtr> found;
  for (const auto& [id, link] : all_links) {
    if (name.empty() || link->endpoint.name == name) found.push_back(link);
  }
  return found;
}

// -- vhosts

void FakeAmqp::Server::create_vhost(const std::string& name) {
  if (vhosts.count(name) > 0) return;
  auto vhost = std::make_shared<Vhost>();
  vhost->name = name;
  for (const char* type : {"direct", "fanout"}) {
    Exchange exchange;
    exchange.spec.name = std::string("amq.") + type;
    exchange.spec.type = type;
    exchange.spec.durable = true;
    vhost->exchanges.emplace(exchange.spec.name, exchange);
  }
  vhosts.emplace(name, std::move(vhost));
}

void FakeAmqp::Server::delete_vhost(const std::string& name) {
  const auto found = vhosts.find(name);
  if (found == vhosts.end()) return;
  const auto vhost = found->second;
  vhosts.erase(found);
  std::vector<QueuePtr> queues;
  for (const auto& [queue_name, queue] : vhost->queues) queues.push_back(queue);
  for (const auto& queue : queues) delete_queue(queue);
  for (const auto& link : links({})) {
    if (link->vhost == vhost) {
      close(link, 320, "CONNECTION_FORCED - vhost '" + name + "' is deleted");
    }
  }
}

QueuePtr FakeAmqp::Server::find(const std::string& vhost, const std::string& queue) const {
  const auto in = vhosts.find(vhost);
  if (in == vhosts.end()) return nullptr;
  const auto found = in->second->queues.find(queue);
  return found == in->second->queues.end() ? nullptr : found->second;
}

void FakeAmqp::Server::delete_queue(const QueuePtr& queue) {
  const auto vhost = queue->vhost.lock();
  if (!vhost) return;
  const auto found = vhost->queues.find(queue->spec.name);
  if (found == vhost->queues.end() || found->second != queue) return;
  vhost->queues.erase(found);
  for (auto& [name, exchange] : vhost->exchanges) {
    for (auto binding = exchange.bindings.begin(); binding != exchange.bindings.end();) {
      binding = binding->second == queue->spec.name ? exchange.bindings.erase(binding)
                                                    : std::next(binding);
    }
  }
  for (auto& pending : std::exchange(queue->pending, {})) {
    if (const auto link = pending.link.lock())
      settle(*link, pending.channel, pending.number, false);
  }
  queue->ready.clear();
  for (const auto& consumer : std::vector<ConsumerPtr>(queue->consumers)) {
    send(*consumer->link,
         [tag = consumer->spec.tag](Listener& listener) { listener.on_cancelled(tag); });
    stop_consumer(consumer);
  }
}

void FakeAmqp::Server::trim(Queue& queue, std::int64_t first_offset) {
  before_change(queue);
  while (queue.log.size() > 1 && queue.log.front().offset < first_offset) queue.log.pop_front();
  if (!queue.log.empty()) queue.log.front().begins_chunk = true;
}

void FakeAmqp::Server::lead(const QueuePtr& queue, bool led) {
  queue->led = led;
  if (!led) return;
  store_due(queue);
  pump(*queue);
}

void FakeAmqp::Server::touch(const QueuePtr& queue) {
  const auto expires = number_of(queue->spec.arguments, "x-expires");
  if (!expires) return;
  const auto touch = ++queue->touch;
  later(std::chrono::milliseconds(*expires), [this, queue, touch] {
    if (queue->touch == touch && queue->consumers.empty()) delete_queue(queue);
  });
}

// -- calls

AmqpResult<Declared> FakeAmqp::Server::problem_of(const QueueSpec& spec) const {
  const auto type = text_of(spec.arguments, "x-queue-type");
  if (!type.empty() && type != "stream" && type != "classic") {
    return refuse(406, "PRECONDITION_FAILED - invalid arg 'x-queue-type'");
  }
  if (type != "stream") return {};
  if (!spec.durable || spec.exclusive || spec.auto_delete) {
    return refuse(406, "PRECONDITION_FAILED - invalid property of a stream");
  }
  for (const char* wrong : {"x-expires", "x-message-ttl", "x-max-priority", "x-max-length",
                            "x-overflow", "x-dead-letter-exchange"}) {
    if (argument(spec.arguments, wrong) != nullptr) {
      return refuse(406, std::string("PRECONDITION_FAILED - invalid arg '") + wrong + "'");
    }
  }
  return {};
}

AmqpResult<Declared> FakeAmqp::Server::usable(const Link& link, const Queue& queue) const {
  if (queue.owner != nullptr && queue.owner != &link) {
    return refuse(405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue");
  }
  if (!queue.led) {
    return refuse(404, "NOT_FOUND - home node 'rabbit@other' of durable queue '" + queue.spec.name +
                           "' is down or inaccessible");
  }
  Declared declared;
  declared.messages = queue.ready.size();
  if (queue.is_stream) {
    declared.messages = queue.changed_in == count_period() ? queue.counted : span_of(queue);
  }
  return declared;
}

/// Until the next count the server tells what it counted last.
void FakeAmqp::Server::before_change(Queue& stream) const {
  if (stream.changed_in == count_period()) return;
  stream.counted = span_of(stream);
  stream.changed_in = count_period();
}

AmqpResult<Declared> FakeAmqp::Server::declare_queue(Link& link, const QueueSpec& spec) {
  const auto found = link.vhost->queues.find(spec.name);
  const bool there = found != link.vhost->queues.end();
  if (spec.passive) {
    if (!there) return no_queue(spec.name, *link.vhost);
    touch(found->second);
    return usable(link, *found->second);
  }
  if (forbids_configure) {
    return refuse(403, "ACCESS_REFUSED - access to queue '" + spec.name + "' refused for user");
  }
  if (auto problem = problem_of(spec); !problem) return problem;
  if (there) {
    const auto& old = found->second->spec;
    auto state = usable(link, *found->second);
    if (!state) return state;
    if (old.durable != spec.durable || old.auto_delete != spec.auto_delete ||
        old.exclusive != spec.exclusive || sorted(old.arguments) != sorted(spec.arguments)) {
      return refuse(406, "PRECONDITION_FAILED - inequivalent arg for queue '" + spec.name +
                             "' in vhost '" + link.vhost->name + "'");
    }
    touch(found->second);
    return state;
  }
  auto queue = std::make_shared<Queue>();
  queue->spec = spec;
  queue->vhost = link.vhost;
  queue->is_stream = text_of(spec.arguments, "x-queue-type") == "stream";
  if (spec.exclusive) queue->owner = &link;
  link.vhost->queues.emplace(spec.name, queue);
  touch(queue);
  return Declared{};
}

AmqpResult<Declared> FakeAmqp::Server::declare_exchange(Link& link, const ExchangeSpec& spec) {
  const auto found = link.vhost->exchanges.find(spec.name);
  const bool there = found != link.vhost->exchanges.end();
  if (spec.passive) {
    if (there) return Declared{};
    return refuse(
        404, "NOT_FOUND - no exchange '" + spec.name + "' in vhost '" + link.vhost->name + "'");
  }
  if (forbids_configure) {
    return refuse(403, "ACCESS_REFUSED - access to exchange '" + spec.name + "' refused for user");
  }
  if (spec.type != "direct" && spec.type != "fanout") {
    return refuse(503, "COMMAND_INVALID - unknown exchange type '" + spec.type + "'");
  }
  if (!there) {
    link.vhost->exchanges[spec.name].spec = spec;
    return Declared{};
  }
  const auto& old = found->second.spec;
  if (old.type == spec.type && old.durable == spec.durable) return Declared{};
  return refuse(406, "PRECONDITION_FAILED - inequivalent arg for exchange '" + spec.name + "'");
}

AmqpResult<Declared> FakeAmqp::Server::bind(Link& link, const std::string& queue,
                                            const std::string& exchange, const std::string& key) {
  const auto to = link.vhost->queues.find(queue);
  if (to == link.vhost->queues.end()) return no_queue(queue, *link.vhost);
  if (auto state = usable(link, *to->second); !state) return state;
  const auto from = link.vhost->exchanges.find(exchange);
  if (from == link.vhost->exchanges.end()) {
    return refuse(404,
                  "NOT_FOUND - no exchange '" + exchange + "' in vhost '" + link.vhost->name + "'");
  }
  from->second.bindings.emplace(key, queue);
  return Declared{};
}

/// Only a binding that is there is looked at closer.
AmqpResult<Declared> FakeAmqp::Server::unbind(Link& link, const std::string& queue,
                                              const std::string& exchange, const std::string& key) {
  const auto from = link.vhost->exchanges.find(exchange);
  if (from == link.vhost->exchanges.end()) return Declared{};
  const auto binding = from->second.bindings.find({key, queue});
  if (binding == from->second.bindings.end()) return Declared{};
  if (auto state = usable(link, *link.vhost->queues.at(queue)); !state) return state;
  from->second.bindings.erase(binding);
  return Declared{};
}

AmqpResult<Declared> FakeAmqp::Server::remove(Link& link, const std::string& queue) {
  const auto found = link.vhost->queues.find(queue);
  if (forbids_configure) {
    return refuse(403, "ACCESS_REFUSED - access to queue '" + queue + "' refused for user");
  }
  if (found == link.vhost->queues.end()) return Declared{};
  const QueuePtr gone = found->second;
  if (auto state = usable(link, *gone); !state) return state;
  delete_queue(gone);
  return Declared{};
}

AmqpResult<Declared> FakeAmqp::Server::consume(Link& link, const ConsumeSpec& spec) {
  const auto found = link.vhost->queues.find(spec.queue);
  if (found == link.vhost->queues.end()) return no_queue(spec.queue, *link.vhost);
  const auto queue = found->second;
  if (auto state = usable(link, *queue); !state) return state;
  for (const auto& other : link.consumers) {
    if (other->spec.tag == spec.tag) {
      return refuse(530, "NOT_ALLOWED - attempt to reuse consumer tag '" + spec.tag + "'");
    }
  }
  if (queue->is_stream && spec.no_ack) {
    return refuse(540, "NOT_IMPLEMENTED - no_ack is not supported by stream queues");
  }
  if (queue->is_stream && spec.prefetch == 0) {
    return refuse(406, "PRECONDITION_FAILED - consumer prefetch count is not set for stream");
  }
  auto consumer = std::make_shared<Consumer>();
  consumer->link = &link;
  consumer->spec = spec;
  consumer->queue = queue;
  if (queue->is_stream) {
    const auto offset = text_of(spec.arguments, "x-stream-offset");
    consumer->next = queue->next_offset;
    if (const auto number = number_of(spec.arguments, "x-stream-offset")) consumer->next = *number;
    if (offset == "first") consumer->next = 0;
    if (offset == "last") {
      for (auto entry = queue->log.rbegin(); entry != queue->log.rend(); ++entry) {
        consumer->next = entry->offset;
        if (entry->begins_chunk) break;
      }
    }
  }
  link.consumers.push_back(consumer);
  queue->consumers.push_back(consumer);
  ++queue->touch;
  // The answer goes out before the first delivery.
  later(latency(), [this, queue] { pump(*queue); });
  return Declared{};
}

AmqpResult<Declared> FakeAmqp::Server::cancel(Link& link, const std::string& tag) {
  for (const auto& consumer : std::vector<ConsumerPtr>(link.consumers)) {
    if (consumer->spec.tag == tag) stop_consumer(consumer);
  }
  return Declared{};
}

void FakeAmqp::Server::stop_consumer(const ConsumerPtr& consumer) {
  const auto forget = [&](std::vector<ConsumerPtr>& all) {
    all.erase(std::remove(all.begin(), all.end(), consumer), all.end());
  };
  forget(consumer->link->consumers);
  consumer->link = nullptr;
  const auto queue = consumer->queue;
  forget(queue->consumers);
  if (!queue->consumers.empty()) return;
  touch(queue);
  if (queue->spec.auto_delete) delete_queue(queue);
}

void FakeAmqp::Server::ack(const LinkPtr& link, std::uint64_t tag, bool multiple) {
  ++link->acks;
  if (tag <= link->tags_before) return;  // of a former channel: its deliveries are forgotten
  auto& unacked = link->unacked;
  const auto last = unacked.find(tag);
  if (last == unacked.end()) {
    return lose(link,
                rabbitmq::failure_of_close(
                    rabbitmq::Refused::call, 406,
                    "PRECONDITION_FAILED - unknown delivery tag " + std::to_string(tag)),
                Rest::all);
  }
  std::set<QueuePtr> freed;
  const auto first = multiple ? unacked.begin() : last;
  for (auto entry = first; entry != std::next(last); ++entry) {
    --entry->second.consumer->unacked;
    freed.insert(entry->second.consumer->queue);
  }
  unacked.erase(first, std::next(last));
  for (const auto& queue : freed) pump(*queue);
}

// -- publishes

void FakeAmqp::Server::on_publish(const LinkPtr& link, const Outgoing& message) {
  link->has_published = true;
  if (chance(plan.lost_publishes)) {
    return lose(link, closed("connection reset"), Rest::some, UnderWay::lost);
  }
  const auto queues = route(*link->vhost, message);
  if (!queues) {
    return lose(link,
                rabbitmq::failure_of_close(rabbitmq::Refused::call, 404,
                                           "NOT_FOUND - no exchange '" + message.exchange +
                                               "' in vhost '" + link->vhost->name + "'"),
                Rest::all);
  }
  if (blocked_) throttle(*link);
  const auto number = link->endpoint.confirms ? ++link->published : 0;
  const auto channel = link->channel;
  if (number != 0) link->confirms[number].waits_for = std::max<std::size_t>(queues->size(), 1);
  if (chance(plan.nacks)) {
    if (number != 0) link->confirms[number].waits_for = 1;
    return settle(*link, channel, number, false);
  }
  if (queues->empty()) {
    if (message.mandatory) {
      send(*link, [exchange = message.exchange, key = message.key](Listener& listener) {
        listener.on_returned(exchange, key);
      });
    }
    return settle(*link, channel, number, true);
  }
  for (const auto& queue : *queues) {
    if (queue->is_stream) {
      enter(queue, {{}, message.body, link, number, channel});
    } else {
      settle(*link, channel, number, enqueue(queue, {message.body, message.persistent}));
    }
  }
}

std::optional<std::vector<QueuePtr>> FakeAmqp::Server::route(const Vhost& vhost,
                                                             const Outgoing& message) const {
  std::vector<QueuePtr> queues;
  const auto add = [&](const std::string& name) {
    const auto queue = vhost.queues.find(name);
    if (queue == vhost.queues.end()) return;
    if (std::find(queues.begin(), queues.end(), queue->second) != queues.end()) return;
    queues.push_back(queue->second);
  };
  if (message.exchange.empty()) {
    add(message.key);
    return queues;
  }
  const auto exchange = vhost.exchanges.find(message.exchange);
  if (exchange == vhost.exchanges.end()) return std::nullopt;
  for (const auto& [key, queue] : exchange->second.bindings) {
    if (key == message.key || exchange->second.spec.type == "fanout") add(queue);
  }
  return queues;
}

/// One of the queues has taken or refused it.
void FakeAmqp::Server::settle(Link& link, std::uint64_t channel, std::uint64_t number,
                              bool stored) {
  if (number == 0 || link.state != Link::State::open || link.channel != channel) return;
  auto& confirm = link.confirms[number];
  confirm.stored = confirm.stored && stored;
  if (--confirm.waits_for > 0 || std::exchange(link.confirming, true)) return;
  later(latency(), [this, link = shared(link)] { send_confirms(*link); });
}

void FakeAmqp::Server::send_confirms(Link& link) {
  link.confirming = false;
  auto& confirms = link.confirms;
  auto end = confirms.begin();
  while (end != confirms.end() && end->second.waits_for == 0 &&
         end->second.stored == confirms.begin()->second.stored) {
    ++end;
  }
  if (end != confirms.begin() && chance(plan.multiple)) {
    send_confirm(link, std::prev(end)->first, true, confirms.begin()->second.stored);
    confirms.erase(confirms.begin(), end);
  }
  for (auto confirm = confirms.begin(); confirm != confirms.end();) {
    if (confirm->second.waits_for > 0) {
      ++confirm;
      continue;
    }
    send_confirm(link, confirm->first, false, confirm->second.stored);
    confirm = confirms.erase(confirm);
  }
}

void FakeAmqp::Server::send_confirm(Link& link, std::uint64_t number, bool multiple, bool stored) {
  send(link, [number, multiple, stored](Listener& listener) {
    listener.on_confirmed(number, multiple, stored);
  });
}

// -- queues

void FakeAmqp::Server::enter(const QueuePtr& queue, Pending pending) {
  queue->last_due = std::max(queue->last_due, executor_.now() + latency());
  pending.due = queue->last_due;
  queue->pending.push_back(std::move(pending));
  later(queue->last_due - executor_.now(), [this, queue] { store_due(queue); });
}

void FakeAmqp::Server::store_due(const QueuePtr& queue) {
  while (queue->led && !queue->pending.empty() && queue->pending.front().due <= executor_.now()) {
    auto pending = std::move(queue->pending.front());
    queue->pending.pop_front();
    store(queue, std::move(pending.body));
    const auto link = pending.link.lock();
    if (!link || pending.number == 0) continue;
    if (chance(plan.lost_confirms)) {
      lose(link, closed("connection reset"), Rest::some);
    } else {
      settle(*link, pending.channel, pending.number, true);
    }
  }
  pump(*queue);
}

void FakeAmqp::Server::store(const QueuePtr& queue, std::string body) {
  before_change(*queue);
  if (!queue->log.empty() && chance(plan.skipped_offsets)) ++queue->next_offset;
  Entry entry;
  entry.offset = queue->next_offset++;
  entry.begins_chunk = queue->log.empty() || !chance(plan.same_chunk);
  entry.body = std::move(body);
  queue->log.push_back(std::move(entry));
}

bool FakeAmqp::Server::enqueue(const QueuePtr& queue, Ready message) {
  auto& ready = queue->ready;
  ready.push_back(std::move(message));
  pump(*queue);
  const auto most = number_of(queue->spec.arguments, "x-max-length");
  if (!most || ready.size() <= static_cast<std::size_t>(*most)) return true;
  if (text_of(queue->spec.arguments, "x-overflow") == "reject-publish") {
    ready.pop_back();
    return false;
  }
  ready.pop_front();
  return true;
}

void FakeAmqp::Server::pump(Queue& queue) {
  if (!queue.is_stream) return pump_classic(queue);
  if (!queue.led) return;
  for (const auto& consumer : queue.consumers) pump_stream(consumer);
}

void FakeAmqp::Server::pump_stream(const ConsumerPtr& consumer) {
  const auto& log = consumer->queue->log;
  auto entry =
      std::lower_bound(log.begin(), log.end(), consumer->next,
                       [](const Entry& one, std::int64_t offset) { return one.offset < offset; });
  for (; entry != log.end(); ++entry) {
    if (consumer->unacked >= consumer->spec.prefetch && entry->begins_chunk) return;
    consumer->next = entry->offset + 1;
    deliver(consumer, entry->offset, entry->body, std::nullopt);
  }
}

void FakeAmqp::Server::pump_classic(Queue& queue) {
  while (!queue.ready.empty()) {
    const auto consumer = next_with_credit(queue);
    if (!consumer) return;
    auto message = std::move(queue.ready.front());
    queue.ready.pop_front();
    auto body = message.body;
    deliver(consumer, -1, std::move(body), std::move(message));
  }
}

ConsumerPtr FakeAmqp::Server::next_with_credit(Queue& queue) {
  for (std::size_t tried = 0; tried < queue.consumers.size(); ++tried) {
    const auto& consumer = queue.consumers[++queue.turn % queue.consumers.size()];
    const auto& spec = consumer->spec;
    if (spec.no_ack || spec.prefetch == 0 || consumer->unacked < spec.prefetch) return consumer;
  }
  return nullptr;
}

void FakeAmqp::Server::deliver(const ConsumerPtr& consumer, std::int64_t offset, std::string body,
                               std::optional<Ready> message) {
  auto& link = *consumer->link;
  Delivery delivery;
  delivery.consumer = consumer->spec.tag;
  delivery.tag = ++link.last_tag;
  delivery.offset = offset;
  delivery.body = std::move(body);
  if (!consumer->spec.no_ack) {
    ++consumer->unacked;
    link.unacked.emplace(delivery.tag, Unacked{consumer, std::move(message)});
  }
  send(link, std::move(delivery));
}

void FakeAmqp::Server::requeue(Unacked& unacked) {
  --unacked.consumer->unacked;
  if (unacked.message) unacked.consumer->queue->ready.push_front(std::move(*unacked.message));
}

// ---- what tests see of it

FakeAmqp::FakeAmqp(base::Executor& executor, std::uint64_t seed)
    : server_(std::make_shared<Server>(executor, seed)) {}
FakeAmqp::~FakeAmqp() = default;

rabbitmq::AmqpConnector& FakeAmqp::connector() { return *server_; }
void FakeAmqp::set_plan(const Plan& plan) { server_->plan = plan; }
FakeAmqp::Plan FakeAmqp::plan() const { return server_->plan; }

void FakeAmqp::create_vhost(const std::string& vhost) { server_->create_vhost(vhost); }
void FakeAmqp::delete_vhost(const std::string& vhost) { server_->delete_vhost(vhost); }
void FakeAmqp::add_user(const std::string& user, const std::string& password) {
  server_->users[user] = password;
}
void FakeAmqp::delete_queue(const std::string& vhost, const std::string& queue) {
  if (const auto found = server_->find(vhost, queue)) server_->delete_queue(found);
}
void FakeAmqp::trim(const std::string& vhost, const std::string& stream,
                    std::int64_t first_offset) {
  if (const auto found = server_->find(vhost, stream)) server_->trim(*found, first_offset);
}

std::vector<FakeAmqp::Record> FakeAmqp::stream(const std::string& vhost,
                                               const std::string& name) const {
  std::vector<Record> records;
  if (const auto found = server_->find(vhost, name)) {
    for (const auto& entry : found->log) records.push_back({entry.offset, entry.body});
  }
  return records;
}
bool FakeAmqp::has_queue(const std::string& vhost, const std::string& name) const {
  return server_->find(vhost, name) != nullptr;
}
std::size_t FakeAmqp::waiting(const std::string& vhost, const std::string& queue) const {
  const auto found = server_->find(vhost, queue);
  return found ? found->ready.size() : 0;
}
std::vector<FakeAmqp::Connection> FakeAmqp::connections() const {
  std::vector<Connection> open;
  for (const auto& [id, link] : server_->all_links) {
    if (link->state != Link::State::open) continue;
    open.push_back({id, link->endpoint.name, link->vhost->name, link->consumers.size(),
                    link->confirms.size(), link->unacked.size(), link->acks});
  }
  return open;
}
std::uint64_t FakeAmqp::opened() const { return server_->opened; }
std::size_t FakeAmqp::late_copies() const { return server_->late; }

void FakeAmqp::cut(ConnectionId connection) {
  const auto found = server_->all_links.find(connection);
  if (found != server_->all_links.end()) server_->cut(LinkPtr(found->second));
}
void FakeAmqp::cut(const std::string& name) {
  for (const auto& link : server_->links(name)) server_->cut(link);
}
void FakeAmqp::stall(ConnectionId connection, bool stalled) {
  const auto found = server_->all_links.find(connection);
  if (found != server_->all_links.end()) server_->stall(LinkPtr(found->second), stalled);
}
void FakeAmqp::stall(const std::string& name, bool stalled) {
  for (const auto& link : server_->links(name)) server_->stall(link, stalled);
}
void FakeAmqp::stall_all(bool stalled) { server_->stall_all(stalled); }
void FakeAmqp::close(ConnectionId connection, std::uint16_t code, const std::string& text) {
  const auto found = server_->all_links.find(connection);
  if (found != server_->all_links.end()) server_->close(LinkPtr(found->second), code, text);
}
void FakeAmqp::kill() { server_->kill(); }
void FakeAmqp::start() { server_->start(); }
bool FakeAmqp::running() const { return server_->running; }
void FakeAmqp::block(bool blocked) { server_->block(blocked); }
void FakeAmqp::refuse_credentials(bool refused) { server_->refuses_credentials = refused; }
void FakeAmqp::forbid_configure(bool forbidden) { server_->forbids_configure = forbidden; }
void FakeAmqp::lead(const std::string& vhost, const std::string& stream, bool led) {
  if (const auto found = server_->find(vhost, stream)) server_->lead(found, led);
}

}  // namespace chat::tests
