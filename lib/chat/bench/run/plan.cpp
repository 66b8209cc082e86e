#include "chat/bench/run/plan.hpp"

#include <fmt/format.h>

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

Plan plan_for(Scenario scenario) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  Plan plan;
  plan.scenario = scenario;
  plan.dialect = "chat.v1";
  plan.payload = "100";
  plan.warm_up = kSecond;
  plan.duration = 5 * kSecond;
  plan.senders = 10;
  switch (scenario) {
    case Scenario::fanout: break;
    case Scenario::chatter:
      plan.rooms = 100;
      plan.members = 10;
      plan.senders = 0;
      plan.zipf = 1;
      plan.arrivals = Arrivals::Kind::poisson;
      break;
    case Scenario::idle:
    case Scenario::storm:
      plan.rooms = 100;
      plan.members = 10;
      plan.senders = 0;
      plan.warm_up = 0;
      if (scenario == Scenario::storm) plan.duration = 0;  // it is over when all are back
      break;
    case Scenario::churn:
      plan.rooms = 10;
      plan.members = 50;
      plan.senders = 5;
      plan.affected = 0.2;
      plan.away = kSecond / 5;
      plan.between = kSecond;
      break;
    case Scenario::slow:
      plan.affected = 0.1;
      plan.away = 2 * kSecond;
      plan.between = kSecond;
      break;
    case Scenario::resume:
      plan.rooms = 10;
      plan.members = 50;
      plan.senders = 5;
      plan.affected = 0.2;
      plan.away = kSecond / 2;
      plan.between = kSecond;
      break;
    case Scenario::fault:
      plan.rooms = 10;
      plan.members = 10;
      plan.senders = 2;
      plan.duration = 30 * kSecond;
      break;
  }
  return plan;
}

std::vector<Fact> facts_of(const Plan& plan) {
  const auto seconds = [](std::uint64_t nanos) {
    return fmt::format("{:g} s", static_cast<double>(nanos) / 1e9);
  };
  std::vector<Fact> facts{{"dialect", plan.dialect},
                          {"rooms", std::to_string(plan.rooms)},
                          {"members", std::to_string(plan.members) + " a room"}};
  if (plan.zipf > 0) {
    facts.back().text += fmt::format(" on the average, sizes by Zipf's law with {:g}", plan.zipf);
  }
  if (plan.connect_rate > 0) {
    facts.push_back({"connects", fmt::format("{:g}/s", plan.connect_rate)});
  }
  if (plan.scenario != Scenario::storm) facts.push_back({"duration", seconds(plan.duration)});
  if (plan.scenario == Scenario::idle && plan.speaks) {
    facts.push_back({"speaks", "each member once, " + plan.payload + " bytes"});
  }
  if (plan.scenario == Scenario::storm || plan.scenario == Scenario::idle) return facts;
  facts.push_back({"warm-up", seconds(plan.warm_up)});
  facts.push_back(
      {"senders", plan.senders == 0 ? "all" : std::to_string(plan.senders) + " a room"});
  const char* times = plan.arrivals == Arrivals::Kind::poisson ? "at random times" : "evenly";
  facts.push_back({"load", plan.outstanding > 0
                               ? std::to_string(plan.outstanding) + " messages under way"
                               : fmt::format("{:g} messages/s, {}", plan.rate, times)});
  facts.push_back({"payload", plan.payload + " bytes"});
  if (plan.affected > 0) {
    facts.push_back(
        {"affected", fmt::format("{:g} % of the members, each {} after about {}",
                                 plan.affected * 100, seconds(plan.away), seconds(plan.between))});
  }
  return facts;
}

std::string problem_of(const Plan& plan, const Dialect& dialect) {
  if (plan.rooms == 0 || plan.members == 0 || plan.servers.empty() || plan.machines.empty() ||
      plan.worker >= plan.workers()) {
    return "a plan needs rooms, members, servers and workers";
  }
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
  if (plan.outstanding > 0 && !dialect.echoes()) {
    return "--saturate goes on when a message has come back to its sender, and with " +
           plan.dialect + " none does";
  }
  if (plan.affected > 0 && (plan.senders == 0 || plan.senders >= plan.members)) {
    return "senders are not cut, stalled or sent away: --senders must be fewer than --members";
  }
  if (plan.affected > 0 && plan.affected * static_cast<double>(plan.all_members()) < 1 - 1e-9) {
    return fmt::format("--affected {:g}% of {} members is nobody", plan.affected * 100,
                       plan.all_members());
  }
  return {};
}

}  // namespace chat::bench
