#include "chat/broker/typing_gate.hpp"

namespace chat::broker {

bool TypingGate::pass(const base::RoomName& room, const std::string& name, base::TimePoint now) {
  while (!by_age_.empty() && now - by_age_.front().at >= kInterval) {
    recent_.erase(recent_.find(*by_age_.front().key));
    by_age_.pop_front();
  }
  const auto [key, passes] = recent_.insert(room.value() + '/' + name);  // no room has a '/'
  if (passes) by_age_.push_back({now, &*key});
  return passes;
}

}  // namespace chat::broker
