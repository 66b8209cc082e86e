#include "chat/server/worker.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/log.hpp"
#include "chat/server/client.hpp"
#include "chat/server/http_api.hpp"
#include "chat/transport/ws_protocol.hpp"
#include "chat/wire/codec.hpp"

namespace chat::server {
namespace {

/// Members served before the loop looks at its sockets again.
constexpr std::size_t kFlushBudget = 1024;
/// Fan-outs timed in one turn; under saturation the first ones stand for the rest.
constexpr std::size_t kTimedFanOuts = 256;
constexpr auto kLagInterval = std::chrono::milliseconds(500);
constexpr auto kDrainStep = std::chrono::milliseconds(10);
/// For a newcomer to ask something while others are drained.
constexpr auto kDrainPatience = std::chrono::milliseconds(500);
constexpr unsigned kConnectionBits = 48;

base::BlockRef encode(const wire::Message& message, wire::Dialect dialect) {
  return transport::WsProtocol::frame(transport::Opcode::text,
                                      wire::encode_message(message, dialect));
}

transport::ConnectionLimits connection_limits(const config::ServeConfig& config) {
  transport::ConnectionLimits limits;
  limits.head.total = config.max_head_bytes;
  limits.head.request_line = std::min<std::size_t>(limits.head.request_line, config.max_head_bytes);
  limits.body_bytes = config.limits.frame_bytes();
  limits.message_bytes = config.limits.frame_bytes();
  limits.outbox_bytes = config.max_outbox_bytes;
  limits.control_frames_per_second = config.max_control_frames_per_second;
  limits.control_frames_burst = config.max_control_frames_per_second * 5;
  limits.head_timeout = config.handshake_timeout;
  limits.ping_interval = config.ping_interval;
  limits.ping_timeout = config.ping_timeout;
  limits.stall_timeout = config.stall_timeout;
  return limits;
}

}  // namespace

Worker::Worker(std::size_t index, base::Executor& executor, broker::Broker& broker,
               broker::Presence& presence, Shared& shared, std::uint64_t random_seed)
    : index_(index),
      executor_(executor),
      broker_(broker),
      presence_(presence),
      shared_(shared),
      random_state_(random_seed),
      hub_(encode, [this] { schedule_flush(); }),
      http_(std::make_unique<HttpApi>(*this)),
      connections_(executor, connection_limits(shared.config), *http_) {
  watch_loop();
}

Worker::~Worker() {
  executor_.cancel(lag_timer_);
  connections_.abort_all();
}

void Worker::accept(std::unique_ptr<transport::Stream> stream) {
  if (const auto admitted = shared_.admission.enter(stream->peer()); !admitted) {
    auto response = http_->error_response(admitted.error(), {});
    response.close = true;
    const auto bytes = transport::serialise(response, false, false);
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    stream->write(&piece, 1);
    return;
  }
  connections_.add(std::move(stream));
}

// ---- rooms

void Worker::enter_room(const base::RoomName& name, RoomReady ready) {
  auto& subscription = subscriptions_[name];
  if (subscription.ready) {
    ready(hub_.find(name));
    return;
  }
  subscription.waiting.push_back(std::move(ready));
  if (subscription.waiting.size() > 1) return;
  broker_.subscribe(name, *this, [this, name](const wire::Result<broker::RoomHead>& head) {
    on_subscribed(name, head);
  });
}

void Worker::on_subscribed(const base::RoomName& name, const wire::Result<broker::RoomHead>& head) {
  auto& subscription = subscriptions_[name];
  const auto waiting = std::exchange(subscription.waiting, {});
  if (!head) {
    subscriptions_.erase(name);
    for (const auto& ready : waiting) ready(tl::unexpected(head.error()));
    return;
  }
  subscription.ready = true;
  hub::Room& room = hub_.open(name);
  room.epoch = head->epoch;
  room.set_head(head->head);
  // Held, so that the first one's leaving does not take the room from under the next.
  hub_.begin_catch_up(room);
  for (const auto& ready : waiting) ready(&room);
  hub_.end_catch_up(room);
  leave_room(room);
}

void Worker::leave_room(hub::Room& room) {
  if (!hub_.is_idle(room)) return;
  const base::RoomName name = room.name();
  hub_.drop_if_idle(room);
  subscriptions_.erase(name);
  broker_.unsubscribe(name, *this);
}

void Worker::on_message(const base::RoomName& name, const wire::MessagePtr& message) {
  hub::Room* room = hub_.find(name);
  if (room == nullptr) return;
  hub_.deliver(*room, message);
  if (message->received != base::TimePoint{} && fan_outs_.size() < kTimedFanOuts) {
    fan_outs_.push_back(message->received);
  }
}

void Worker::on_restart(const base::RoomName& name, const broker::RoomHead& head) {
  for_each_client([&name](Client& client) { client.on_restart(name); });
  hub::Room* room = hub_.find(name);
  if (room == nullptr) return;
  room->epoch = head.epoch;
  hub_.restart(*room, head.head);
}

void Worker::on_ready(const base::RoomName& name) {
  for_each_client([&name](Client& client) { client.on_ready(name); });
}

void Worker::on_presence(const base::RoomName& name, const wire::Presence& presence) {
  hub::Room* room = hub_.find(name);
  if (room == nullptr) return;
  hub_.broadcast(
      *room, wire::Dialect::v1,
      transport::WsProtocol::frame(transport::Opcode::text, wire::encode_presence(presence)));
}

void Worker::on_typing(const base::RoomName& name, const std::string& who) {
  hub::Room* room = hub_.find(name);
  if (room == nullptr) return;
  hub_.broadcast(*room, wire::Dialect::v1,
                 transport::WsProtocol::frame(transport::Opcode::text, wire::encode_typing(who)));
}

void Worker::on_renamed(const base::RoomName&, base::MemberKey key, const std::string& name) {
  if (Client* client = find_client(key)) client->on_renamed(name);
}

// ---- clients

base::MemberKey Worker::key_of(transport::ConnectionId connection) const noexcept {
  return base::MemberKey((std::uint64_t{index_} << kConnectionBits) | connection);
}

void Worker::add_client(const Client& client) noexcept {
  ++members_[static_cast<std::size_t>(client.dialect())];
}

void Worker::remove_client(const Client& client) noexcept {
  --members_[static_cast<std::size_t>(client.dialect())];
}

Client* Worker::find_client(base::MemberKey key) noexcept {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kConnectionBits) - 1;
  auto* connection = connections_.find(key.value() & kMask);
  return connection == nullptr ? nullptr : dynamic_cast<Client*>(connection->handler());
}

