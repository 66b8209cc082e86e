#include "chat/bench/run/layout.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>
#include <set>

namespace chat::tests {
namespace {

using bench::kNoSender;
using bench::Layout;
using bench::layout_of;
using bench::Part;
using bench::Plan;

constexpr unsigned kPlans = 400;

/// Any plan that problem_of lets pass.
Plan random_plan(unsigned seed) {
  std::mt19937 random(seed);
  const auto up_to = [&random](std::size_t most) { return random() % most + 1; };
  Plan plan;
  plan.run = "r";
  plan.rooms = up_to(12);
  plan.members = up_to(30);
  plan.zipf = random() % 2 == 0 ? 0 : 0.3 * static_cast<double>(up_to(6));
  plan.senders = random() % 3 == 0 ? 0 : up_to(plan.members);
  plan.affected = plan.senders == 0 ? 0 : static_cast<double>(random() % 101) / 100;
  plan.machines.assign(up_to(7), 0);
  for (std::size_t i = up_to(5); i > 0; --i) plan.servers.push_back({"127.0.0.1", 80});
  return plan;
}

/// Of each worker of the plan.
std::vector<Layout> all_layouts(Plan plan) {
  std::vector<Layout> layouts;
  for (plan.worker = 0; plan.worker < plan.workers(); ++plan.worker) {
    layouts.push_back(layout_of(plan));
  }
  return layouts;
}

std::vector<Part> all_parts(const std::vector<Layout>& layouts) {
  std::vector<Part> parts;
  for (const auto& each : layouts) parts.insert(parts.end(), each.parts.begin(), each.parts.end());
  return parts;
}

std::size_t difference(const std::vector<std::size_t>& counts) {
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  return *most - *least;
}

bool is_alike(const std::vector<bench::RoomSize>& a, const std::vector<bench::RoomSize>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return one.members == other.members && one.senders == other.senders;
  });
}

TEST_CASE("layout: all workers together play each member once, and know the same rooms",
          "[bench][layout]") {
  for (unsigned seed = 0; seed < kPlans; ++seed) {
    const Plan plan = random_plan(seed);
    const auto layouts = all_layouts(plan);
    CAPTURE(seed);
    std::set<std::size_t> played;
    std::vector<std::size_t> members(plan.rooms);
    for (const Part& part : all_parts(layouts)) {
      REQUIRE(played.insert(part.member).second);
      ++members[part.room];
    }
    REQUIRE(played.size() == plan.all_members());
    REQUIRE(*played.rbegin() == plan.all_members() - 1);
    for (const Layout& layout : layouts) {
      REQUIRE(is_alike(layout.rooms, layouts[0].rooms));
      REQUIRE(layout.senders == layouts[0].senders);
      REQUIRE(layout.worker_of_sender == layouts[0].worker_of_sender);
      for (std::size_t room = 0; room < plan.rooms; ++room) {
        REQUIRE(layout.rooms[room].members == members[room]);
        REQUIRE(layout.here[room].senders == layout.rooms[room].senders);
      }
    }
  }
}

TEST_CASE("layout: a worker's parts are its members of the rooms, room after room",
          "[bench][layout]") {
  for (unsigned seed = 0; seed < kPlans; ++seed) {
    CAPTURE(seed);
    for (const Layout& layout : all_layouts(random_plan(seed))) {
      auto part = layout.parts.begin();
      for (std::uint32_t room = 0; room < layout.here.size(); ++room) {
        for (std::size_t i = 0; i < layout.here[room].members; ++i, ++part) {
          REQUIRE(part->room == room);
        }
      }
      REQUIRE(part == layout.parts.end());
    }
  }
}

