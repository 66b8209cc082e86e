#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/backoff.hpp"
#include "chat/base/executor.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::rabbitmq {

/// Keeps one connection to RabbitMQ: tries the hosts in turn, waits between tries (full jitter,
/// from 100 ms up to 5 s; longer where somebody has to do something first: bad credentials, no such
/// vhost), and logs each kind of trouble with a host once until a connection lasts. The waits
/// begin anew only after a connection that lasted a second: one that is lost at once is trouble
/// too.
///
/// Its user hears on_open when there is a channel and on_lost when it is gone; `channel` is what
/// there is in between, and the only time of all other events. Thread: the executor's loop. The
/// executor, the connector and the user must outlive it.
class Line final : private AmqpChannel::Listener {
 public:
  struct Options {
    std::vector<Endpoint> endpoints;  ///< at least one
    std::string purpose;              ///< for the log: "publishing"
    std::uint64_t random_seed = 0;
  };

  Line(base::Executor& executor, AmqpConnector& connector, Options options,
       AmqpChannel::Listener& user);
  ~Line() override;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void start();
  /// nullptr while there is no connection that can be used.
  AmqpChannel* channel() noexcept { return open_ ? channel_.get() : nullptr; }
  /// Gives the connection up, when there is one, and makes another after a pause. `why` goes to the
  /// log. The user hears on_lost before this returns, if it has heard on_open.
  void restart(const std::string& why) { restart(Failure{Failure::Kind::closed, 0, why}); }
  void restart(const Failure& why);
  /// Connections that were lost since the start.
  std::uint64_t losses() const noexcept { return losses_; }

 private:
  void on_open() override;
  void on_lost(const Failure& failure) override;
  void on_deliveries(std::vector<Delivery>& deliveries) override;
  void on_confirmed(std::uint64_t number, bool multiple, bool stored) override;
  void on_returned(const std::string& exchange, const std::string& key) override;
  void on_cancelled(const std::string& consumer) override;
  void on_blocked(bool blocked, const std::string& reason) override;

  void connect();
  void forget_trouble();
  void connect_later(const Failure& failure);
  void give_up_channel();
  std::size_t endpoint() const noexcept;
  void log_trouble(const Failure& failure);
  std::uint64_t random();

  base::Executor& executor_;
  AmqpConnector& connector_;
  const Options options_;
  AmqpChannel::Listener& user_;
  std::unique_ptr<AmqpChannel> channel_;
  std::unique_ptr<AmqpChannel> given_up_;  // it may be calling: it goes when its call is over
  base::Backoff backoff_;
  std::uint64_t random_state_;
  std::size_t next_endpoint_ = 0;
  std::size_t failed_in_row_ = 0;
  base::TimePoint opened_at_{};
  base::TimerId timer_ = 0;
  base::TimerId clean_up_ = 0;
  std::set<std::pair<std::size_t, Failure::Kind>> told_;  // trouble with an endpoint that is logged
  bool open_ = false;
  std::uint64_t losses_ = 0;
};

/// What a failure is, for people: "refused: …".
std::string describe(const Failure& failure);

}  // namespace chat::rabbitmq
