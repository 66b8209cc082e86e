#include "chat/rabbitmq/signal_exchange.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/rabbitmq/topology.hpp"

namespace chat::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kConsumer = "signals";
constexpr std::size_t kKey = 0;
constexpr int kBeatsPerLease = 3;
constexpr std::size_t kWindow = 32;  // signals without a confirm
constexpr std::size_t kBodyBytes = 48U << 10;
constexpr std::size_t kMostChanges = 65'536;  // that wait
constexpr std::size_t kMostTypings = 1024;
constexpr std::size_t kMostPeers = 1024;
constexpr std::size_t kMostMembers = 1'000'000;  // of one node
constexpr auto kStopPatience = seconds(1);

bool lasts(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::credentials:
    case Failure::Kind::vhost:
    case Failure::Kind::forbidden:
    case Failure::Kind::not_found:
    case Failure::Kind::differs: return true;
    default: return false;
  }
}

/// Takes from the front as many as fit into one signal.
template <class Item>
std::vector<Item> take_some(std::deque<Item>& items) {
  std::vector<Item> some;
  std::size_t bytes = 0;
  while (!items.empty()) {
    bytes += encoded_bound(items.front());
    if (!some.empty() && bytes > kBodyBytes) break;
    some.push_back(std::move(items.front()));
    items.pop_front();
  }
  return some;
}

}  // namespace

/// What a lane's presence tells, gathered over a turn of its loop.
class SignalExchange::LaneFeed final : public broker::PresenceFeed {
 public:
  LaneFeed(SignalExchange& exchange, base::Executor& lane) : exchange_(exchange), lane_(lane) {}

  void on_change(broker::MemberChange change) override {
    hand_over_later();
    changes_.push_back(std::move(change));
  }
  void on_typing(broker::MemberTyping typing) override {
    hand_over_later();
    typings_.push_back(std::move(typing));
  }

 private:
  void hand_over_later() {
    if (changes_.empty() && typings_.empty()) lane_.defer([this] { hand_over(); });
  }
  void hand_over() {
    exchange_.executor_.post([&exchange = exchange_, changes = std::exchange(changes_, {}),
                              typings = std::exchange(typings_, {})]() mutable {
      exchange.take_local(std::move(changes), std::move(typings));
    });
  }

  SignalExchange& exchange_;
  base::Executor& lane_;
  Changed changes_;
  std::vector<broker::MemberTyping> typings_;
};

SignalExchange::SignalExchange(base::Executor& executor, AmqpConnector& connector, Options options,
                               const std::vector<Lane>& lanes, LaneOf lane_of)
    : executor_(executor),
      connector_(connector),
      options_(std::move(options)),
      lanes_(lanes),
      lane_of_(std::move(lane_of)),
      random_(options_.seed),
      backoff_(milliseconds(100), seconds(5)),
      long_backoff_(seconds(1), seconds(30)) {
  for (const Lane& lane : lanes_) {
    feeds_.push_back(std::make_unique<LaneFeed>(*this, lane.executor));
    lane.presence.join_cluster(options_.node, *feeds_.back());
  }
}

SignalExchange::~SignalExchange() {
  for (const auto timer : {retry_timer_, tick_timer_, stop_timer_, gather_timer_, sync_timer_}) {
    executor_.cancel(timer);
  }
}

// ---- the connection

void SignalExchange::start() {
  started_ = executor_.now();
  tick_timer_ = executor_.after(options_.lease / kBeatsPerLease, [this] { tick(); });
  connect();
}

void SignalExchange::connect() {
  retry_timer_ = 0;
  blocked_ = false;
  state_ = State::connecting;
  Endpoint endpoint = options_.endpoints[endpoint_];
  endpoint.confirms = true;
  channel_ = connector_.connect(endpoint, executor_, *this);
}

/// Goes on with the next step of setting up once this one has been answered.
AmqpChannel::Done SignalExchange::then(void (SignalExchange::*next)()) {
  return [this, next](const AmqpResult<void>& done) {
    if (state_ != State::connecting) return;
    if (!done) return fail(done.error());
    (this->*next)();
  };
}

