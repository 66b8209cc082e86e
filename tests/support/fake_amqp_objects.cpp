#include <algorithm>
#include <array>

#include "support/fake_amqp_server.hpp"

namespace chat::tests::amqp_server {
namespace {

std::uint64_t span_of(const Queue& stream) {
  const auto& log = stream.log;
  if (log.empty()) return 0;
  return static_cast<std::uint64_t>(log.back().offset - log.front().offset + 1);
}

tl::unexpected<Failure> no_queue(const std::string& queue, const Vhost& vhost) {
  return refuse(404, "NOT_FOUND - no queue '" + queue + "' in vhost '" + vhost.name + "'");
}
tl::unexpected<Failure> no_exchange(const std::string& exchange, const Vhost& vhost) {
  return refuse(404, "NOT_FOUND - no exchange '" + exchange + "' in vhost '" + vhost.name + "'");
}
tl::unexpected<Failure> locked(const Queue& queue, const Vhost& vhost) {
  return refuse(405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" +
                         queue.spec.name + "' in vhost '" + vhost.name +
                         "'. It could be originally declared on another connection or the "
                         "exclusive property value does not match that of the original "
                         "declaration.");
}

// ---- what is declared again, held against what is there

struct Property {
  std::string name;
  std::string received;
  std::string current;
};

AmqpResult<Declared> hold_against(const std::string& what, const std::vector<Property>& all) {
  const auto differs = std::find_if(
      all.begin(), all.end(), [](const Property& one) { return one.received != one.current; });
  if (differs == all.end()) return Declared{};
  return refuse(406, "PRECONDITION_FAILED - inequivalent arg '" + differs->name + "' for " + what +
                         ": received " + differs->received + " but current is " + differs->current);
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }
std::string quoted(bool flag) { return flag ? "'true'" : "'false'"; }
std::string quoted(const Argument& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return quoted(std::to_string(*number));
  }
  if (const auto* flag = std::get_if<bool>(&value)) return quoted(*flag);
  return quoted(std::get<std::string>(value));
}
/// Beside one that is not there.
std::string with_type(const Argument* value) {
  if (value == nullptr) return "none";
  constexpr std::array<const char*, 3> kTypes{"long", "bool", "longstr"};
  return "the value " + quoted(*value) + " of type '" + kTypes.at(value->index()) + "'";
}

std::vector<Property> properties(const ExchangeSpec& received, const ExchangeSpec& current) {
  return {{"type", quoted(received.type), quoted(current.type)},
          {"durable", quoted(received.durable), quoted(current.durable)},
          {"auto_delete", quoted(received.auto_delete), quoted(current.auto_delete)}};
}
std::vector<Property> properties(const QueueSpec& received, const QueueSpec& current) {
  std::vector<Property> all{
      {"durable", quoted(received.durable), quoted(current.durable)},
      {"auto_delete", quoted(received.auto_delete), quoted(current.auto_delete)}};
  std::set<std::string> names;
  for (const auto& [name, value] : received.arguments) names.insert(name);
  for (const auto& [name, value] : current.arguments) names.insert(name);
  for (const auto& name : names) {
    const auto* ours = argument(received.arguments, name);
    const auto* theirs = argument(current.arguments, name);
    const bool both = ours != nullptr && theirs != nullptr;
    all.push_back(
        {name, both ? quoted(*ours) : with_type(ours), both ? quoted(*theirs) : with_type(theirs)});
  }
  return all;
}

}  // namespace

// -- vhosts

