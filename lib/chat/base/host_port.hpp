#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace chat::base {

/// A place on the network.
struct HostPort {
  std::string name;  ///< a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;
};

/// HOST, HOST:PORT or [IPv6]:PORT; `port` where none is written, and without that one must be.
/// Ports are from `least_port` on: 0 is for who listens, where the system then chooses. Fails with
/// what is wrong, in words. Pure.
tl::expected<HostPort, std::string> parse_host_port(std::string_view text,
                                                    std::optional<std::uint16_t> port,
                                                    std::uint16_t least_port = 1);

/// As it is parsed, for messages: "localhost:8000", "[::1]:8000" (escaped).
std::string text_of(const HostPort& place);

}  // namespace chat::base
