#include "chat/rabbitmq/channels_broker.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/base/text.hpp"
#include "chat/rabbitmq/channels_topology.hpp"

namespace chat::rabbitmq {
namespace {

constexpr std::uint16_t kPrefetch = 1000;
constexpr std::size_t kMostGoneOut = 10'000;
/// An own message that is not back after this will not come.
constexpr auto kPatience = std::chrono::seconds(10);
const std::string kConsumer = "channels";
/// What a member of a Django node is called here: the original has no names.
constexpr const char* kForeignName = "django";

wire::Error unavailable(const char* why) {
  wire::Error error = wire::error_of(wire::Code::unavailable);
  error.detail = why;
  return error;
}

wire::Error away() {
  return unavailable(
      "RabbitMQ cannot be reached, and the other nodes not without it; come back in a moment");
}

/// A nack tells that a node's queue was full.
Line::Options with_confirms(Line::Options options) {
  for (auto& endpoint : options.endpoints) endpoint.confirms = true;
  return options;
}

}  // namespace

ChannelsBroker::ChannelsBroker(base::Executor& executor, AmqpConnector& connector,
                               broker::LocalBroker& rooms, Options options,
                               ChannelsCounters& counters)
    : executor_(executor),
      rooms_(rooms),
      options_(std::move(options)),
      counters_(counters),
      line_(executor, connector, with_confirms(options_.line), *this) {}

ChannelsBroker::~ChannelsBroker() { executor_.cancel(watch_); }

// ---- the connection

AmqpChannel::Done ChannelsBroker::then(void (ChannelsBroker::*next)()) {
  return [this, next](AmqpResult<void> result) {
    if (!result) return line_.restart(result.error());
    (this->*next)();
  };
}

void ChannelsBroker::on_open() {
  last_publish_ = 0;
  unconfirmed_.clear();
  line_.channel()->declare(channels_exchange_spec(), then(&ChannelsBroker::declare_queue));
}

void ChannelsBroker::declare_queue() {
  auto spec = channels_queue_spec(options_.node + "." + std::to_string(++connections_));
  queue_ = spec.name;
  line_.channel()->declare(spec, [this](const AmqpResult<AmqpChannel::Declared>& result) {
    if (!result) return line_.restart(result.error());
    bind_all();
  });
}

/// Before anything is consumed: a message comes to all rooms that it is for.
void ChannelsBroker::bind_all() {
  for (auto& [room, group] : groups_) bind(room, group);
  consume();
}

void ChannelsBroker::consume() {
  ConsumeSpec spec;
  spec.queue = queue_;
  spec.tag = kConsumer;
  spec.prefetch = kPrefetch;
  line_.channel()->consume(spec, then(&ChannelsBroker::opened));
}

void ChannelsBroker::opened() {
  is_open_ = true;
  counters_.connected = is_usable();
}

void ChannelsBroker::on_lost(const Failure&) {
  is_open_ = is_blocked_ = false;
  counters_.connected = false;
  ++counters_.connections_lost;
  // Whom they have reached is not known: they are not sent again.
  for (auto& [number, pending] : std::exchange(pending_, {})) {
    ++counters_.unsure;
    place_own(std::move(pending));
  }
  std::vector<Joining> joining;
  std::vector<Pending> waiting;
  for (auto at = groups_.begin(); at != groups_.end();) {
    Group& group = at->second;
    group.is_bound = group.is_binding = false;
    group.pending = 0;
    std::move(group.joining.begin(), group.joining.end(), std::back_inserter(joining));
    std::move(group.waiting.begin(), group.waiting.end(), std::back_inserter(waiting));
    group.joining.clear();
    group.waiting.clear();
    at = group.is_wanted() ? std::next(at) : groups_.erase(at);
  }
  for (auto& each : joining) each.done(tl::unexpected(away()));
  for (auto& each : waiting) each.done(tl::unexpected(away()));
  tell_ready();
}

void ChannelsBroker::on_cancelled(const std::string&) {
  line_.restart("the queue of this node is gone");
}

/// A call that RabbitMQ does not answer while it takes nothing would end the connection, and with
/// it what waits in the socket: so none is made until it is over.
void ChannelsBroker::on_blocked(bool blocked, const std::string&) {
  is_blocked_ = blocked;
  counters_.connected = is_usable();
  if (blocked) return;
  std::vector<base::RoomName> rooms;
  for (const auto& [room, group] : groups_) rooms.push_back(room);
  for (const auto& room : rooms) leave_when_empty(room);
}

wire::Error ChannelsBroker::trouble() const {
  return is_blocked_
             ? unavailable(
                   "RabbitMQ takes no messages, as its memory or disk is full; come back later")
             : away();
}

// ---- rooms

void ChannelsBroker::subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) {
  if (auto problem = problem_of_shared_room(room); !problem.empty()) {
    return done(wire::fail(wire::Code::bad_room, std::move(problem)));
  }
  if (!is_usable()) return done(tl::unexpected(trouble()));
  Group& group = groups_[room];
  if (group.is_bound) {
    group.sinks.insert(&sink);
    return rooms_.subscribe(room, sink, std::move(done));
  }
  group.joining.push_back({&sink, std::move(done)});
  if (!group.is_binding) bind(room, group);
}

