#pragma once

#include <functional>
#include <memory>

#include "chat/rabbitmq/amqp_channel.hpp"

struct amqp_connection_state_t_;

namespace chat::rabbitmq {

struct CloseConnection {
  void operator()(amqp_connection_state_t_* connection) const noexcept;
};
/// A connection of rabbitmq-c; closes its socket when it goes. Thread: one.
using RabbitmqcConnection = std::unique_ptr<amqp_connection_state_t_, CloseConnection>;

/// Seconds between the heartbeats that are agreed with the server. The library itself neither sends
/// nor awaits them: in 0.11 it waits for ever to send one into a full socket.
constexpr int kHeartbeatSeconds = 5;

/// Connects and logs in; blocks for at most 3 s to connect (a slow resolver of names excepted) and
/// 3 s to log in. `on_socket` is told the descriptor before the login. No channel is open yet.
AmqpResult<RabbitmqcConnection> log_in(const Endpoint& endpoint,
                                       const std::function<void(int)>& on_socket);

/// What a negative status of rabbitmq-c means for a connection.
Failure failure_of_status(int status, const char* doing);

}  // namespace chat::rabbitmq
