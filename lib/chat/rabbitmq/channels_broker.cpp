#include "chat/rabbitmq/channels_broker.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/base/text.hpp"
#include "chat/rabbitmq/channels_topology.hpp"

namespace chat::rabbitmq {
namespace {

constexpr std::uint16_t kPrefetch = 1000;
const std::string kConsumer = "channels";
/// What a member of a Django node is called here: the original has no names.
constexpr const char* kForeignName = "django";

wire::Error away() {
  wire::Error error = wire::error_of(wire::Code::unavailable);
  error.detail = "RabbitMQ cannot be reached, and the other nodes not without it; come back in a "
                 "moment";
  return error;
}

}  // namespace

ChannelsBroker::ChannelsBroker(base::Executor& executor, AmqpConnector& connector,
                               broker::LocalBroker& rooms, Options options,
                               ChannelsCounters& counters)
    : executor_(executor),
      rooms_(rooms),
      options_(std::move(options)),
      queue_(channels_queue(options_.node)),
      counters_(counters),
      line_(executor, connector, options_.line, *this) {}

ChannelsBroker::~ChannelsBroker() = default;

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
  line_.channel()->declare(channels_exchange(), then(&ChannelsBroker::declare_queue));
}

void ChannelsBroker::declare_queue() {
  line_.channel()->declare(channels_queue_spec(queue_),
                           [this](const AmqpResult<AmqpChannel::Declared>& result) {
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
  counters_.connected = true;
}

void ChannelsBroker::on_lost(const Failure&) {
  is_open_ = false;
  counters_.connected = false;
  ++counters_.connections_lost;
  // Whom they have reached is not known: they are not sent again.
  for (auto& [number, pending] : std::exchange(pending_, {})) {
    ++counters_.unsure;
    place(std::move(pending));
  }
  std::vector<Joining> refused;
  for (auto at = groups_.begin(); at != groups_.end();) {
    Group& group = at->second;
    group.is_bound = group.is_binding = false;
    for (auto& joining : std::exchange(group.joining, {})) refused.push_back(std::move(joining));
    at = group.sinks.empty() ? groups_.erase(at) : std::next(at);
  }
  for (auto& joining : refused) joining.done(tl::unexpected(away()));
  tell_ready();
}

void ChannelsBroker::on_cancelled(const std::string&) {
  line_.restart("the queue of this node is gone");
}

void ChannelsBroker::on_blocked(bool blocked, const std::string& reason) {
  base::Log::warn(blocked ? "RabbitMQ takes no messages for now" : "RabbitMQ takes messages again",
                  {{"why", reason}});
}

// ---- rooms

void ChannelsBroker::subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) {
  if (auto problem = problem_of_shared_room(room); !problem.empty()) {
    return done(wire::fail(wire::Code::bad_room, std::move(problem)));
  }
  if (!is_open_) return done(tl::unexpected(away()));
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
  line_.channel()->bind(queue_, channels_exchange().name, channels_key(room),
                        [this, room](const AmqpResult<void>& result) {
                          if (!result) return line_.restart(result.error());
                          on_bound(room);
                        });
}

void ChannelsBroker::on_bound(const base::RoomName& room) {
  const auto found = groups_.find(room);
  if (found == groups_.end()) return;
  Group& group = found->second;
  group.is_binding = false;
  group.is_bound = true;
  auto joining = std::exchange(group.joining, {});
  for (const auto& each : joining) group.sinks.insert(each.sink);
  for (auto& each : joining) rooms_.subscribe(room, *each.sink, std::move(each.done));
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

/// What is bound and wanted by nobody is let go; what is still being bound when that is done.
void ChannelsBroker::leave_when_empty(const base::RoomName& room) {
  const auto found = groups_.find(room);
  if (found == groups_.end()) return;
  const Group& group = found->second;
  if (!group.sinks.empty() || !group.joining.empty() || group.is_binding) return;
  groups_.erase(found);
  auto* channel = line_.channel();
  if (channel == nullptr) return;
  channel->unbind(queue_, channels_exchange().name, channels_key(room),
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
  const auto group = groups_.find(publish.room);
  const bool is_bound = group != groups_.end() && group->second.is_bound;
  if (!is_open_ || !is_bound) return done(tl::unexpected(away()));
  if (pending_.size() >= options_.most_pending) {
    busy_rooms_.insert(publish.room);
    return done(wire::fail(wire::Code::busy));
  }
  ChannelsMessage message;
  message.room = publish.room;
  message.body = publish.body;
  message.node = options_.node;
  message.number = last_number_ + 1;
  message.name = publish.name;
  message.client = publish.client;
  message.n = publish.n;
  auto body = encode_channels(message);
  if (!body) return done(tl::unexpected(body.error()));
  const std::uint64_t number = ++last_number_;
  Outgoing outgoing;
  outgoing.exchange = channels_exchange().name;
  outgoing.key = channels_key(publish.room);
  outgoing.body = std::move(*body);
  pending_.emplace(number, Pending{std::move(publish), std::move(done)});
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
  if (message.node == options_.node) {
    auto own = pending_.extract(message.number);
    if (!own.empty()) place(std::move(own.mapped()));
    return;
  }
  ++counters_.received;
  broker::Publish publish;
  publish.room = std::move(message.room);
  publish.name = message.name.empty() ? kForeignName : std::move(message.name);
  publish.client = std::move(message.client);
  publish.n = message.n;
  publish.body = std::move(message.body);
  publish.received = executor_.now();
  place({std::move(publish), [](const wire::Result<broker::Published>&) {}});
}

void ChannelsBroker::place(Pending pending) {
  rooms_.publish(std::move(pending.publish), std::move(pending.done));
}

void ChannelsBroker::tell_ready() {
  if (busy_rooms_.empty() || pending_.size() > options_.most_pending / 2) return;
  for (const auto& room : std::exchange(busy_rooms_, {})) rooms_.tell_ready(room);
}

}  // namespace chat::rabbitmq
