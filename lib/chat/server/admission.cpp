#include "chat/server/admission.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace chat::server {
namespace {

/// An IPv6 host has a whole /64 to choose addresses from: that is what is counted. Anything else as
/// it is.
std::string network_of(std::string address) {
  constexpr std::size_t kNetworkBytes = 8;
  if (address.empty() || address.front() != '[') return address;
  in6_addr bytes{};
  const auto plain = address.substr(1, address.find_first_of("%]") - 1);
  if (::inet_pton(AF_INET6, plain.c_str(), &bytes) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) return address;
  return "[" + std::string(reinterpret_cast<const char*>(bytes.s6_addr), kNetworkBytes);
}

}  // namespace

Admission::Admission(std::size_t max_total, std::size_t max_per_address)
    : max_total_(max_total), max_per_address_(max_per_address) {}

std::string Admission::address_of(const std::string& peer) {
  return network_of(peer.substr(0, peer.rfind(':')));
}

wire::Result<void> Admission::enter(const std::string& peer) {
  const auto address = address_of(peer);
  // A proxy's socket stands for all of its clients: it knows their addresses, we do not.
  const bool counted = max_per_address_ > 0 && address != "unix";
  const std::lock_guard<std::mutex> lock(mutex_);
  if (max_total_ > 0 && total_ >= max_total_) return wire::fail(wire::Code::too_many_connections);
  if (counted) {
    auto& count = by_address_[address];
    if (count >= max_per_address_) return wire::fail(wire::Code::too_many_from_address);
    ++count;
  }
  ++total_;
  return {};
}

void Admission::leave(const std::string& peer) {
  const auto address = address_of(peer);
  const std::lock_guard<std::mutex> lock(mutex_);
  --total_;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

}  // namespace chat::server
