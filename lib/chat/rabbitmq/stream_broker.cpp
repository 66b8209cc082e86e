#include "chat/rabbitmq/stream_broker.hpp"

#include <chrono>
#include <utility>

#include "chat/base/log.hpp"

namespace chat::rabbitmq {
namespace {

constexpr auto kRetry = std::chrono::seconds(1);
/// Of a reader who is ahead of this node.
constexpr auto kSyncPatience = std::chrono::seconds(10);

}  // namespace

StreamBroker::StreamBroker(base::Executor& executor, StreamLog& log, broker::LocalBroker& rooms,
                           history::Store& store, LogStates& states)
    : executor_(executor),
      log_(log),
      rooms_(rooms),
      store_(store),
      states_(states),
      lane_(log.add_lane(executor, *this)) {
  store_.on_forget(
      [this](const base::RoomName& room, base::Seq head) { states_.forgotten(room, head); });
}

StreamBroker::~StreamBroker() {
  executor_.cancel(retry_timer_);
  store_.on_forget(nullptr);
}

std::string StreamBroker::problem_with(const base::RoomName& room) const {
  if (states_.is_current(room)) return {};
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
  publishes_.emplace(++last_publish_, Publishing{std::move(done), publish.received});
  log_.publish(lane_, std::move(entry), last_publish_);
}

void StreamBroker::read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
                        ReadDone done) {
  if (auto problem = problem_with(room); !problem.empty()) {
    return done(wire::fail(wire::Code::unavailable, std::move(problem)));
  }
  rooms_.read(
      room, epoch, range,
      [this, room, epoch, range, done = std::move(done)](wire::Result<broker::ReadAnswer> answer) {
        const bool is_ahead = answer && range.kind == history::Range::Kind::after &&
                              epoch == answer->epoch && range.seq > answer->page.head;
        if (!is_ahead || epoch.value().empty()) return done(std::move(answer));
        read_when_synced(room, epoch, range, done);
      });
}

void StreamBroker::read_when_synced(const base::RoomName& room, const base::Epoch& epoch,
                                    history::Range range, ReadDone done) {
  const std::uint64_t call = ++last_sync_;
  syncs_.emplace(call, [this, room, epoch, range, done = std::move(done)](bool synced) {
    if (!synced) {
      return done(wire::fail(wire::Code::unavailable,
                             "this node is behind the others; come back, or use another"));
    }
    rooms_.read(room, epoch, range, done);
  });
  executor_.after(kSyncPatience, [this, alive = std::weak_ptr<bool>(alive_), call] {
    if (alive.expired()) return;
    const auto waiting = syncs_.extract(call);
    if (!waiting.empty()) waiting.mapped()(false);
  });
  log_.sync(lane_, states_.partition(room), call);
}

void StreamBroker::on_synced(std::uint64_t call) {
  // Behind what was told before it.
  news_.push_back(Synced{call});
  go_on();
}

void StreamBroker::adopt(const Synced& news) {
  const auto waiting = syncs_.extract(news.call);
  if (!waiting.empty()) waiting.mapped()(true);
}

void StreamBroker::rooms(RoomsDone done) { rooms_.rooms(std::move(done)); }

// ---- what the log says

void StreamBroker::on_log(std::size_t partition, std::size_t partitions, const history::Birth& log,
                          bool is_kept) {
  news_.push_back(NewLog{partition, partitions, log, is_kept});
  go_on();
}

void StreamBroker::on_batch(std::uint64_t ticket, std::vector<Placed> messages) {
  auto batch = std::make_unique<Batch>();
  batch->ticket = ticket;
  batch->messages.reserve(messages.size());
  for (auto& placed : messages) batch->messages.push_back({std::move(placed), batch.get()});
  news_.push_back(std::move(batch));
  go_on();
}

void StreamBroker::on_caught_up(std::size_t partition) {
  news_.push_back(CaughtUp{partition});
  go_on();
}

void StreamBroker::on_refused(std::uint64_t call, const base::RoomName& room,
                              const wire::Error& error) {
  if (error.code == wire::Code::busy) busy_rooms_.insert(room);
  answer(call, tl::unexpected<wire::Error>(error));
}