void SignalExchange::on_open() {
  if (state_ != State::connecting) return;
  auto exchange = signal_exchange_spec();
  exchange.passive = true;  // a user who may not make it may use it
  channel_->declare(exchange, [this](const AmqpResult<void>& there) {
    if (there || there.error().kind != Failure::Kind::not_found) {
      return then(&SignalExchange::declare_queue)(there);
    }
    if (state_ != State::connecting) return;
    channel_->declare(signal_exchange_spec(), then(&SignalExchange::declare_queue));
  });
}

void SignalExchange::declare_queue() {
  channel_->declare(node_queue_spec(options_.node),
                    [this](const AmqpResult<AmqpChannel::Declared>& declared) {
                      AmqpResult<void> done;
                      if (!declared) done = tl::unexpected<Failure>(declared.error());
                      then (&SignalExchange::bind)(done);
                    });
}

void SignalExchange::bind() {
  channel_->bind(node_queue(options_.node), kSignalExchange, signal_key(kKey),
                 then(&SignalExchange::consume));
}

void SignalExchange::consume() {
  ConsumeSpec consumer;
  consumer.queue = node_queue(options_.node);
  consumer.tag = kConsumer;
  consumer.no_ack = true;
  channel_->consume(consumer, then(&SignalExchange::opened));
}

void SignalExchange::opened() {
  state_ = State::open;
  counters_.connected = true;
  told_failure_.reset();
  backoff_.reset();
  long_backoff_.reset();
  last_number_ = 0;
  heard_self_ = executor_.now();
  base::Log::info("signals: connected", {{"host", options_.endpoints[endpoint_].host}});
  tell_all_instead();
  if (peers_.empty()) {
    ask({});
    asked_all_ = executor_.now();
  }
  pump();
}

void SignalExchange::on_lost(const Failure& failure) { fail(failure); }

void SignalExchange::on_cancelled(const std::string&) {
  fail({Failure::Kind::closed, 0, "the node's queue was deleted"});
}

void SignalExchange::on_returned(const std::string&, const std::string&) {}

void SignalExchange::on_blocked(bool blocked, const std::string& reason) {
  if (blocked == blocked_) return;
  blocked_ = blocked;
  if (blocked) {
    base::Log::warn("signals: RabbitMQ takes nothing for now", {{"reason", reason}});
  } else {
    base::Log::info("signals: RabbitMQ takes messages again");
    heard_self_ = executor_.now();
    pump();
  }
}

/// The connection is of no use any more: another one follows.
void SignalExchange::fail(const Failure& failure) {
  if (state_ == State::stopping) return finish_stop();
  if (state_ != State::connecting && state_ != State::open) return;
  log_failure(failure);
  state_ = State::waiting;
  counters_.connected = false;
  drop_waiting();
  // Later, because this may be inside one of its events.
  executor_.post([this] {
    if (state_ == State::waiting) channel_.reset();
  });
  endpoint_ = (endpoint_ + 1) % options_.endpoints.size();
  auto& backoff = lasts(failure.kind) ? long_backoff_ : backoff_;
  retry_timer_ = executor_.after(backoff.next(random_()), [this] { connect(); });
}

void SignalExchange::log_failure(const Failure& failure) {
  if (told_failure_ == failure.kind) return;
  told_failure_ = failure.kind;
  base::Log::warn(state_ == State::open ? "signals: connection lost, members of other nodes will go"
                                        : "signals: no connection, trying on",
                  {{"host", options_.endpoints[endpoint_].host},
                   {"code", std::to_string(failure.code)},
                   {"reason", failure.text}});
}

/// Forgets what waits to be sent: all members are told when there is a connection again.
void SignalExchange::drop_waiting() {
  counters_.dropped += changes_.size() + typings_.size();
  changes_.clear();
  typings_.clear();
  parts_.clear();
  asks_.clear();
  unconfirmed_.clear();
  beat_due_ = false;
  sync_wanted_ = false;
  executor_.cancel(std::exchange(gather_timer_, 0));
  executor_.cancel(std::exchange(sync_timer_, 0));
}

