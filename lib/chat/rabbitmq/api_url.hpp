#pragma once

#include <string_view>

#include "chat/http/http_client.hpp"
#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

/// Where RabbitMQ's management HTTP API is, and as whom: http[s]://[USER@]HOST[:PORT]. Pure.
using ApiUrl = http::HttpUrl;

/// Parses an API's address. Ports are 15672, 15671 with https; the user is
/// guest. Fails with bad_request and what is
/// wrong; a password in it is refused as parse_broker_url does, and no error repeats what could be
/// one.
wire::Result<ApiUrl> parse_api_url(std::string_view text);

}  // namespace chat::rabbitmq