void Server::create_vhost(const std::string& name) {
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

void Server::delete_vhost(const std::string& name) {
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

QueuePtr Server::find(const std::string& vhost, const std::string& queue) const {
  const auto in = vhosts.find(vhost);
  if (in == vhosts.end()) return nullptr;
  const auto found = in->second->queues.find(queue);
  return found == in->second->queues.end() ? nullptr : found->second;
}

void Server::delete_queue(const QueuePtr& queue) {
  const auto vhost = queue->vhost.lock();
  if (!vhost) return;
  const auto found = vhost->queues.find(queue->spec.name);
  if (found == vhost->queues.end() || found->second != queue) return;
  vhost->queues.erase(found);
  drop_bindings(*vhost, queue->spec.name);
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

void Server::drop_bindings(Vhost& vhost, const std::string& queue) {
  auto& exchanges = vhost.exchanges;
  for (auto exchange = exchanges.begin(); exchange != exchanges.end();) {
    auto& bindings = exchange->second.bindings;
    const auto before = bindings.size();
    for (auto binding = bindings.begin(); binding != bindings.end();) {
      binding = binding->second == queue ? bindings.erase(binding) : std::next(binding);
    }
    const bool had_its_last = before > 0 && bindings.empty();
    exchange = had_its_last && exchange->second.spec.auto_delete ? exchanges.erase(exchange)
                                                                 : std::next(exchange);
  }
}

void Server::delete_exchange(const std::string& vhost, const std::string& exchange) {
  const auto in = vhosts.find(vhost);
  if (in != vhosts.end()) in->second->exchanges.erase(exchange);
}

Bindings Server::bindings(const std::string& vhost, const std::string& exchange) const {
  const auto in = vhosts.find(vhost);
  if (in == vhosts.end()) return {};
  const auto found = in->second->exchanges.find(exchange);
  return found == in->second->exchanges.end() ? Bindings{} : found->second.bindings;
}

void Server::trim(Queue& queue, std::int64_t first_offset) {
  before_change(queue);
  while (queue.log.size() > 1 && queue.log.front().offset < first_offset) queue.log.pop_front();
  if (!queue.log.empty()) queue.log.front().begins_chunk = true;
}

void Server::lead(const QueuePtr& queue, bool led) {
  queue->led = led;
  if (!led) return;
  store_due(queue);
  pump(*queue);
}

void Server::touch(const QueuePtr& queue) {
  const auto expires = number_of(queue->spec.arguments, "x-expires");
  if (!expires) return;
  const auto touch = ++queue->touch;
  later(std::chrono::milliseconds(*expires), [this, queue, touch] {
    if (queue->touch == touch && queue->consumers.empty()) delete_queue(queue);
  });
}

// -- calls

AmqpResult<Declared> Server::problem_of(const QueueSpec& spec) const {
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

AmqpResult<Declared> Server::usable(const Link& link, const Queue& queue) const {
  if (queue.owner != nullptr && queue.owner != &link) {
    return locked(queue, *link.vhost);
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
void Server::before_change(Queue& stream) const {
  if (stream.changed_in == count_period()) return;
  stream.counted = span_of(stream);
  stream.changed_in = count_period();
}

AmqpResult<Declared> Server::declare_queue(Link& link, const QueueSpec& spec) {
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
    if (old.exclusive != spec.exclusive) return locked(*found->second, *link.vhost);
    const auto what = "queue '" + spec.name + "' in vhost '" + link.vhost->name + "'";
    if (auto same = hold_against(what, properties(spec, old)); !same) return same;
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

AmqpResult<Declared> Server::declare_exchange(Link& link, const ExchangeSpec& spec) {
  const auto found = link.vhost->exchanges.find(spec.name);
  const bool there = found != link.vhost->exchanges.end();
  if (spec.passive) {
    if (there) return Declared{};
    return no_exchange(spec.name, *link.vhost);
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
  return hold_against("exchange '" + spec.name + "' in vhost '" + link.vhost->name + "'",
                      properties(spec, found->second.spec));
}

AmqpResult<Declared> Server::bind(Link& link, const std::string& queue, const std::string& exchange,
                                  const std::string& key) {
  const auto to = link.vhost->queues.find(queue);
  if (to == link.vhost->queues.end()) return no_queue(queue, *link.vhost);
  if (auto state = usable(link, *to->second); !state) return state;
  const auto from = link.vhost->exchanges.find(exchange);
  if (from == link.vhost->exchanges.end()) return no_exchange(exchange, *link.vhost);
  from->second.bindings.emplace(key, queue);
  return Declared{};
}

/// Only a binding that is there is looked at closer.
AmqpResult<Declared> Server::unbind(Link& link, const std::string& queue,
                                    const std::string& exchange, const std::string& key) {
  const auto from = link.vhost->exchanges.find(exchange);
  if (from == link.vhost->exchanges.end()) return Declared{};
  const auto binding = from->second.bindings.find({key, queue});
  if (binding == from->second.bindings.end()) return Declared{};
  if (auto state = usable(link, *link.vhost->queues.at(queue)); !state) return state;
  auto& [name, source] = *from;
  source.bindings.erase(binding);
  if (source.bindings.empty() && source.spec.auto_delete) link.vhost->exchanges.erase(from);
  return Declared{};
}

AmqpResult<Declared> Server::remove(Link& link, const std::string& queue) {
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

AmqpResult<Declared> Server::consume(Link& link, const ConsumeSpec& spec) {
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

AmqpResult<Declared> Server::cancel(Link& link, const std::string& tag) {
  for (const auto& consumer : std::vector<ConsumerPtr>(link.consumers)) {
    if (consumer->spec.tag == tag) stop_consumer(consumer);
  }
  return Declared{};
}

void Server::stop_consumer(const ConsumerPtr& consumer) {
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

void Server::ack(const LinkPtr& link, std::uint64_t tag, bool multiple) {
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

}  // namespace chat::tests::amqp_server