void StreamBroker::on_accepting() {
  for (const auto& room : std::exchange(busy_rooms_, {})) rooms_.tell_ready(room);
}

/// In the order in which it came; a new log waits until the rooms are done with the one before.
void StreamBroker::go_on() {
  if (std::exchange(going_on_, true)) return;
  while (!news_.empty() && !failed_) {
    if (auto* arrived = std::get_if<BatchRef>(&news_.front())) {
      begin(std::move(*arrived));
    } else if (unanswered_ > 0) {
      break;
    } else if (const auto* log = std::get_if<NewLog>(&news_.front())) {
      adopt(*log);
    } else if (const auto* caught_up = std::get_if<CaughtUp>(&news_.front())) {
      adopt(*caught_up);
    } else {
      adopt(std::get<Synced>(news_.front()));
    }
    news_.pop_front();
  }
  going_on_ = false;
  finish_kept();
}

void StreamBroker::begin(BatchRef batch) {
  under_way_.push_back(std::move(batch));
  for (Held& message : under_way_.back()->messages) keep(message);
}

void StreamBroker::adopt(const NewLog& news) {
  states_.set(news.partition, news.partitions, news.log, news.is_kept);
  if (news.is_kept) return;
  // Called on other threads too: it knows all that it needs.
  const auto is_of_it = [news](const base::RoomName& room) {
    return partition_of(room, news.partitions) == news.partition;
  };
  store_.forget_rooms(is_of_it);
  rooms_.begin_anew(is_of_it);
}

void StreamBroker::adopt(const CaughtUp& news) {
  if (!states_.set_current(news.partition)) return;
  rooms_.announce([this, partition = news.partition](const base::RoomName& room) {
    return states_.partition(room) == partition;
  });
}

// ---- keeping it

void StreamBroker::keep(Held& message) {
  ++message.batch->unanswered;
  ++unanswered_;
  // One that failed must not be overtaken.
  if (failed_) return on_kept(message, wire::fail(wire::Code::unavailable));
  broker::Publish& placed = message.placed.publish;
  placed.quiet = !states_.is_current(placed.room);
  const auto publishing = publishes_.find(message.placed.call);
  if (publishing != publishes_.end()) placed.received = publishing->second.received;
  // What is kept in memory does not fail; for a disk the message is held until it is there.
  broker::Publish publish = store_.durable() ? placed : std::move(placed);
  rooms_.publish(std::move(publish), [this, &message](wire::Result<broker::Published> outcome) {
    on_kept(message, std::move(outcome));
  });
}

void StreamBroker::on_kept(Held& message, wire::Result<broker::Published> outcome) {
  --message.batch->unanswered;
  --unanswered_;
  const bool is_judged = outcome || outcome.error().code == wire::Code::stale_n;
  if (is_judged || !store_.durable()) {
    if (message.placed.call != 0) answer(message.placed.call, std::move(outcome));
  } else {
    if (!std::exchange(failed_, true)) {
      base::Log::error("messages of the log could not be kept; trying again until they can",
                       {{"why", outcome.error().text()}});
    }
    message.failed = true;
    ++message.batch->failed;
  }
  go_on();
}

/// What is kept is told in the order in which it came.
void StreamBroker::finish_kept() {
  while (!under_way_.empty()) {
    const Batch& oldest = *under_way_.front();
    if (oldest.unanswered > 0 || oldest.failed > 0) break;
    log_.applied(lane_, oldest.ticket);
    under_way_.pop_front();
  }
  if (!failed_ || unanswered_ > 0 || retry_timer_ != 0) return;
  retry_timer_ = executor_.after(kRetry, [this] { retry(); });
}

void StreamBroker::retry() {
  retry_timer_ = 0;
  failed_ = false;
  going_on_ = true;
  for (const BatchRef& batch : under_way_) {
    if (std::exchange(batch->failed, 0U) == 0) continue;
    for (Held& message : batch->messages) {
      if (std::exchange(message.failed, false)) keep(message);
    }
  }
  going_on_ = false;
  go_on();
}

void StreamBroker::answer(std::uint64_t call, wire::Result<broker::Published> outcome) {
  const auto publishing = publishes_.extract(call);
  publishing.mapped().done(std::move(outcome));
}

}  // namespace chat::rabbitmq
