#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

/// amqp[s]://[USER@]HOST[:PORT][,HOST[:PORT]…][/VHOST], taken apart. Pure.
struct BrokerUrl {
  struct Host {
    std::string name;  ///< a name, an IPv4 address, or an IPv6 address without its brackets
    std::uint16_t port = 0;
  };
  bool tls = false;
  std::vector<Host> hosts;  ///< at least one, in the order in which they are tried
  std::string user = "guest";
  std::string vhost = "/";
};

/// HOST, HOST:PORT or [IPv6]:PORT; `port` where none is written. Fails with what is wrong, in
/// words.
tl::expected<BrokerUrl::Host, std::string> parse_host(std::string_view text, std::uint16_t port);

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
