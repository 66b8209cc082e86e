#include "chat/rabbitmq/stream_broker.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "chat/base/log.hpp"

namespace chat::rabbitmq {
namespace {

constexpr auto kRetry = std::chrono::seconds(1);

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

void StreamBroker::on_log(std::size_t partition, std::size_t partitions, const history::Birth& log,
                          bool is_kept) {
  news_.push_back(NewLog{partition, partitions, log, is_kept});
  go_on();
}

void StreamBroker::on_batch(std::uint64_t ticket, std::vector<Placed> messages) {
  auto batch = std::make_shared<Batch>();
  batch->ticket = ticket;
  batch->messages = std::move(messages);
  news_.push_back(std::move(batch));
  go_on();
}

void StreamBroker::on_caught_up() { caught_up_ = true; }

void StreamBroker::on_refused(std::uint64_t call, const wire::Error& error) {
  answer(call, tl::unexpected<wire::Error>(error));
}

/// In the order in which it came; a new log waits until the rooms are done with the one before.
void StreamBroker::go_on() {
  if (std::exchange(going_on_, true)) return;
  while (!news_.empty() && !failed_) {
    if (const auto* log = std::get_if<NewLog>(&news_.front())) {
      if (unanswered_ > 0) break;
      adopt(*log);
      news_.pop_front();
      continue;
    }
    const BatchRef batch = std::get<BatchRef>(std::move(news_.front()));
    news_.pop_front();
    under_way_.push_back(batch);
    std::vector<std::size_t> all(batch->messages.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    keep(batch, all);
  }
  going_on_ = false;
  finish_kept();
}

void StreamBroker::adopt(const NewLog& news) {
  states_.set(news.partition, news.partitions, news.log);
  if (news.is_kept) return;
  // Called on other threads too: it knows all that it needs.
  const auto is_of_it = [news](const base::RoomName& room) {
    return partition_of(room, news.partitions) == news.partition;
  };
  store_.forget_rooms(is_of_it);
  rooms_.restart(is_of_it);
}

// ---- keeping it

void StreamBroker::keep(const BatchRef& batch, const std::vector<std::size_t>& messages) {
  batch->unanswered += messages.size();
  unanswered_ += messages.size();
  for (const std::size_t index : messages) {
    // One that failed must not be overtaken.
    if (failed_) {
      on_kept(batch, index, wire::fail(wire::Code::unavailable));
      continue;
    }
    Placed& message = batch->messages[index];
    const auto received = received_.find(message.call);
    if (received != received_.end()) message.publish.received = received->second;
    // What is kept in memory does not fail; for a disk the message is held until it is there.
    broker::Publish publish = store_.durable() ? message.publish : std::move(message.publish);
    rooms_.publish(std::move(publish),
                   [this, batch, index](wire::Result<broker::Published> outcome) {
                     on_kept(batch, index, std::move(outcome));
                   });
  }
}

void StreamBroker::on_kept(const BatchRef& batch, std::size_t index,
                           wire::Result<broker::Published> outcome) {
  --batch->unanswered;
  --unanswered_;
  const bool is_judged = outcome || outcome.error().code == wire::Code::stale_n;
  if (is_judged || !store_.durable()) {
    const std::uint64_t call = batch->messages[index].call;
    if (call != 0) answer(call, std::move(outcome));
  } else {
    if (!std::exchange(failed_, true)) {
      base::Log::error("messages of the log could not be kept; trying again until they can",
                       {{"why", outcome.error().text()}});
    }
    batch->failed.push_back(index);
  }
  go_on();
}

/// What is kept is told in the order in which it came.
void StreamBroker::finish_kept() {
  while (!under_way_.empty()) {
    const Batch& oldest = *under_way_.front();
    if (oldest.unanswered > 0 || !oldest.failed.empty()) break;
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
  for (const BatchRef& batch : std::deque<BatchRef>(under_way_)) {
    auto failed = std::exchange(batch->failed, {});
    std::sort(failed.begin(), failed.end());
    keep(batch, failed);
  }
  going_on_ = false;
  go_on();
}

void StreamBroker::answer(std::uint64_t call, wire::Result<broker::Published> outcome) {
  received_.erase(call);
  publishes_.answer(call, std::move(outcome));
}

}  // namespace chat::rabbitmq
