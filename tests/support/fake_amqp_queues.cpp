#include <algorithm>

#include "support/fake_amqp_server.hpp"

namespace chat::tests::amqp_server {

// -- publishes

void Server::on_publish(const LinkPtr& link, const Outgoing& message) {
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

std::optional<std::vector<QueuePtr>> Server::route(const Vhost& vhost,
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
void Server::settle(Link& link, std::uint64_t channel, std::uint64_t number, bool stored) {
  if (number == 0 || link.state != Link::State::open || link.channel != channel) return;
  auto& confirm = link.confirms[number];
  confirm.stored = confirm.stored && stored;
  if (--confirm.waits_for > 0 || std::exchange(link.confirming, true)) return;
  later(latency(), [this, link = shared(link)] { send_confirms(*link); });
}

void Server::send_confirms(Link& link) {
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

void Server::send_confirm(Link& link, std::uint64_t number, bool multiple, bool stored) {
  send(link, [number, multiple, stored](Listener& listener) {
    listener.on_confirmed(number, multiple, stored);
  });
}

// -- queues

void Server::enter(const QueuePtr& queue, Pending pending) {
  queue->last_due = std::max(queue->last_due, executor_.now() + latency());
  pending.due = queue->last_due;
  queue->pending.push_back(std::move(pending));
  later(queue->last_due - executor_.now(), [this, queue] { store_due(queue); });
}

void Server::store_due(const QueuePtr& queue) {
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

void Server::store(const QueuePtr& queue, std::string body) {
  before_change(*queue);
  if (!queue->log.empty() && chance(plan.skipped_offsets)) ++queue->next_offset;
  Entry entry;
  entry.offset = queue->next_offset++;
  entry.begins_chunk = queue->log.empty() || !chance(plan.same_chunk);
  entry.body = std::move(body);
  queue->log.push_back(std::move(entry));
}

bool Server::enqueue(const QueuePtr& queue, Ready message) {
  auto& ready = queue->ready;
  const auto most = number_of(queue->spec.arguments, "x-max-length");
  const auto is_over = [&](std::size_t size) {
    return most && size > static_cast<std::size_t>(*most);
  };
  const bool refuses = text_of(queue->spec.arguments, "x-overflow") == "reject-publish";
  if (refuses && is_over(ready.size() + 1)) return false;
  expire_later(queue, message);
  ready.push_back(std::move(message));
  pump(*queue);
  if (is_over(ready.size())) ready.pop_front();
  return true;
}

void Server::expire_later(const QueuePtr& queue, Ready& message) {
  const auto ttl = number_of(queue->spec.arguments, "x-message-ttl");
  if (!ttl) return;
  message.expires = executor_.now() + std::chrono::milliseconds(*ttl);
  later(std::chrono::milliseconds(*ttl), [this, queue] {
    auto& ready = queue->ready;
    while (!ready.empty() && ready.front().expires <= executor_.now()) ready.pop_front();
  });
}

void Server::pump(Queue& queue) {
  if (!queue.is_stream) return pump_classic(queue);
  if (!queue.led) return;
  for (const auto& consumer : queue.consumers) pump_stream(consumer);
}

void Server::pump_stream(const ConsumerPtr& consumer) {
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

void Server::pump_classic(Queue& queue) {
  while (!queue.ready.empty()) {
    const auto consumer = next_with_credit(queue);
    if (!consumer) return;
    auto message = std::move(queue.ready.front());
    queue.ready.pop_front();
    auto body = message.body;
    deliver(consumer, -1, std::move(body), std::move(message));
  }
}

ConsumerPtr Server::next_with_credit(Queue& queue) {
  for (std::size_t tried = 0; tried < queue.consumers.size(); ++tried) {
    const auto& consumer = queue.consumers[++queue.turn % queue.consumers.size()];
    const auto& spec = consumer->spec;
    if (spec.no_ack || spec.prefetch == 0 || consumer->unacked < spec.prefetch) return consumer;
  }
  return nullptr;
}

void Server::deliver(const ConsumerPtr& consumer, std::int64_t offset, std::string body,
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

void Server::requeue(Unacked& unacked) {
  --unacked.consumer->unacked;
  if (!unacked.message || unacked.message->expires <= executor_.now()) return;
  unacked.consumer->queue->ready.push_front(std::move(*unacked.message));
}

}  // namespace chat::tests::amqp_server
