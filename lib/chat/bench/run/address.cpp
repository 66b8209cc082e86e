#include "chat/bench/run/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cstring>
#include <memory>

#include "chat/base/text.hpp"

namespace chat::bench {
namespace {

std::string why_not(const base::HostPort& place, int error) {
  const auto host = "\"" + base::escape_for_log(place.name) + "\"";
  if (error == EAI_NONAME || error == EAI_NODATA) return "there is no host " + host;
  return host + " cannot be looked up: " + ::gai_strerror(error);
}

}  // namespace

tl::expected<std::vector<Address>, std::string> resolve(const base::HostPort& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const auto port = std::to_string(place.port);
  if (const int error = ::getaddrinfo(place.name.c_str(), port.c_str(), &hints, &raw); error != 0) {
    return tl::unexpected(why_not(place, error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(raw, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const auto* each = list.get(); each != nullptr; each = each->ai_next) {
    Address address;
    address.size = each->ai_addrlen;
    std::memcpy(&address.place, each->ai_addr, each->ai_addrlen);
    addresses.push_back(address);
  }
  return addresses;
}

std::string text_of(const Address& address) {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(address.raw(), address.size, host.data(), host.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "an unknown address";
  }
  return base::text_of(base::HostPort{host.data(), port_of(address)});
}

std::uint16_t port_of(const Address& address) noexcept {
  if (address.place.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.place)->sin_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.place)->sin6_port);
}

bool is_loopback(const Address& address) noexcept {
  constexpr unsigned char kLoopback = 127;  // its first byte
  if (address.place.ss_family == AF_INET) {
    const auto ip = reinterpret_cast<const sockaddr_in*>(&address.place)->sin_addr.s_addr;
    return ntohl(ip) >> 24U == kLoopback;
  }
  if (address.place.ss_family != AF_INET6) return false;
  const auto& ip = reinterpret_cast<const sockaddr_in6*>(&address.place)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&ip) || (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == kLoopback);
}

Descriptor socket_for(const Address& address) noexcept {
  return Descriptor(
      ::socket(address.place.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
}

void prepare_link(int fd) noexcept {
  const auto set = [fd](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

}  // namespace chat::bench
