#include "chat/bench/run/plan.hpp"

#include <array>

namespace chat::bench {
namespace {

/// One counter for each member and each sender of its room.
constexpr std::size_t kMostCounters = 256U << 20;
constexpr std::size_t kMostMembers = 10'000'000;

}  // namespace

const std::vector<std::string_view>& scenario_names() {
  static const std::vector<std::string_view> names{"fanout", "chatter", "idle",   "storm",
                                                   "churn",  "slow",    "resume", "fault"};
  return names;
}

std::string_view name_of(Scenario scenario) {
  return scenario_names()[static_cast<std::size_t>(scenario)];
}

std::string problem_of(const Plan& plan, const Dialect& dialect) {
  if (plan.rooms > kMostMembers / plan.members) return "more than 10,000,000 members";
  if (plan.senders > plan.members && plan.zipf == 0) {
    return "there cannot be more senders than members in a room";
  }
  const std::size_t senders = plan.senders == 0 ? plan.members : plan.senders;
  // With Zipf's law one room may have most of the members.
  const std::size_t heard = plan.senders == 0 && plan.zipf > 0 ? plan.all_members() : senders;
  if (plan.sends() && plan.all_members() > kMostCounters / heard) {
    return "too many members and senders to keep count of: fewer members, rooms or --senders";
  }
  if (plan.outstanding > 0 && !dialect.echoes() && !dialect.acknowledges()) {
    return "--saturate goes on when a message has come back or is acknowledged, and " +
           plan.dialect + " does neither for its sender";
  }
  if (plan.affected > 0 && plan.senders == 0) {
    return "senders are not cut, stalled or sent away: --senders must be fewer than --members";
  }
  return {};
}

}  // namespace chat::bench
