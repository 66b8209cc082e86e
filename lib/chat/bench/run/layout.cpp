#include "chat/bench/run/layout.hpp"

#include <algorithm>
#include <cmath>

#include "chat/bench/crowd.hpp"

namespace chat::bench {
namespace {

/// How many of a room's members are affected: its last ones, never a sender. What is rounded off
/// goes to the next room.
class Affected {
 public:
  explicit Affected(double share) : share_(share) {}

  std::size_t of(const RoomSize& room) {
    wanted_ += share_ * static_cast<double>(room.members);
    const auto now = static_cast<std::size_t>(std::floor(wanted_ + 1e-9)) - given_;
    const std::size_t count = std::min(now, room.members - room.senders);
    given_ += now;
    return count;
  }

 private:
  const double share_;
  double wanted_ = 0;
  std::size_t given_ = 0;
};

}  // namespace

Layout layout_of(const Plan& plan) {
  Layout layout;
  layout.rooms = crowd(plan.rooms, plan.members, plan.zipf, plan.senders);
  Affected affected(plan.affected);
  layout.parts.reserve(plan.all_members() / plan.workers() + 1);
  std::size_t member = 0;
  for (std::uint32_t room = 0; room < layout.rooms.size(); ++room) {
    RoomSize& size = layout.rooms[room];
    if (!plan.sends()) size.senders = 0;
    const std::size_t first_affected = size.members - affected.of(size);
    std::size_t here = 0;
    for (std::size_t place = 0; place < size.members; ++place, ++member) {
      const std::size_t turn = room + place;
      const std::size_t worker = turn % plan.workers();
      const bool is_sender = place < size.senders;
      if (is_sender) layout.worker_of_sender.push_back(static_cast<std::uint32_t>(worker));
      if (worker != plan.worker) continue;
      ++here;
      const auto sender = static_cast<std::uint32_t>(layout.senders + place);
      // turn % servers alone would pair off as many workers and servers.
      const std::size_t server = (turn / plan.workers() + worker) % plan.servers.size();
      layout.parts.push_back({member, room, is_sender ? sender : kNoSender,
                              static_cast<std::uint32_t>(server), place >= first_affected});
    }
    layout.here.push_back({here, size.senders});
    layout.senders += size.senders;
  }
  return layout;
}

std::string room_name(const Plan& plan, std::size_t room) {
  return "bench_" + plan.run + "_" + std::to_string(room);
}

}  // namespace chat::bench