void ChannelsBroker::bind(const base::RoomName& room, Group& group) {
  group.is_binding = true;
  line_.channel()->bind(queue_, kChannelsExchange, group_of(room),
                        [this, room](const AmqpResult<void>& result) {
                          if (!result) return line_.restart(result.error());
                          on_bound(room);
                        });
}

void ChannelsBroker::on_bound(const base::RoomName& room) {
  const auto found = groups_.find(room);
  if (found == groups_.end()) return;
  Group& group = found->second;
  group.is_bound = true;
  auto joining = std::exchange(group.joining, {});
  for (const auto& each : joining) group.sinks.insert(each.sink);
  for (auto& each : std::exchange(group.waiting, {})) send(group, std::move(each));
  for (auto& each : joining) rooms_.subscribe(room, *each.sink, std::move(each.done));
  group.is_binding = false;  // only now: it stays through the answers
  leave_when_empty(room);
}

void ChannelsBroker::unsubscribe(const base::RoomName& room, broker::Sink& sink) {
  const auto found = groups_.find(room);
  if (found == groups_.end()) return;
  Group& group = found->second;
  const auto is_it = [&sink](const Joining& joining) { return joining.sink == &sink; };
  auto& joining = group.joining;
  joining.erase(std::remove_if(joining.begin(), joining.end(), is_it), joining.end());
  if (group.sinks.erase(&sink) > 0) rooms_.unsubscribe(room, sink);
  leave_when_empty(room);
}

/// What is bound and wanted by nobody is let go; what is still being bound when that is done, and
/// while RabbitMQ takes nothing, when that is over.
void ChannelsBroker::leave_when_empty(const base::RoomName& room) {
  const auto found = groups_.find(room);
  if (found == groups_.end()) return;
  if (found->second.is_wanted() || is_blocked_) return;
  groups_.erase(found);
  auto* channel = line_.channel();
  if (channel == nullptr) return;
  channel->unbind(queue_, kChannelsExchange, group_of(room),
                  [this](const AmqpResult<void>& result) {
                    if (!result) line_.restart(result.error());
                  });
}

void ChannelsBroker::read(const base::RoomName& room, const base::Epoch& epoch,
                          history::Range range, ReadDone done) {
  rooms_.read(room, epoch, range, std::move(done));
}

void ChannelsBroker::rooms(RoomsDone done) { rooms_.rooms(std::move(done)); }

// ---- out

void ChannelsBroker::publish(broker::Publish publish, PublishDone done) {
  using Verdict = room::Dedup::Verdict;
  const auto known = rooms_.recognise(publish.room, publish.client, publish.n);
  // The rooms say what a repeat is answered.
  if (known.verdict != Verdict::fresh) return rooms_.publish(std::move(publish), std::move(done));
  if (auto problem = problem_of_shared_room(publish.room); !problem.empty()) {
    return done(wire::fail(wire::Code::bad_room, std::move(problem)));
  }
  if (gone_out_.count({publish.room, publish.client, publish.n}) > 0) {
    return place_own({std::move(publish), std::move(done)});
  }
  const Said said{publish.room, publish.client, publish.n};
  if (const auto same = under_way_.find(said); same != under_way_.end()) {
    return same->second.push_back(std::move(done));
  }
  if (!is_usable()) return done(tl::unexpected(trouble()));
  if (pending_.size() >= options_.most_pending) {
    busy_rooms_.insert(publish.room);
    return done(wire::fail(wire::Code::busy));
  }
  if (!publish.client.value().empty()) done = for_all_repeats(said, std::move(done));
  const base::RoomName room = publish.room;
  Group& group = groups_[room];
  if (group.is_bound) return send(group, {std::move(publish), std::move(done)});
  // Its own copy has to come back.
  group.waiting.push_back({std::move(publish), std::move(done)});
  if (!group.is_binding) bind(room, group);
}

/// What comes again before it is answered does not go out again, and is answered with it.
ChannelsBroker::PublishDone ChannelsBroker::for_all_repeats(const Said& said, PublishDone done) {
  under_way_[said];
  return [this, said, done = std::move(done)](wire::Result<broker::Published> outcome) {
    auto repeats = under_way_.extract(said);
    done(outcome);
    if (outcome) outcome->repeat = true;
    for (auto& repeat : repeats.mapped()) repeat(outcome);
  };
}

void ChannelsBroker::send(Group& group, Pending pending) {
  const broker::Publish& publish = pending.publish;
  auto body = encode_channels({publish.room, publish.body, options_.node, last_number_ + 1,
                               publish.name, publish.client, publish.n});
  if (!body) return pending.done(tl::unexpected(body.error()));
  Outgoing outgoing;
  outgoing.exchange = kChannelsExchange;
  outgoing.key = group_of(publish.room);
  outgoing.body = std::move(*body);
  pending.sent = executor_.now();
  pending_.emplace(++last_number_, std::move(pending));
  if (watch_ == 0) watch_ = executor_.after(kPatience, [this] { give_up_late(); });
  ++group.pending;
  unconfirmed_.insert(++last_publish_);
  ++counters_.published;
  line_.channel()->publish(std::move(outgoing));
}

