#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

/// Where RabbitMQ's management HTTP API is, and as whom: http[s]://[USER@]HOST[:PORT]. Pure.
struct ApiUrl {
  bool tls = false;
  std::string host;  ///< a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 15672;
  std::string user = "guest";
};

/// Parses an API's address. Ports are 15672, 15671 with https. Fails with bad_request and what is
/// wrong; a password in it is refused as parse_broker_url does, and no error repeats what could be
/// one.
wire::Result<ApiUrl> parse_api_url(std::string_view text);

/// The address without the user, for messages: "http://localhost:15672" (escaped).
std::string describe(const ApiUrl& url);

}  // namespace chat::rabbitmq