void Worker::for_each_client(const std::function<void(Client&)>& use) {
  connections_.for_each([&use](transport::Connection& connection) {
    if (auto* client = dynamic_cast<Client*>(connection.handler())) use(*client);
  });
}

void Worker::count_resume(room::Continuity::Kind kind) noexcept {
  ++resumes_[static_cast<std::size_t>(kind)];
}

std::uint64_t Worker::random() {
  // splitmix64 (S. Vigna, public domain): jitter only, never a secret.
  random_state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = random_state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

// ---- the end of a turn

void Worker::schedule_flush() {
  executor_.defer([this] { flush(); });
}

void Worker::flush() {
  const bool more = hub_.flush(kFlushBudget);
  if (more) {
    schedule_flush();
    return;
  }
  note_fan_outs();
}

void Worker::note_fan_outs() {
  if (fan_outs_.empty()) return;
  const auto now = executor_.now();
  for (const auto received : fan_outs_) {
    delivery_ns_.record(static_cast<std::uint64_t>(std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(now - received).count())));
  }
  fan_outs_.clear();
}

void Worker::watch_loop() {
  lag_due_ = executor_.now() + kLagInterval;
  lag_timer_ = executor_.after(kLagInterval, [this] {
    const auto late = executor_.now() - lag_due_;
    loop_lag_ns_.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, late.count())));
    watch_loop();
  });
}

// ---- drain

void Worker::drain(std::function<void()> done) {
  drained_ = std::move(done);
  drain_deadline_ = executor_.now() + shared_.config.drain_timeout;
  const auto spread = static_cast<std::uint64_t>(shared_.config.drain_spread.count());
  for_each_client([this, spread](Client& client) {
    client.announce_drain(spread == 0 ? 0 : random() % (spread + 1));
  });
  drain_step();
}

void Worker::drain_step() {
  // Clients close when their last answer is out; whoever takes too long is cut off.
  for_each_client([](Client& client) { client.finish_drain(); });
  const auto silent_since = executor_.now() - kDrainPatience;
  connections_.for_each(
      [silent_since](transport::Connection& connection) { connection.end_if_idle(silent_since); });
  if (connections_.size() > 0 && executor_.now() < drain_deadline_) {
    executor_.after(kDrainStep, [this] { drain_step(); });
    return;
  }
  if (connections_.size() > 0) {
    base::Log::warn("drain timeout: connections cut off",
                    {{"connections", std::to_string(connections_.size())}});
  }
  connections_.abort_all();
  if (auto done = std::exchange(drained_, nullptr)) done();
}

metrics::WorkerStats Worker::stats() const {
  metrics::WorkerStats stats;
  const auto& counters = connections_.counters();
  stats.connections = connections_.size();
  stats.members_plain = members_[static_cast<std::size_t>(wire::Dialect::plain)];
  stats.members_v1 = members_[static_cast<std::size_t>(wire::Dialect::v1)];
  stats.rooms = hub_.room_count();
  stats.queue_bytes = connections_.queued_bytes();
  stats.accepted = counters.accepted;
  stats.handshakes = counters.websockets;
  stats.http_requests = counters.http_requests;
  stats.published = published_;
  stats.repeats = repeats_;
  stats.deliveries = hub_.deliveries();
  stats.bytes_sent = counters.bytes_sent;
  stats.writes = counters.writes;
  stats.slow_closes = counters.slow_closes;
  stats.descriptors_exhausted = descriptors_exhausted_;
  stats.resumes_recovered = resumes_[static_cast<std::size_t>(room::Continuity::Kind::whole)];
  stats.resumes_trimmed = resumes_[static_cast<std::size_t>(room::Continuity::Kind::trimmed)];
  stats.resumes_other_epoch =
      resumes_[static_cast<std::size_t>(room::Continuity::Kind::other_epoch)];
  for (const auto& [code, count] : errors_) {
    stats.errors_by_code[std::string(wire::info(code).name)] = count;
  }
  for (const auto& [code, count] : counters.closed_by_code) {
    stats.closes_by_code[code == 0 ? "other" : std::to_string(code)] = count;
  }
  stats.delivery_ns = delivery_ns_;
  stats.loop_lag_ns = loop_lag_ns_;
  return stats;
}

}  // namespace chat::server
