#include "chat/server/admission.hpp"

namespace chat::server {

Admission::Admission(std::size_t max_total, std::size_t max_per_address)
    : max_total_(max_total), max_per_address_(max_per_address) {}

std::string Admission::address_of(const std::string& peer) {
  return peer.substr(0, peer.rfind(':'));
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