void SignalExchange::stop(std::function<void()> done) {
  stopped_ = std::move(done);
  executor_.cancel(std::exchange(retry_timer_, 0));
  executor_.cancel(std::exchange(tick_timer_, 0));
  const bool can_tell = state_ == State::open && !blocked_;
  drop_waiting();
  state_ = State::stopping;
  if (!can_tell) return finish_stop();
  publish(Bye{});
  stop_timer_ = executor_.after(kStopPatience, [this] { finish_stop(); });
}

void SignalExchange::finish_stop() {
  state_ = State::stopped;
  counters_.connected = false;
  executor_.cancel(std::exchange(stop_timer_, 0));
  executor_.post([this] {
    channel_.reset();
    if (auto done = std::exchange(stopped_, nullptr)) done();
  });
}

void SignalExchange::tick() {
  tick_timer_ = executor_.after(options_.lease / kBeatsPerLease, [this] { tick(); });
  const auto now = executor_.now();
  if (blocked_) {  // nobody can beat
    for (auto& [name, peer] : peers_) peer.heard = now;
    return;
  }
  expire_peers();
  if (state_ != State::open) return;
  if (now - heard_self_ >= options_.lease) {
    return fail({Failure::Kind::timed_out, 0, "the node's own signals do not come back"});
  }
  beat_due_ = true;
  pump();
}

// ---- out

void SignalExchange::take_local(Changed changes, std::vector<broker::MemberTyping> typings) {
  for (const auto& change : changes) remember(change);
  if (state_ != State::open) {
    counters_.dropped += typings.size();
    return;
  }
  std::move(changes.begin(), changes.end(), std::back_inserter(changes_));
  if (changes_.size() > kMostChanges) tell_all_instead();
  for (auto& typing : typings) {
    if (typings_.size() < kMostTypings) {
      typings_.push_back(std::move(typing));
    } else {
      ++counters_.dropped;
    }
  }
  pump_soon();
}

void SignalExchange::remember(const broker::MemberChange& change) {
  if (!change.name.empty()) {
    own_[change.room][change.key] = {change.name, change.claimed_at};
    return;
  }
  const auto room = own_.find(change.room);
  if (room == own_.end()) return;
  room->second.erase(change.key);
  if (room->second.empty()) own_.erase(room);
}

void SignalExchange::pump_soon() {
  if (gather_timer_ != 0) return;
  gather_timer_ = executor_.after(options_.gather, [this] {
    gather_timer_ = 0;
    pump();
  });
}

void SignalExchange::pump() {
  while (state_ == State::open && !blocked_ && unconfirmed_.size() < kWindow && publish_next()) {
  }
}

/// False when there is nothing to tell. The parts of a sync follow each other, and what it tells is
/// newer than all changes before it.
bool SignalExchange::publish_next() {
  if (std::exchange(beat_due_, false)) {
    publish(Beat{});
  } else if (!parts_.empty()) {
    auto part = std::move(parts_.front());
    parts_.pop_front();
    publish(std::move(part));
  } else if (!changes_.empty()) {
    publish(Changes{take_some(changes_)});
  } else if (!typings_.empty()) {
    publish(Typings{take_some(typings_)});
  } else if (!asks_.empty()) {
    auto node = std::move(asks_.front());
    asks_.pop_front();
    publish(SyncRequest{std::move(node)});
  } else {
    return begin_wanted_sync();
  }
  return true;
}

void SignalExchange::publish(SignalContent content) {
  Outgoing message;
  message.exchange = kSignalExchange;
  message.key = signal_key(kKey);
  message.body =
      encode_signal({options_.node, options_.incarnation, ++counter_, std::move(content)});
  unconfirmed_.insert(++last_number_);
  ++counters_.sent;
  channel_->publish(std::move(message));
}

