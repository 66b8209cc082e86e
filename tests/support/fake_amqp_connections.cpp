#include <algorithm>

#include "support/fake_amqp_server.hpp"

namespace chat::tests::amqp_server {
namespace {

constexpr auto kHandshakeTimeout = seconds(3);
constexpr auto kCallTimeout = seconds(5);
constexpr auto kSilenceTimeout = seconds(10);

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

/// The client's side of a connection.
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
  using Ask = std::function<AmqpResult<Declared>(Server&, Link&)>;
  void call(Ask run, DeclareDone done) {
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

std::unique_ptr<AmqpChannel> Server::connect(const Endpoint& endpoint, base::Executor& executor,
                                             Listener& listener) {
  auto link = std::make_shared<Link>();
  link->id = ++last_link_;
  link->endpoint = endpoint;
  link->executor = &executor;
  link->listener = &listener;
  all_links.emplace(link->id, link);
  later(latency() + latency(), [this, link] { accept(link); });
  return std::make_unique<Channel>(weak_from_this(), link);
}

void Server::accept(const LinkPtr& link) {
  if (link->state != Link::State::connecting) return;
  if (silent_ || link->stalled) {
    return later(kHandshakeTimeout, [this, link] {
      if (link->state == Link::State::connecting) lose(link, silent("handshake"), Rest::none);
    });
  }
  if (auto failure = refusal(*link)) return lose(link, std::move(failure), Rest::all);
  open(link);
}

std::optional<Failure> Server::refusal(const Link& link) const {
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

void Server::open(const LinkPtr& link) {
  ++opened;
  link->state = Link::State::open;
  link->vhost = vhosts.at(link->endpoint.vhost);
  send(*link, [](Listener& listener) { listener.on_open(); });
  for (auto& [call, command] : std::exchange(link->before_open, {})) {
    submit(link, call, std::move(command));
  }
}

void Server::client_gone(const LinkPtr& link) { lose(link, std::nullopt, Rest::none); }

void Server::lose(const LinkPtr& link, std::optional<Failure> failure, Rest rest,
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
void Server::settle_under_way(Link& link, UnderWay under_way) {
  std::vector<Outgoing> messages;
  for (auto& command : link.inbox) {
    if (command.message) messages.push_back(std::move(*command.message));
  }
  link.inbox.clear();
  if (under_way == UnderWay::lost) return;
  messages.resize(draw(messages.size() + 1));
  land(link.vhost, messages);
}

void Server::land(const std::shared_ptr<Vhost>& vhost, const std::vector<Outgoing>& messages) {
  std::vector<std::pair<QueuePtr, std::vector<std::string>>> by_stream;
  for (const auto& message : messages) {
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

void Server::land_late(const QueuePtr& queue, std::vector<std::string> bodies) {
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
void Server::drop_objects(Link& link) {
  close_channel(link);
  std::vector<QueuePtr> own;
  for (const auto& [name, queue] : link.vhost->queues) {
    if (queue->owner == &link) own.push_back(queue);
  }
  for (const auto& queue : own) delete_queue(queue);
}

void Server::close_channel(Link& link) {
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

void Server::call(const LinkPtr& link, Call run, AmqpChannel::DeclareDone done) {
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

void Server::tell(const LinkPtr& link, std::function<void()> run) {
  Command command;
  command.run = std::move(run);
  submit(link, 0, std::move(command));
}

void Server::publish(const LinkPtr& link, Outgoing message) {
  Command command;
  command.message = std::move(message);
  submit(link, 0, std::move(command));
}

void Server::submit(const LinkPtr& link, std::uint64_t call, Command command) {
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

void Server::await_answer(const LinkPtr& link, std::uint64_t call) {
  link->calls.insert(call);
  later(kCallTimeout, [this, link, call] {
    if (link->calls.count(call) > 0) lose(link, silent("no answer to a call"), Rest::none);
  });
}

void Server::arrive(const LinkPtr& link) {
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

void Server::send(Link& link, Event event) {
  if (link.state != Link::State::open) return;
  link.outbox.push_back(std::move(event));
  flush_later(shared(link));
}

void Server::flush_later(const LinkPtr& link) {
  if (std::exchange(link->flushing, true)) return;
  later(latency(), [this, link] { flush(link); });
}

void Server::flush(const LinkPtr& link) {
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

void Server::stall(const LinkPtr& link, bool stalled) {
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

void Server::stall_all(bool stalled) {
  silent_ = stalled;
  for (const auto& link : links({})) stall(link, stalled);
}

void Server::close(const LinkPtr& link, std::uint16_t code, const std::string& text) {
  lose(link, rabbitmq::failure_of_close(rabbitmq::Refused::connection, code, text), Rest::all);
}

void Server::kill() {
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

void Server::start() {
  running = true;
  for (const auto& [vhost_name, vhost] : vhosts) {
    for (const auto& [name, queue] : vhost->queues) {
      queue->counted = 0;
      queue->changed_in = count_period();
    }
  }
}

void Server::block(bool blocked) {
  blocked_ = blocked;
  for (const auto& link : links({})) {
    if (blocked && link->has_published) throttle(*link);
    if (blocked || !link->throttled) continue;
    link->throttled = false;
    send(*link, [](Listener& listener) { listener.on_blocked(false, {}); });
    arrive(link);
  }
}

void Server::throttle(Link& link) {
  if (std::exchange(link.throttled, true)) return;
  send(link, [](Listener& listener) { listener.on_blocked(true, "low on memory"); });
}

std::vector<LinkPtr> Server::links(const std::string& name) const {
  std::vector<LinkPtr> found;
  for (const auto& [id, link] : all_links) {
    if (name.empty() || link->endpoint.name == name) found.push_back(link);
  }
  return found;
}

}  // namespace chat::tests::amqp_server
