#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/presence.hpp"
#include "chat/config/serve_config.hpp"
#include "chat/hub/hub.hpp"
#include "chat/metrics/stats.hpp"
#include "chat/server/admission.hpp"
#include "chat/transport/connection.hpp"

namespace chat::server {

class Client;
class HttpApi;

/// What all workers of a server share. Thread: as each part says.
struct Shared {
  using StatsDone = std::function<void(const metrics::WorkerStats&)>;

  config::ServeConfig config;
  Admission admission;
  std::atomic<bool> draining{false};
  /// Adds up the stats of all workers and answers on the loop of the caller.
  std::function<void(base::Executor& caller, StatsDone done)> collect_stats;
  /// False while the node shares its rooms over RabbitMQ and is not in step with it.
  std::function<bool()> broker_ready = [] { return true; };
  bool ready() const { return !draining && broker_ready(); }

  explicit Shared(config::ServeConfig settings)
      : config(std::move(settings)),
        admission(config.max_connections, config.max_connections_per_address) {}
};

/// One loop's part of the server: its connections, its members' rooms, its hub. Knows no socket:
/// streams are handed to it. Thread: its executor's loop, construction and destruction included (or
/// while that loop does not run).
class Worker final : private broker::Sink, private broker::PresenceSink {
 public:
  /// `index` makes member keys unique over all workers. All references must outlive it.
  Worker(std::size_t index, base::Executor& executor, broker::Broker& broker,
         broker::Presence& presence, Shared& shared, std::uint64_t random_seed);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Takes over a newcomer, or turns it away when there are too many.
  void accept(std::unique_ptr<transport::Stream> stream);
  /// Sends everyone off: clients are told when to come back, what is under way is finished. `done`
  /// is called once when nobody is left, at the latest after the drain timeout.
  void drain(std::function<void()> done);
  /// A copy of what has been counted.
  metrics::WorkerStats stats() const;
  void note_exhausted(std::uint64_t times) noexcept { descriptors_exhausted_ = times; }

  // ---- for the clients of this worker

  using RoomReady = std::function<void(wire::Result<hub::Room*>)>;
  /// Answers when this worker gets the room's messages; may answer at once.
  void enter_room(const base::RoomName& room, RoomReady ready);
  /// To be called when a client has left: gives the room up when it was the last one.
  void leave_room(hub::Room& room);
  void add_client(const Client& client) noexcept;
  void remove_client(const Client& client) noexcept;
  /// nullptr when it is gone.
  Client* find_client(base::MemberKey key) noexcept;
  base::MemberKey key_of(transport::ConnectionId connection) const noexcept;

  void count_error(wire::Code code) { ++errors_[code]; }
  void count_published(bool repeat) noexcept { ++(repeat ? repeats_ : published_); }
  void count_resume(room::Continuity::Kind kind) noexcept;
  std::uint64_t random();

  base::Executor& executor() noexcept { return executor_; }
  broker::Broker& broker() noexcept { return broker_; }
  broker::Presence& presence() noexcept { return presence_; }
  broker::PresenceSink& presence_sink() noexcept { return *this; }
  hub::Hub& hub() noexcept { return hub_; }
  transport::Connections& connections() noexcept { return connections_; }
  Shared& shared() noexcept { return shared_; }
  const config::ServeConfig& config() const noexcept { return shared_.config; }

 private:
  struct Subscription {
    bool ready = false;
    std::vector<RoomReady> waiting;
  };

  void on_message(const base::RoomName& room, const wire::MessagePtr& message) override;
  void on_restart(const base::RoomName& room, const broker::RoomHead& head) override;
  void on_ready(const base::RoomName& room) override;
  void on_presence(const base::RoomName& room, const wire::Presence& presence) override;
  void on_typing(const base::RoomName& room, const std::string& name) override;
  void on_renamed(const base::RoomName& room, base::MemberKey key,
                  const std::string& name) override;
  void on_subscribed(const base::RoomName& room, const wire::Result<broker::RoomHead>& head);
  void schedule_flush();
  void flush();
  void note_fan_outs();
  void watch_loop();
  void drain_step();
  void for_each_client(const std::function<void(Client&)>& use);

  std::size_t index_;
  base::Executor& executor_;
  broker::Broker& broker_;
  broker::Presence& presence_;
  Shared& shared_;
  std::uint64_t random_state_;
  hub::Hub hub_;
  std::unique_ptr<HttpApi> http_;
  transport::Connections connections_;
  std::unordered_map<base::RoomName, Subscription> subscriptions_;
  std::vector<base::TimePoint> fan_outs_;  // when the messages being handed out were read
  base::TimerId lag_timer_ = 0;
  base::TimePoint lag_due_;
  base::TimePoint drain_deadline_;
  std::function<void()> drained_;

  std::uint64_t published_ = 0;
  std::uint64_t repeats_ = 0;
  std::uint64_t members_[wire::kDialects] = {0, 0};
  std::uint64_t resumes_[3] = {0, 0, 0};
  std::uint64_t descriptors_exhausted_ = 0;
  std::unordered_map<wire::Code, std::uint64_t> errors_;
  base::Histogram delivery_ns_;
  base::Histogram loop_lag_ns_;
};

}  // namespace chat::server
