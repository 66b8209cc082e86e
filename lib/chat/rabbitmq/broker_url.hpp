#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/base/host_port.hpp"
#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

/// amqp[s]://[USER@]HOST[:PORT][,HOST[:PORT]…][/VHOST], taken apart. Pure.
struct BrokerUrl {
  using Host = base::HostPort;
  bool tls = false;
  std::vector<Host> hosts;  ///< at least one, in the order in which they are tried
  std::string user = "guest";
  std::string vhost = "/";
};

/// Parses and decodes (RFC 3986 percent-encoding) a broker's address. Ports are 5672, 5671 with
/// amqps. Without a path, or with "/" alone, the vhost is "/"; one with a slash in it is written
/// with %2F. Fails with bad_request and what is wrong; a password in it is refused, because a
/// command line can be read by others. The text of the error never repeats the part where a
/// password could be.
wire::Result<BrokerUrl> parse_broker_url(std::string_view text);

/// The address without the user, for logs: "amqp://host:5672,other:5672/asgi" (escaped).
std::string describe(const BrokerUrl& url);

/// Empty when `name` can be a vhost here: 1 to 255 bytes of UTF-8 without control characters, no
/// space at its ends. Otherwise what is wrong with it. (RabbitMQ itself takes anything, and then
/// cannot be reached.)
std::string problem_of_vhost(std::string_view name);

}  // namespace chat::rabbitmq
