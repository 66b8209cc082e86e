#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::tests {
namespace amqp_server {
class Server;
}

/// A RabbitMQ server in one thread on virtual time, with an AmqpConnector to it. It behaves as
/// RabbitMQ 3.10 was seen to, its failures included; what it does not know it refuses.
///
///  - Streams and classic queues, direct and fanout exchanges, the default exchange, in vhosts. Of
///  a
///    classic queue's arguments x-expires, x-max-length, x-overflow and x-message-ttl count. At
///    first there are the vhost "/" and the user guest with the password guest, who may use all.
///  - A declaration tells a stream's messages as they were counted last: every 5 s.
///  - Everything takes time, drawn from the plan, and keeps its order per connection and per
///  stream.
///  - A publish that is under way when its connection ends is lost, or is stored without its
///    confirm, or is stored later: after the loss was reported, and perhaps after a reconnect.
///    Which one is drawn from the seed; of one connection it is always a first part that arrives.
///
/// The seed and the calls decide everything. Channels must be destroyed before it; an executor of a
/// channel may go as soon as its channel has. Thread: that of all the executors.
class FakeAmqp {
 public:
  using ConnectionId = std::uint64_t;

  /// Chances are per mille.
  struct Plan {
    base::Duration least_latency = std::chrono::microseconds(100);  ///< one way, and to store
    base::Duration most_latency = std::chrono::milliseconds(2);
    unsigned nacks = 0;           ///< of publishes: refused, not stored
    unsigned lost_confirms = 0;   ///< of publishes: stored, and the connection ends before that
                                  ///< is confirmed
    unsigned lost_publishes = 0;  ///< of publishes: not stored, the connection ends
    unsigned late_copies = 500;   ///< of what arrives of a connection that ended: stored later
    base::Duration latest = std::chrono::seconds(3);  ///< so much later at most
    unsigned multiple = 500;                          ///< of confirms that can be told at once
    unsigned skipped_offsets = 20;  ///< of stored messages: the offset before is left out
    unsigned same_chunk = 0;        ///< of stored messages: in one chunk with the one before. The
                                    ///< offset "last" is a chunk's, and prefetch counts whole ones
  };

  struct Record {
    std::int64_t offset = 0;
    std::string body;
  };
  struct Connection {
    ConnectionId id = 0;
    std::string name;  ///< Endpoint::name
    std::string vhost;
    std::size_t consumers = 0;
    std::size_t unconfirmed = 0;  ///< publishes that have arrived and are not confirmed
    std::size_t unacked = 0;      ///< deliveries
    std::uint64_t acks = 0;       ///< calls that have arrived, each of one delivery or several
  };

  /// `executor`: where the server's own timers run; must outlive it.
  FakeAmqp(base::Executor& executor, std::uint64_t seed);
  ~FakeAmqp();
  FakeAmqp(const FakeAmqp&) = delete;
  FakeAmqp& operator=(const FakeAmqp&) = delete;

  rabbitmq::AmqpConnector& connector();
  void set_plan(const Plan& plan);
  Plan plan() const;

  // ---- what is there

  /// Does nothing when there is one.
  void create_vhost(const std::string& vhost);
  /// Its streams, queues and exchanges go, consumers are cancelled, its connections closed with
  /// 320.
  void delete_vhost(const std::string& vhost);
  void add_user(const std::string& user, const std::string& password);
  /// As an operator does it: consumers are cancelled. Nothing happens when it is not there.
  void delete_queue(const std::string& vhost, const std::string& queue);
  /// The same; its bindings go with it.
  void delete_exchange(const std::string& vhost, const std::string& exchange);
  /// Retention: drops what is before `first_offset`, the last record never.
  void trim(const std::string& vhost, const std::string& stream, std::int64_t first_offset);
  /// All that a stream holds, in order: the truth for checkers. Empty when it is not there.
  std::vector<Record> stream(const std::string& vhost, const std::string& name) const;
  bool has_queue(const std::string& vhost, const std::string& name) const;
  /// Key and queue of each, in order; empty when the exchange is not there.
  std::set<std::pair<std::string, std::string>> bindings(const std::string& vhost,
                                                         const std::string& exchange) const;
  /// Messages that wait in a classic queue, and have not been delivered.
  std::size_t waiting(const std::string& vhost, const std::string& queue) const;
  /// Open connections, the oldest first.
  std::vector<Connection> connections() const;
  /// Connections that were opened until now.
  std::uint64_t opened() const;
  /// Publishes that are still to be stored after the end of their connection.
  std::size_t late_copies() const;

  // ---- what goes wrong. A connection that is not there (any more) is left out.

  /// The link breaks: the channel hears `closed`, the server knows at once.
  void cut(ConnectionId connection);
  /// Cuts each connection of that name.
  void cut(const std::string& name);
  /// A black hole: nothing comes or goes, until it is over, or `timed_out` after 5 s in a call, 10
  /// s without one.
  void stall(ConnectionId connection, bool stalled = true);
  void stall(const std::string& name, bool stalled = true);
  /// Like `stall` for all connections, and for attempts to connect (`timed_out` after 3 s).
  void stall_all(bool stalled);
  /// The server closes the connection with that code and text.
  void close(ConnectionId connection, std::uint16_t code, const std::string& text);
  /// SIGKILL: connections are lost, connects refused. Streams stay, and durable queues with their
  /// persistent messages.
  void kill();
  void start();
  bool running() const;
  /// An alarm: connections that publish are told and no longer read from.
  void block(bool blocked);
  /// Logins fail with 403 from now on; open connections stay.
  void refuse_credentials(bool refused);
  /// Declarations that are not passive, and removals, fail with 403.
  void forbid_configure(bool forbidden);
  /// The stream's leader is away: calls on it fail with 404 "home node … is down", publishes to it
  /// wait, and are stored and confirmed when it is back.
  void lead(const std::string& vhost, const std::string& stream, bool led);

 private:
  std::shared_ptr<amqp_server::Server> server_;
};

}  // namespace chat::tests
