#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/base/host_port.hpp"
#include "chat/bench/descriptor.hpp"

namespace chat::bench {

/// Of the internet, IPv4 or IPv6, with a port.
struct Address {
  sockaddr_storage place{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* raw() noexcept { return reinterpret_cast<sockaddr*>(&place); }
  const sockaddr* raw() const noexcept { return reinterpret_cast<const sockaddr*>(&place); }
};

/// The addresses that a place stands for, at least one, the best first. Fails with why, for people.
/// Blocks while a name is looked up, as long as the system does.
tl::expected<std::vector<Address>, std::string> resolve(const base::HostPort& place);
/// "10.0.0.2:7000", "[::1]:7000".
std::string text_of(const Address& address);
std::uint16_t port_of(const Address& address) noexcept;
/// Nobody on another machine can be there.
bool is_loopback(const Address& address) noexcept;
/// A TCP socket that does not block and is closed by an exec; of which kind says `address`.
Descriptor socket_for(const Address& address) noexcept;
/// Lines go out at once, and a machine that is off is seen within half a minute.
void prepare_link(int fd) noexcept;

}  // namespace chat::bench
