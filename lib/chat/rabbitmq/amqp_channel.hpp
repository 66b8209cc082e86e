#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

/// Arguments of a declaration or a subscription, in AMQP's table types: long-long-int, boolean,
/// longstr.
using Arguments =
    std::vector<std::pair<std::string, std::variant<std::int64_t, bool, std::string>>>;

struct QueueSpec {
  std::string name;
  bool passive = false;  ///< only asks whether it is there; what follows is not looked at
  bool durable = false;
  bool exclusive = false;  ///< goes with its connection; 405 for any other
  bool auto_delete = false;
  Arguments arguments;
};
struct ExchangeSpec {
  std::string name;
  bool passive = false;
  std::string type = "direct";
  bool durable = false;
  bool auto_delete = false;  ///< goes with its last binding, once it has had one
};
struct ConsumeSpec {
  std::string queue;
  std::string tag;             ///< names the subscription on this channel; given by the caller
  std::uint16_t prefetch = 0;  ///< unacknowledged deliveries; must be above 0 for a stream
  bool no_ack = false;         ///< must be false for a stream
  Arguments arguments;         ///< x-stream-offset
};
struct Outgoing {
  std::string exchange;
  std::string key;
  std::string body;
  bool persistent = false;
  /// Comes back through `on_returned` when no queue takes it; its confirm follows all the same.
  bool mandatory = false;
};
struct Delivery {
  std::string consumer;      ///< ConsumeSpec::tag
  std::uint64_t tag = 0;     ///< for `ack`
  std::int64_t offset = -1;  ///< in its stream (header x-stream-offset); -1: not from a stream
  std::string body;
};

/// Why a call or a channel failed.
struct Failure {
  enum class Kind {
    refused,      ///< nothing listens, the name is unknown, TLS failed
    timed_out,    ///< no answer within the bound, or no heartbeat
    credentials,  ///< 403 at login
    vhost,        ///< 530: no such vhost, or no access to it, or too many connections
    forbidden,    ///< 403 on an object
    not_found,    ///< 404: the object is not there
    unreachable,  ///< 404 or 541 that passes: "home node … is down", a leader that moves
    differs,      ///< 406: it is there with other arguments; `text` names one of them
    closed,       ///< the connection ended, with or without a reason
    other,
  };
  Kind kind = Kind::other;
  std::uint16_t code = 0;  ///< AMQP reply code; 0 = none
  std::string text;        ///< for the log: what the server said, bounded, without secrets
};
template <class T>
using AmqpResult = tl::expected<T, Failure>;

/// A host to connect to, and as whom.
struct Endpoint {
  std::string host;
  std::uint16_t port = 5672;
  bool tls = false;
  std::string ca_file;  ///< PEM; empty: the system's
  std::string vhost;
  std::string user;
  std::string password;   ///< never in a log or an error
  std::string name;       ///< told to the server as connection_name, for operators
  bool confirms = false;  ///< publisher confirms (confirm.select)
};

/// One AMQP connection with one channel on it, from the attempt to connect to its loss. It is never
/// opened again: whoever wants another makes another.
///
///  - After construction by AmqpConnector the listener hears `on_open` once it can be used, or
///    `on_lost`. Calls before `on_open` are carried out when it is open.
///  - Calls are carried out in their order. Each `done` (may be empty) is called once, unless the
///    channel is lost or destroyed before.
///  - What the server refuses with channel.close (not_found, forbidden, differs) fails that call,
///    and ends every consumer of the channel and the numbers of its confirms: the channel is opened
///    anew by itself. Publishes called after the failed call count from 1 again; those before it
///    that are open are never confirmed. So ask what may be refused before consuming and
///    publishing. Delivery tags go on: an `ack` of an older delivery does nothing.
///  - A channel.close that answers no call (a publish to an exchange that is not there, an `ack` of
///    an unknown delivery) loses the channel.
///  - `on_lost` comes at most once, and nothing after it; calls after it do nothing. Nothing comes
///    after destruction, which never blocks, and may be done inside an event.
///  - A publish that has no confirm when the channel is lost or destroyed may be stored or not, and
///    may be stored later, even after another channel has been opened.
///  - Bounded: connecting, logging in, every call, and a peer that is silent or takes nothing end
///    in `on_lost`, each within its bound: 3 s to connect, 3 s to log in, 5 s for a call, 10 s for
///    silence. While the server has blocked the channel it may take nothing for as long as that
///    lasts, but a call still has its bound.
///
/// Thread: one loop, the executor given to the connector: calls, events, destruction.
class AmqpChannel {
 public:
  struct Declared {
    /// For a stream: last offset - first offset + 1, as it was up to 5 s ago, and 0 for as long
    /// after the server's start: it does not tell where the end is.
    std::uint64_t messages = 0;
  };
  using DeclareDone = std::function<void(AmqpResult<Declared>)>;
  using Done = std::function<void(AmqpResult<void>)>;

  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_open() = 0;
    virtual void on_lost(const Failure& failure) = 0;
    /// All that came in one turn, in order. May be moved from.
    virtual void on_deliveries(std::vector<Delivery>& deliveries) = 0;
    /// The server has taken (`stored`) or refused publish number `number`, and all up to it that
    /// are still open when `multiple`. Numbers count from 1 in the order of `publish`.
    /// Refused means that one queue at least has not taken it; the others have it.
    virtual void on_confirmed(std::uint64_t number, bool multiple, bool stored) = 0;
    /// A mandatory message found no queue. Comes before its confirm.
    virtual void on_returned(const std::string& exchange, const std::string& key) = 0;
    /// The server has ended a subscription (its queue was deleted, its node went away).
    virtual void on_cancelled(const std::string& consumer) = 0;
    /// The server takes no messages for now (an alarm: low on memory or disk), or does again.
    virtual void on_blocked(bool blocked, const std::string& reason) = 0;
  };

  virtual ~AmqpChannel() = default;

  virtual void declare(const QueueSpec& queue, DeclareDone done) = 0;
  virtual void declare(const ExchangeSpec& exchange, Done done) = 0;
  virtual void bind(const std::string& queue, const std::string& exchange, const std::string& key,
                    Done done) = 0;
  /// A binding that is not there, or whose queue or exchange is not, is one less already: no error.
  virtual void unbind(const std::string& queue, const std::string& exchange, const std::string& key,
                      Done done) = 0;
  virtual void remove_queue(const std::string& queue, Done done) = 0;
  virtual void consume(const ConsumeSpec& consumer, Done done) = 0;
  /// Nothing more is delivered to `consumer` once it is answered.
  virtual void cancel(const std::string& consumer, Done done) = 0;
  virtual void publish(Outgoing message) = 0;
  /// `delivery`: Delivery::tag; with `multiple` that one and all before it on this channel.
  virtual void ack(std::uint64_t delivery, bool multiple) = 0;
};

/// Makes channels: rabbitmq-c in the program, FakeAmqp in tests.
class AmqpConnector {
 public:
  virtual ~AmqpConnector() = default;
  /// Starts to connect; returns at once, calls nothing of `listener` before it returns. `executor`
  /// and `listener` must outlive the channel, and the connector too.
  virtual std::unique_ptr<AmqpChannel> connect(const Endpoint& endpoint, base::Executor& executor,
                                               AmqpChannel::Listener& listener) = 0;
};

}  // namespace chat::rabbitmq
