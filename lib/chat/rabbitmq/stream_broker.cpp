#include "chat/rabbitmq/stream_broker.hpp"

#include <utility>

#include "chat/base/log.hpp"

namespace chat::rabbitmq {

StreamBroker::StreamBroker(base::Executor& executor, StreamLog& log, broker::LocalBroker& rooms,
                           history::MemoryStore& store, LogStates& states)
    : executor_(executor),
      log_(log),
      rooms_(rooms),
      store_(store),
      states_(states),
      lane_(log.add_lane(executor, *this)) {
  store_.on_forget(
      [this](const base::RoomName& room, base::Seq head) { states_.forgotten(room, head); });
}

StreamBroker::~StreamBroker() { store_.on_forget(nullptr); }

std::string StreamBroker::problem_with(const base::RoomName& room) const {
  if (caught_up_ && states_.knows(room)) return {};
  return "this node is still catching up with RabbitMQ; come back in a moment";
}

// ---- calls

void StreamBroker::subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) {
  if (auto problem = problem_with(room); !problem.empty()) {
    return done(wire::fail(wire::Code::unavailable, std::move(problem)));
  }
  rooms_.subscribe(room, sink, std::move(done));
}

void StreamBroker::unsubscribe(const base::RoomName& room, broker::Sink& sink) {
  rooms_.unsubscribe(room, sink);
}

void StreamBroker::publish(broker::Publish publish, PublishDone done) {
  using Verdict = room::Dedup::Verdict;
  if (auto problem = problem_with(publish.room); !problem.empty()) {
    return done(wire::fail(wire::Code::unavailable, std::move(problem)));
  }
  // The log says it too; this spares it what needs no saying.
  const auto known = rooms_.recognise(publish.room, publish.client, publish.n);
  if (known.verdict == Verdict::stale) return done(wire::fail(wire::Code::stale_n));
  if (known.verdict == Verdict::repeat) {
    return done(broker::Published{known.seq, states_.birth(publish.room).epoch, true});
  }
  Entry entry;
  entry.room = std::move(publish.room);
  entry.name = std::move(publish.name);
  entry.client = std::move(publish.client);
  entry.n = publish.n;
  entry.at = executor_.wall_now();
  entry.body = std::move(publish.body);
  const auto call = publishes_.begin(std::move(done));
  received_.emplace(call, publish.received);
  log_.publish(lane_, std::move(entry), call);
}

void StreamBroker::read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
                        ReadDone done) {
  if (auto problem = problem_with(room); !problem.empty()) {
    return done(wire::fail(wire::Code::unavailable, std::move(problem)));
  }
  rooms_.read(room, epoch, range, std::move(done));
}

void StreamBroker::rooms(RoomsDone done) { rooms_.rooms(std::move(done)); }

// ---- what the log says

void StreamBroker::on_log(std::size_t partition, std::size_t partitions,
                          const history::Birth& log) {
  states_.set(partition, partitions, log);
  const auto is_of_it = [this, partition](const base::RoomName& room) {
    return states_.partition(room) == partition;
  };
  store_.forget_rooms(is_of_it);
  rooms_.restart(is_of_it);
}

void StreamBroker::on_batch(std::uint64_t ticket, std::vector<Placed> messages) {
  auto left = std::make_shared<std::size_t>(messages.size());
  for (auto& message : messages) {
    const auto received = received_.find(message.call);
    if (received != received_.end()) message.publish.received = received->second;
    rooms_.publish(std::move(message.publish), [this, ticket, left, call = message.call](
                                                   wire::Result<broker::Published> outcome) {
      if (call != 0) answer(call, std::move(outcome));
      if (--*left == 0) log_.applied(lane_, ticket);
    });
  }
}

void StreamBroker::on_caught_up() { caught_up_ = true; }

void StreamBroker::on_refused(std::uint64_t call, const wire::Error& error) {
  answer(call, tl::unexpected<wire::Error>(error));
}

void StreamBroker::answer(std::uint64_t call, wire::Result<broker::Published> outcome) {
  received_.erase(call);
  publishes_.answer(call, std::move(outcome));
}

}  // namespace chat::rabbitmq