void SignalExchange::on_confirmed(std::uint64_t number, bool multiple, bool stored) {
  const auto end = unconfirmed_.upper_bound(number);
  const auto first = multiple ? unconfirmed_.begin() : unconfirmed_.find(number);
  if (first == unconfirmed_.end()) return;
  if (!stored) counters_.dropped += static_cast<std::uint64_t>(std::distance(first, end));
  unconfirmed_.erase(first, end);
  if (state_ == State::stopping && unconfirmed_.empty()) return finish_stop();
  pump();
}

/// All own members, as they are now, in parts.
void SignalExchange::begin_sync() {
  std::deque<broker::MemberChange> members;
  for (const auto& [room, keys] : own_) {
    for (const auto& [key, own] : keys) members.push_back({room, key, own.name, own.claimed_at});
  }
  parts_.clear();
  do {
    SyncPart part;
    part.first = parts_.empty();
    part.members = take_some(members);
    part.last = members.empty();
    parts_.push_back(std::move(part));
  } while (!members.empty());
  sync_wanted_ = false;
  next_sync_ = executor_.now() + options_.sync_interval;
  ++counters_.syncs_sent;
}

/// Others have asked; all who did while one was waited for are served by one.
bool SignalExchange::begin_wanted_sync() {
  if (!sync_wanted_) return false;
  const auto wait = next_sync_ - executor_.now();
  if (wait > base::Duration::zero()) {
    if (sync_timer_ == 0) {
      sync_timer_ = executor_.after(wait, [this] {
        sync_timer_ = 0;
        pump();
      });
    }
    return false;
  }
  begin_sync();
  return true;
}

/// Signals were lost, or too many wait: all members are told. A number is left out, so that every
/// node notices that it needs them.
void SignalExchange::tell_all_instead() {
  counters_.dropped += changes_.size();
  changes_.clear();
  ++counter_;
  begin_sync();
}

void SignalExchange::ask(const std::string& node) {
  if (std::find(asks_.begin(), asks_.end(), node) == asks_.end()) asks_.push_back(node);
}

// ---- in

void SignalExchange::on_deliveries(std::vector<Delivery>& deliveries) {
  if (state_ != State::connecting && state_ != State::open) return;
  for (const Delivery& delivery : deliveries) {
    auto signal = decode_signal(delivery.body);
    if (signal) {
      take(*signal);
    } else {
      ++counters_.refused;
      if (!std::exchange(told_refused_, true)) {
        base::Log::warn("signals: a message that is no signal; further ones are only counted",
                        {{"reason", signal.error().text()}});
      }
    }
  }
  pump();
}

void SignalExchange::take(Signal& signal) {
  if (signal.node == options_.node) {
    if (signal.incarnation != options_.incarnation) return note_twin(signal);
    heard_self_ = executor_.now();
    return;
  }
  ++counters_.received;
  if (std::holds_alternative<Bye>(signal.content)) {
    const auto peer = peers_.find(signal.node);
    if (peer == peers_.end() || peer->second.incarnation != signal.incarnation) return;
    base::Log::info("signals: a node has stopped", {{"node", signal.node}});
    return forget(peer);
  }
  Peer* peer = peer_of(signal);
  if (peer == nullptr || !in_order(*peer, signal)) return;
  peer->heard = executor_.now();
  take_content(signal.node, *peer, signal.content);
  ask_if_needed(signal.node, *peer);
}

/// The sender, made known when it is new; null when the signal is of a former life of it.
SignalExchange::Peer* SignalExchange::peer_of(const Signal& signal) {
  auto found = peers_.find(signal.node);
  std::uint64_t former = 0;
  if (found != peers_.end()) {
    Peer& peer = found->second;
    if (peer.incarnation == signal.incarnation) return &peer;
    if (peer.former == signal.incarnation) return nullptr;
    former = peer.incarnation;
    forget(found);
  }
  if (peers_.size() >= kMostPeers) return nullptr;
  Peer& peer = peers_[signal.node];
  peer.incarnation = signal.incarnation;
  peer.former = former;
  peer.next = signal.counter;
  peer.asked = asked_all_;
  counters_.nodes = peers_.size();
  base::Log::info(former == 0 ? "signals: a node is there" : "signals: a node has started again",
                  {{"node", signal.node}});
  return &peer;
}

