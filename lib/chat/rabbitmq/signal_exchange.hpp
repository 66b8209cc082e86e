#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/backoff.hpp"
#include "chat/base/executor.hpp"
#include "chat/broker/local_presence.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/rabbitmq/signal.hpp"

namespace chat::rabbitmq {

/// Joins the presence of this node with that of the others in its vhost, through kSignalExchange.
///
///  - A node tells what changes among its own members, and beats every third of a lease. One that
///    was not heard for a lease is forgotten with all its members; one that stops says so.
///  - Signals may be lost. Each has a number, so that a loss is noticed, and then the node is asked
///    for all its members; it also tells them by itself when it is connected again.
///  - While RabbitMQ is away the own members go on, and those of the others are forgotten with
///    their leases. It connects again by itself, to its endpoints in turn.
///  - Bounded: signals under way (a window of confirms), those that wait (beyond the bound all
///    members are told instead), what is taken.
///
/// All signals have one key: every node hears all of them, and one of many changes costs RabbitMQ
/// as much as one of a single one.
/// Thread: one loop, the executor's, except where said; it may be a lane's. Everything given must
/// outlive it, and it must outlive the runs of all loops, or else `stop`'s answer and what the
/// lanes had posted by then.
class SignalExchange final : private AmqpChannel::Listener {
 public:
  struct Options {
    std::vector<Endpoint> endpoints;  ///< at least one; tried in turn
    std::string node;                 ///< is_node_id; unlike that of any other node in the vhost
    std::uint64_t incarnation = 0;    ///< of this start of the process: random
    std::uint64_t seed = 0;           ///< for the waits between tries
    base::Duration lease = std::chrono::seconds(10);
    base::Duration gather = std::chrono::milliseconds(5);  ///< changes are told together
    /// Between two tellings of all members that others ask for.
    base::Duration sync_interval = std::chrono::milliseconds(500);
  };
  /// A part of the rooms: a worker's. All calls to `presence` are made on `executor`'s loop.
  struct Lane {
    base::Executor& executor;
    broker::LocalPresence& presence;
  };
  /// Which lane a room is in. Any thread.
  using LaneOf = std::function<std::size_t(const base::RoomName&)>;
  struct Counters {
    bool connected = false;
    std::size_t nodes = 0;  ///< known others
    std::uint64_t sent = 0;
    std::uint64_t received = 0;  ///< of others
    std::uint64_t dropped = 0;   ///< own ones that were not sent, or refused
    std::uint64_t refused = 0;   ///< received, and no signals
    std::uint64_t gaps = 0;      ///< losses noticed
    std::uint64_t syncs_sent = 0;
    std::uint64_t syncs_taken = 0;
  };

  /// Joins each lane's presence to the cluster, so it is made before anybody enters, while no loop
  /// runs.
  SignalExchange(base::Executor& executor, AmqpConnector& connector, Options options,
                 const std::vector<Lane>& lanes, LaneOf lane_of);
  ~SignalExchange() override;
  SignalExchange(const SignalExchange&) = delete;
  SignalExchange& operator=(const SignalExchange&) = delete;

  /// Connects, and goes on until `stop`. Once.
  void start();
  /// Tells the others that the node stops, waits until RabbitMQ has that, for a second at most, and
  /// disconnects. `done` is called once, not inside this call.
  void stop(std::function<void()> done);
  const Counters& counters() const noexcept { return counters_; }

 private:
  class LaneFeed;
  enum class State { idle, connecting, open, waiting, stopping, stopped };
  using Changed = std::vector<broker::MemberChange>;

  struct Peer {
    std::uint64_t incarnation = 0;
    std::uint64_t former = 0;  // incarnation whose signals may still come
    std::uint64_t next = 0;    // counter expected
    bool synced = false;
    std::optional<Changed> parts;  // of a sync that is coming in
    base::TimePoint heard;
    base::TimePoint asked;
  };
  using Peers = std::unordered_map<std::string, Peer>;
  struct Own {
    std::string name;
    base::WallMs claimed_at = 0;
  };

  // AmqpChannel::Listener
  void on_open() override;
  void on_lost(const Failure& failure) override;
  void on_deliveries(std::vector<Delivery>& deliveries) override;
  void on_confirmed(std::uint64_t number, bool multiple, bool stored) override;
  void on_returned(const std::string& exchange, const std::string& key) override;
  void on_cancelled(const std::string& consumer) override;
  void on_blocked(bool blocked, const std::string& reason) override;

  // -- the connection
  void connect();
  AmqpChannel::Done then(void (SignalExchange::*next)());
  void declare_queue();
  void bind();
  void consume();
  void opened();
  void fail(const Failure& failure);
  void log_failure(const Failure& failure);
  void finish_stop();
  void drop_waiting();
  void tick();

  // -- out
  void take_local(Changed changes, std::vector<broker::MemberTyping> typings);
  void remember(const broker::MemberChange& change);
  void pump_soon();
  void pump();
  bool publish_next();
  void publish(SignalContent content);
  void begin_sync();
  bool begin_wanted_sync();
  void tell_all_instead();
  void ask(const std::string& node);

  // -- in
  void take(Signal& signal);
  Peer* peer_of(const Signal& signal);
  bool in_order(Peer& peer, const Signal& signal);
  void take_content(const std::string& node, Peer& peer, SignalContent& content);
  void take_sync(const std::string& node, Peer& peer, SyncPart& part);
  void ask_if_needed(const std::string& node, Peer& peer);
  void note_twin(const Signal& signal);
  void forget(Peers::iterator peer);
  void expire_peers();
  std::vector<Changed> by_lane(Changed changes) const;

  base::Executor& executor_;
  AmqpConnector& connector_;
  const Options options_;
  const std::vector<Lane> lanes_;
  const LaneOf lane_of_;
  std::vector<std::unique_ptr<LaneFeed>> feeds_;
  std::mt19937_64 random_;
  base::Backoff backoff_;
  base::Backoff long_backoff_;

  State state_ = State::idle;
  std::unique_ptr<AmqpChannel> channel_;
  std::size_t endpoint_ = 0;
  std::optional<Failure::Kind> told_failure_;  // since the connection was lost
  bool blocked_ = false;
  base::TimerId retry_timer_ = 0;
  base::TimerId tick_timer_ = 0;
  base::TimerId stop_timer_ = 0;
  base::TimePoint started_;
  base::TimePoint heard_self_;
  std::function<void()> stopped_;

  std::unordered_map<base::RoomName, std::unordered_map<base::MemberKey, Own>> own_;
  std::uint64_t counter_ = 0;
  std::uint64_t last_number_ = 0;
  std::set<std::uint64_t> unconfirmed_;
  base::TimerId gather_timer_ = 0;
  std::deque<broker::MemberChange> changes_;
  std::deque<broker::MemberTyping> typings_;
  std::deque<SyncPart> parts_;
  std::deque<std::string> asks_;
  bool beat_due_ = false;
  bool sync_wanted_ = false;
  base::TimePoint next_sync_;
  base::TimerId sync_timer_ = 0;

  Peers peers_;
  base::TimePoint asked_all_;
  bool told_refused_ = false;
  bool told_twin_ = false;
  Counters counters_;
};

}  // namespace chat::rabbitmq
