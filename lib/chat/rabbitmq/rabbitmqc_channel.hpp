#pragma once

#include <memory>
#include <vector>

#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::rabbitmq {

/// AmqpConnector by rabbitmq-c. Each channel has a thread of its own ("amqp-" and the beginning of
/// Endpoint::name) that does everything for its connection: waits, reads, writes, and answers by
/// `Executor::post`, at most once per turn.
///
/// A channel that is destroyed says goodbye to the server: what was published before is sent if the
/// socket takes it at once. When its loop does not take what comes (16 MiB), nothing more is read.
///
/// Thread: all executors given to `connect` are one loop's, and only that loop calls it; several
/// loops have a connector each. The destructor, which another thread may call when that loop has
/// ended, joins the threads of channels, which must all be destroyed: at most some seconds for
/// those that still connect.
class RabbitmqcConnector final : public AmqpConnector {
 public:
  RabbitmqcConnector();
  ~RabbitmqcConnector() override;
  RabbitmqcConnector(const RabbitmqcConnector&) = delete;
  RabbitmqcConnector& operator=(const RabbitmqcConnector&) = delete;

  std::unique_ptr<AmqpChannel> connect(const Endpoint& endpoint, base::Executor& executor,
                                       AmqpChannel::Listener& listener) override;

 private:
  class Worker;
  class Channel;

  void join_finished();

  std::vector<std::shared_ptr<Worker>> workers_;
};

}  // namespace chat::rabbitmq
