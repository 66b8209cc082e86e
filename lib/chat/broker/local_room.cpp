#include "chat/broker/local_room.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/wire/limits.hpp"

namespace chat::broker {
namespace {

/// What a queued message takes beside its body.
constexpr std::size_t kQueuedCost = 512;

}  // namespace

room::Continuity continuity_of(const history::Page& page, const base::Epoch& epoch,
                               const wire::Cursor& cursor) {
  return room::Timeline(epoch, page.head, page.floor).judge(cursor);
}

LocalRoom::LocalRoom(base::RoomName name, base::Executor& executor, history::Store& store,
                     Keeper& keeper, const Limits& limits)
    : name_(std::move(name)),
      executor_(executor),
      store_(store),
      keeper_(keeper),
      limits_(limits) {}

bool LocalRoom::in_use() const noexcept {
  return subscribed() || turning_ || state_ == State::opening || !waiting_.empty() ||
         !in_flight_.empty();
}

// ---- turns

template <class Start>
void LocalRoom::turn(Start start) {
  if (turning_) {
    start();
    return;
  }
  turning_ = true;
  start();
  while (step()) {
  }
  turning_ = false;
  keeper_.room_settled(*this);  // nothing after this: it may be gone
}

bool LocalRoom::step() {
  if (answered_ > 0) {
    finish_oldest();
    return true;
  }
  if (broken_ && in_flight_.empty()) forget_timeline();
  if (tell_restart_ && ready()) {
    tell_restarted();
    return true;
  }
  if (waiting_.empty() && !tell_restart_) return false;
  if (state_ == State::closed) {
    open();
    return true;
  }
  if (!ready() || waiting_.empty()) return false;
  Waiting next = waiting_.pop();
  std::visit([this](auto& call) { carry_out(call); }, next);
  return true;
}

// ---- calls

void LocalRoom::subscribe(Sink& sink, Broker::SubscribeDone done) {
  ++subscribing_;
  turn([&] { waiting_.push(Subscribing{&sink, std::move(done)}); });
}

void LocalRoom::unsubscribe(Sink& sink) {
  turn([&] {
    subscribing_ -= waiting_.erase_if([&sink](const Waiting& waiting) {
      const auto* subscribing = std::get_if<Subscribing>(&waiting);
      return subscribing != nullptr && subscribing->sink == &sink;
    });
    const auto found = std::find(sinks_.begin(), sinks_.end(), &sink);
    if (found == sinks_.end()) return;
    if (delivering_) {
      *found = nullptr;
    } else {
      sinks_.erase(found);
    }
  });
}

void LocalRoom::publish(Publish publish, Broker::PublishDone done) {
  turn([&] {
    const bool placed =
        publish.seq > base::Seq(0);  // whoever placed it holds back when there is too much
    if (!placed && !has_room_for(publish.body.size())) return done(wire::fail(wire::Code::busy));
    Publishing call{std::move(publish), std::move(done)};
    if (ready() && waiting_.empty()) return carry_out(call);
    call.queued = true;
    enter_queue(call.publish.body.size());
    waiting_.push(std::move(call));
  });
}

void LocalRoom::complete_read(history::Page page, wire::Cursor cursor, Broker::ReadDone done) {
  turn([&] {
    Reading call{std::move(page), std::move(cursor), std::move(done)};
    if (timeline_) return carry_out(call);
    if (!has_room_for(0)) return call.done(wire::fail(wire::Code::busy));
    waiting_.push(std::move(call));
  });
}

void LocalRoom::trimmed(base::Seq floor) {
  if (timeline_) timeline_->trimmed(floor);
}

void LocalRoom::begin_anew() {
  turn([&] {
    last_at_ = 0;
    if (state_ == State::opening) {
      reopen_ = true;
    } else {
      forget_timeline();
    }
  });
}

void LocalRoom::announce() {
  turn([&] { tell_restart_ = !sinks_.empty(); });
}

void LocalRoom::tell_restarted() {
  tell_restart_ = false;
  const RoomHead head = timeline_ ? RoomHead{timeline_->epoch(), committed_} : RoomHead();
  tell_sinks([&](Sink& sink) { sink.on_restart(name_, head); });
}

void LocalRoom::tell_ready() {
  turn([&] { tell_sinks([this](Sink& sink) { sink.on_ready(name_); }); });
}

template <class Tell>
void LocalRoom::tell_sinks(Tell tell) {
  const std::vector<Sink*> sinks = sinks_;  // whoever is told may leave
  for (Sink* const sink : sinks) {
    const bool is_there = std::find(sinks_.begin(), sinks_.end(), sink) != sinks_.end();
    if (sink != nullptr && is_there) tell(*sink);
  }
}

room::Dedup::Answer LocalRoom::recognise(const base::ClientId& client, std::uint64_t n) const {
  if (!ready()) return {};
  const auto answer = timeline_->judge(client, n);
  const bool under_way = answer.verdict == room::Dedup::Verdict::repeat && answer.seq > committed_;
  return under_way ? room::Dedup::Answer() : answer;
}

bool LocalRoom::has_room_for(std::size_t bytes) const noexcept {
  const std::size_t total = keeper_.queued_bytes;
  if (total > 0 && total + bytes + kQueuedCost > limits_.queue_bytes_total) return false;
  const std::size_t queued = waiting_.size() + in_flight_.size() + repeats_.size();
  if (queued == 0) return true;
  return queued < limits_.queue_messages && queued_bytes_ + bytes <= limits_.queue_bytes;
}

void LocalRoom::enter_queue(std::size_t bytes) noexcept {
  queued_bytes_ += bytes;
  keeper_.queued_bytes += bytes + kQueuedCost;
}

void LocalRoom::leave_queue(std::size_t bytes) noexcept {
  queued_bytes_ -= bytes;
  keeper_.queued_bytes -= bytes + kQueuedCost;
}

// ---- opening

void LocalRoom::open() {
  state_ = State::opening;
  store_.open(name_,
              [this](wire::Result<history::OpenedRoom> opened) { on_opened(std::move(opened)); });
}

void LocalRoom::on_opened(wire::Result<history::OpenedRoom> opened) {
  turn([&] {
    if (std::exchange(reopen_, false)) return forget_timeline();
    if (!opened) return refuse_waiting(opened.error());
    adopt(*opened);
    const bool knows_time = last_at_ != 0 || opened->head <= opened->floor;
    if (knows_time) {
      state_ = State::ready;
    } else {
      ask_last_time();
    }
  });
}

void LocalRoom::adopt(const history::OpenedRoom& opened) {
  timeline_.emplace(opened.epoch, opened.head, opened.floor);
  if (!opened.dedup.empty() && !timeline_->restore_dedup(opened.dedup)) {
    base::Log::error("a room's dedup snapshot is damaged; messages sent again may show twice",
                     {{"room", name_.value()}});
  }
  for (const auto& message : opened.after_snapshot) {
    timeline_->applied(message->client, message->n, message->seq);
    last_at_ = std::max(last_at_, message->at);
  }
  since_snapshot_ = opened.after_snapshot.size();
  committed_ = timeline_->head();
}

void LocalRoom::ask_last_time() {
  history::Range newest;
  newest.limit = 1;
  newest.max_bytes = 1;
  store_.read(name_, newest, [this](wire::Result<history::Page> page) {
    turn([&] {
      if (std::exchange(reopen_, false)) return forget_timeline();
      if (!page) return refuse_waiting(page.error());
      for (const auto& message : page->messages) last_at_ = std::max(last_at_, message->at);
      state_ = State::ready;
    });
  });
}

void LocalRoom::refuse_waiting(const wire::Error& error) {
  forget_timeline();
  if (tell_restart_) tell_restarted();
  Fifo<Waiting> refused;
  std::swap(refused, waiting_);
  subscribing_ = 0;
  while (!refused.empty()) {
    Waiting next = refused.pop();
    if (const auto* publishing = std::get_if<Publishing>(&next)) {
      leave_queue(publishing->publish.body.size());
    }
    std::visit([&error](auto& call) { call.done(tl::unexpected<wire::Error>(error)); }, next);
  }
}

/// What waits of a sender whose message the store did not take: it would overtake. Those that a log
/// has placed are behind none.
std::vector<Broker::PublishDone> LocalRoom::take_waiting_of(const base::ClientId& client) {
  std::vector<Broker::PublishDone> taken;
  if (client.value().empty()) return taken;
  waiting_.erase_if([&](const Waiting& waiting) {
    const auto* publishing = std::get_if<Publishing>(&waiting);
    const bool is_behind = publishing != nullptr && publishing->publish.client == client &&
                           publishing->publish.seq == base::Seq(0);
    if (!is_behind) return false;
    leave_queue(publishing->publish.body.size());
    taken.push_back(publishing->done);
    return true;
  });
  return taken;
}

void LocalRoom::forget_timeline() {
  timeline_.reset();
  state_ = State::closed;
  broken_ = false;
}

// ---- what is carried out in a ready room

void LocalRoom::carry_out(Subscribing& call) {
  --subscribing_;
  sinks_.push_back(call.sink);
  call.done(RoomHead{timeline_->epoch(), committed_});
}

void LocalRoom::carry_out(Publishing& call) {
  if (call.queued) leave_queue(call.publish.body.size());
  const base::Seq place = call.publish.seq;
  if (place > base::Seq(0) && place <= timeline_->head())
    return wait_for(place, std::move(call.done));
  const auto answer = timeline_->judge(call.publish.client, call.publish.n);
  switch (answer.verdict) {
    case room::Dedup::Verdict::fresh: return append(std::move(call.publish), std::move(call.done));
    case room::Dedup::Verdict::repeat: return wait_for(answer.seq, std::move(call.done));
    case room::Dedup::Verdict::stale: return call.done(wire::fail(wire::Code::stale_n));
  }
}

void LocalRoom::carry_out(Reading& call) {
  const auto continuity = continuity_of(call.page, timeline_->epoch(), call.cursor);
  call.done(ReadAnswer{std::move(call.page), timeline_->epoch(), continuity});
}

void LocalRoom::wait_for(base::Seq seq, Broker::PublishDone done) {
  if (seq <= committed_) return done(Published{seq, timeline_->epoch(), true});
  repeats_.push_back({seq, std::move(done)});
}

void LocalRoom::append(Publish&& publish, Broker::PublishDone&& done) {
  if (timeline_->head().value() + 1 >= wire::kMaxInteger) {
    return done(wire::fail(wire::Code::unavailable, "the room has given out its last seq"));
  }
  const bool quiet = publish.quiet;
  auto message = next_message(std::move(publish));
  timeline_->applied(message->client, message->n, message->seq);
  history::Append append;
  append.room = name_;
  append.messages.push_back(message);
  if (++since_snapshot_ >= limits_.snapshot_every) {
    append.dedup = timeline_->dedup_snapshot();
    since_snapshot_ = 0;
  }
  enter_queue(message->body.size());
  in_flight_.push({std::move(message), std::move(done), nullptr, quiet});
  store_.append(std::move(append),
                [this](wire::Result<void> outcome) { on_appended(std::move(outcome)); });
}

wire::MessagePtr LocalRoom::next_message(Publish&& publish) {
  auto message = std::make_shared<wire::Message>();
  if (publish.seq > base::Seq(0)) {
    message->seq = publish.seq;
    message->at = publish.at;
  } else {
    last_at_ = std::max(last_at_, executor_.wall_now());
    message->seq = timeline_->allot();
    message->at = last_at_;
  }
  message->name = std::move(publish.name);
  message->client = std::move(publish.client);
  message->n = publish.n;
  message->body = std::move(publish.body);
  message->received = publish.received;
  return message;
}

// ---- what the store answers

void LocalRoom::on_appended(wire::Result<void> outcome) {
  turn([&] {
    Appending& appending = in_flight_[answered_++];
    if (outcome) return;
    appending.error = std::make_unique<wire::Error>(std::move(outcome.error()));
    broken_ = true;
  });
}

void LocalRoom::finish_oldest() {
  const Appending oldest = in_flight_.pop();
  --answered_;
  leave_queue(oldest.message->body.size());
  const base::Seq seq = oldest.message->seq;
  if (oldest.error) {
    const auto behind = take_waiting_of(oldest.message->client);
    oldest.done(tl::unexpected<wire::Error>(*oldest.error));
    for (const auto& done : behind) done(tl::unexpected<wire::Error>(*oldest.error));
    return answer_repeats(seq, tl::unexpected<wire::Error>(*oldest.error));
  }
  committed_ = seq;
  if (!oldest.quiet) deliver(oldest.message);
  oldest.done(Published{seq, timeline_->epoch(), false});
  if (!repeats_.empty()) answer_repeats(seq, Published{seq, timeline_->epoch(), true});
}

void LocalRoom::deliver(const wire::MessagePtr& message) {
  delivering_ = true;
  for (Sink* const& sink : sinks_) {  // whoever leaves meanwhile nulls its place; none is added
    if (sink != nullptr) sink->on_message(name_, message);
  }
  delivering_ = false;
  sinks_.erase(std::remove(sinks_.begin(), sinks_.end(), nullptr), sinks_.end());
}

void LocalRoom::answer_repeats(base::Seq seq, const wire::Result<Published>& outcome) {
  std::vector<Repeat> answered;
  const auto waits = [seq](const Repeat& repeat) { return repeat.seq != seq; };
  const auto first = std::stable_partition(repeats_.begin(), repeats_.end(), waits);
  std::move(first, repeats_.end(), std::back_inserter(answered));
  repeats_.erase(first, repeats_.end());
  for (const Repeat& repeat : answered) repeat.done(outcome);
}

}  // namespace chat::broker