/// False for a signal that comes after later ones (a former connection's): it is told otherwise.
bool SignalExchange::in_order(Peer& peer, const Signal& signal) {
  if (signal.counter < peer.next) return false;
  if (signal.counter > peer.next) {
    ++counters_.gaps;
    peer.synced = false;
    peer.parts.reset();
  }
  peer.next = signal.counter + 1;
  return true;
}

void SignalExchange::take_content(const std::string& node, Peer& peer, SignalContent& content) {
  if (auto* request = std::get_if<SyncRequest>(&content)) {
    if (request->node.empty() || request->node == options_.node) sync_wanted_ = true;
  } else if (auto* part = std::get_if<SyncPart>(&content)) {
    if (!peer.synced) take_sync(node, peer, *part);
  } else if (!peer.synced) {
    return;  // what comes is in the sync
  } else if (auto* changes = std::get_if<Changes>(&content)) {
    auto lanes = by_lane(std::move(changes->changes));
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      if (lanes[i].empty()) continue;
      lanes_[i].executor.post([&presence = lanes_[i].presence, node, batch = std::move(lanes[i])] {
        presence.apply(node, batch);
      });
    }
  } else if (auto* typings = std::get_if<Typings>(&content)) {
    for (const auto& typing : typings->typings) {
      const Lane& lane = lanes_[lane_of_(typing.room)];
      lane.executor.post([&lane, node, typing] { lane.presence.typed(node, typing); });
    }
  }
}

/// Gathers the parts; the last one makes them count, all at once.
void SignalExchange::take_sync(const std::string& node, Peer& peer, SyncPart& part) {
  if (part.first) {
    peer.parts.emplace();
  } else if (!peer.parts) {
    return;
  }
  std::move(part.members.begin(), part.members.end(), std::back_inserter(*peer.parts));
  if (peer.parts->size() > kMostMembers) {
    base::Log::warn("signals: a node has too many members", {{"node", node}});
    return peer.parts.reset();
  }
  if (!part.last) return;
  auto lanes = by_lane(std::move(*peer.parts));
  peer.parts.reset();
  peer.synced = true;
  ++counters_.syncs_taken;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes_[i].executor.post([&presence = lanes_[i].presence, node, all = std::move(lanes[i])] {
      presence.replace(node, all);
    });
  }
}

void SignalExchange::ask_if_needed(const std::string& node, Peer& peer) {
  if (peer.synced || peer.parts || state_ != State::open) return;
  const auto now = executor_.now();
  if (now - peer.asked < 2 * options_.sync_interval) return;
  peer.asked = now;
  ask(node);
}

/// Signals of a former life may still be in the queue; later ones are of a node with our name.
void SignalExchange::note_twin(const Signal& signal) {
  if (executor_.now() - started_ < 2 * options_.lease || std::exchange(told_twin_, true)) return;
  base::Log::error("signals: another node has this one's name; give each its own",
                   {{"node", signal.node}});
}

void SignalExchange::forget(Peers::iterator peer) {
  const std::string node = peer->first;
  peers_.erase(peer);
  counters_.nodes = peers_.size();
  for (const Lane& lane : lanes_) {
    lane.executor.post([&lane, node] { lane.presence.forget(node); });
  }
}

void SignalExchange::expire_peers() {
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    const auto here = peer++;
    if (executor_.now() - here->second.heard < options_.lease) continue;
    base::Log::warn("signals: a node is not heard any more, its members have left",
                    {{"node", here->first}});
    forget(here);
  }
}

std::vector<SignalExchange::Changed> SignalExchange::by_lane(Changed changes) const {
  std::vector<Changed> lanes(lanes_.size());
  for (auto& change : changes) lanes[lane_of_(change.room)].push_back(std::move(change));
  return lanes;
}

}  // namespace chat::rabbitmq