TEST_CASE("layout: each sender is one member of its room, at the worker that all say",
          "[bench][layout]") {
  for (unsigned seed = 0; seed < kPlans; ++seed) {
    const auto layouts = all_layouts(random_plan(seed));
    CAPTURE(seed);
    std::vector<std::size_t> first{0};  // sender of each room
    for (const auto& room : layouts[0].rooms) first.push_back(first.back() + room.senders);
    REQUIRE(first.back() == layouts[0].senders);
    REQUIRE(layouts[0].worker_of_sender.size() == layouts[0].senders);
    std::set<std::uint32_t> senders;
    for (std::size_t worker = 0; worker < layouts.size(); ++worker) {
      for (const Part& part : layouts[worker].parts) {
        if (part.sender == kNoSender) continue;
        REQUIRE(senders.insert(part.sender).second);
        REQUIRE(layouts[0].worker_of_sender[part.sender] == worker);
        REQUIRE(part.sender >= first[part.room]);
        REQUIRE(part.sender < first[part.room + 1]);
      }
    }
    REQUIRE(senders.size() == layouts[0].senders);
  }
}

TEST_CASE("layout: the affected never speak, and are the share that was asked for to one a room",
          "[bench][layout]") {
  for (unsigned seed = 0; seed < kPlans; ++seed) {
    const Plan plan = random_plan(seed);
    const auto layouts = all_layouts(plan);
    CAPTURE(seed);
    std::vector<std::size_t> affected(plan.rooms);
    for (const Part& part : all_parts(layouts)) {
      if (!part.is_affected) continue;
      REQUIRE(part.sender == kNoSender);
      ++affected[part.room];
    }
    double wanted = 0;
    double most = 0;
    double all = 0;
    bool has_room = true;  // for all that are to be affected, in each room up to here
    for (std::size_t room = 0; room < plan.rooms; ++room) {
      const auto& size = layouts[0].rooms[room];
      const double share = plan.affected * static_cast<double>(size.members);
      const auto listeners = static_cast<double>(size.members - size.senders);
      has_room = has_room && std::ceil(share) <= listeners;
      wanted += share;
      most += listeners;
      all += static_cast<double>(affected[room]);
      REQUIRE(static_cast<double>(affected[room]) <= listeners);
      if (has_room) REQUIRE(std::abs(static_cast<double>(affected[room]) - share) < 1);
    }
    REQUIRE(all <= std::min(wanted + 1e-6, most));
    if (has_room) REQUIRE(all > wanted - 1);
  }
}

TEST_CASE("layout: a room is spread over workers and servers, its senders too", "[bench][layout]") {
  for (unsigned seed = 0; seed < kPlans; ++seed) {
    const Plan plan = random_plan(seed);
    const auto layouts = all_layouts(plan);
    CAPTURE(seed, plan.workers(), plan.servers.size());
    for (std::uint32_t room = 0; room < plan.rooms; ++room) {
      std::vector<std::size_t> members(plan.workers());
      std::vector<std::size_t> senders(plan.workers());
      std::vector<std::size_t> servers(plan.servers.size());
      for (std::size_t worker = 0; worker < plan.workers(); ++worker) {
        for (const Part& part : layouts[worker].parts) {
          if (part.room != room) continue;
          ++members[worker];
          if (part.sender != kNoSender) ++senders[worker];
          ++servers.at(part.server);
        }
      }
      REQUIRE(difference(members) <= 1);
      REQUIRE(difference(senders) <= 1);
      REQUIRE(difference(servers) <= 3);  // its first and last round of the workers are not whole
    }
  }
}

TEST_CASE("layout: every worker goes to every server", "[bench][layout]") {
  Plan plan;
  plan.members = 60;
  plan.machines.assign(GENERATE(1U, 2U, 3U, 4U), 0);
  plan.servers.assign(GENERATE(1U, 2U, 3U, 4U), {"127.0.0.1", 80});
  for (const Layout& layout : all_layouts(plan)) {
    std::vector<std::size_t> members(plan.servers.size());
    for (const Part& part : layout.parts) ++members.at(part.server);
    CAPTURE(plan.workers(), plan.servers.size(), members);
    CHECK(difference(members) <= 1);
  }
}

TEST_CASE("layout: rooms have names of their own in each run", "[bench][layout]") {
  Plan plan;
  plan.run = "abc_0";
  CHECK(room_name(plan, 0) == "bench_abc_0_0");
  CHECK(room_name(plan, 12) == "bench_abc_0_12");
}

}  // namespace
}  // namespace chat::tests
