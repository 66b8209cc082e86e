#pragma once

#include <string>
#include <vector>

#include "chat/config/serve_config.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/wire/error.hpp"

namespace chat::server {

/// Where RabbitMQ is, and as whom it is spoken to.
struct BrokerLogin {
  std::vector<rabbitmq::Endpoint> endpoints;  ///< at least one; their names are empty
  std::string address;                        ///< without user and password
};

/// Reads --broker and the password's file. Fails with bad_request and what to do.
wire::Result<BrokerLogin> read_broker_login(const config::ServeConfig& config);

/// The same hosts for a connection that is called so.
std::vector<rabbitmq::Endpoint> named(std::vector<rabbitmq::Endpoint> endpoints,
                                      const std::string& name);

}  // namespace chat::server