void ChannelsBroker::on_confirmed(std::uint64_t number, bool multiple, bool stored) {
  const auto last = unconfirmed_.upper_bound(number);
  const auto first = multiple ? unconfirmed_.begin() : unconfirmed_.lower_bound(number);
  if (!stored) {
    counters_.nacked += static_cast<std::uint64_t>(std::distance(first, last));
  }
  unconfirmed_.erase(first, last);
}

// ---- in

void ChannelsBroker::on_deliveries(std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) {
    auto message = decode_channels(delivery.body);
    if (message) {
      take(std::move(*message));
    } else if (++counters_.skipped == 1) {
      base::Log::warn("a message of the exchange was skipped; others are only counted",
                      {{"why", base::escape_for_log(message.error())}});
    }
  }
  if (auto* channel = line_.channel(); channel != nullptr && !deliveries.empty()) {
    channel->ack(deliveries.back().tag, true);
  }
  tell_ready();
}

void ChannelsBroker::take(ChannelsMessage message) {
  if (message.node == options_.node) return take_own(message.number);
  ++counters_.received;
  // Its group need not be what it was routed by; and all may have left meanwhile.
  const auto group = groups_.find(message.room);
  if (group == groups_.end() || !group->second.is_wanted()) return;
  broker::Publish publish;
  publish.room = std::move(message.room);
  publish.name = message.name.empty() ? kForeignName : std::move(message.name);
  publish.client = std::move(message.client);
  publish.n = message.n;
  publish.body = std::move(message.body);
  publish.received = executor_.now();
  place({std::move(publish), [](const wire::Result<broker::Published>&) {}});
}

/// They come in the order of sending: what should have come before it is lost, as the queue was too
/// full or the room not bound to it any more.
void ChannelsBroker::take_own(std::uint64_t number) {
  if (pending_.count(number) == 0) return;
  while (pending_.begin()->first < number) give_up_first();
  settle(pending_.extract(pending_.begin()));
}

void ChannelsBroker::settle(std::map<std::uint64_t, Pending>::node_type own) {
  const base::RoomName room = own.mapped().publish.room;
  place_own(std::move(own.mapped()));
  const auto group = groups_.find(room);
  if (group == groups_.end()) return;
  --group->second.pending;
  leave_when_empty(room);
}

/// Its own copy does not come. Others may have theirs, so it is kept here, and not sent again.
void ChannelsBroker::give_up_first() {
  ++counters_.unsure;
  const base::RoomName room = pending_.begin()->second.publish.room;
  settle(pending_.extract(pending_.begin()));
  const auto group = groups_.find(room);
  if (is_usable() && group != groups_.end()) bind_again(room, group->second);
}

/// Somebody may have made the exchange anew: then no room hears anything, also those in which
/// nobody of this node speaks.
void ChannelsBroker::give_up_late() {
  watch_ = 0;
  const auto late = executor_.now() - kPatience;
  const bool is_any = !pending_.empty() && pending_.begin()->second.sent <= late;
  while (!pending_.empty() && pending_.begin()->second.sent <= late) give_up_first();
  if (is_any && is_usable()) {
    base::Log::warn("RabbitMQ: own messages do not come back, so all rooms are bound again",
                    {{"for", options_.line.purpose}});
    for (auto& [room, group] : groups_) bind_again(room, group);
  }
  if (pending_.empty()) return;
  watch_ = executor_.after(pending_.begin()->second.sent - late, [this] { give_up_late(); });
}

void ChannelsBroker::bind_again(const base::RoomName& room, Group& group) {
  if (!group.is_binding) bind(room, group);
}

/// It has gone out: when it is refused for now and comes again, it must not go out again.
void ChannelsBroker::place_own(Pending pending) {
  const auto& publish = pending.publish;
  if (publish.client.value().empty()) return place(std::move(pending));
  Said said{publish.room, publish.client, publish.n};
  pending.done = [this, said = std::move(said),
                  done = std::move(pending.done)](wire::Result<broker::Published> outcome) {
    const bool may_come_again = !outcome && wire::is_passing(outcome.error().code);
    if (!may_come_again) {
      gone_out_.erase(said);
    } else if (gone_out_.size() < kMostGoneOut) {
      gone_out_.insert(said);
    }
    done(std::move(outcome));
  };
  place(std::move(pending));
}

void ChannelsBroker::place(Pending pending) {
  rooms_.publish(std::move(pending.publish), std::move(pending.done));
}

void ChannelsBroker::tell_ready() {
  if (busy_rooms_.empty() || pending_.size() > options_.most_pending / 2) return;
  for (const auto& room : std::exchange(busy_rooms_, {})) rooms_.tell_ready(room);
}

}  // namespace chat::rabbitmq
