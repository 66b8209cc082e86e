// Two nodes of two workers each on real threads; the server and both exchanges on one more.

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/digest.hpp"
#include "chat/rabbitmq/signal_exchange.hpp"
#include "support/fake_amqp.hpp"
#include "support/thread_executor.hpp"

namespace chat::tests {
namespace {

using base::MemberKey;
using base::RoomName;
using rabbitmq::SignalExchange;
using Names = std::vector<std::string>;

constexpr std::size_t kLanes = 2;
constexpr std::uint64_t kClients = 40;  // of each node, in each room
const std::vector<RoomName> kRooms{RoomName("a"), RoomName("b"), RoomName("c"), RoomName("d")};

std::size_t lane_of(const RoomName& room) { return base::stable_hash(room.value()) % kLanes; }

/// Runs `task` on a loop and waits for what it gives.
template <class Task>
auto run_on(base::Executor& loop, Task task) {
  std::promise<decltype(task())> result;
  loop.post([&] { result.set_value(task()); });
  return result.get_future().get();
}

struct Node final : broker::PresenceSink {
  Node(ThreadExecutor& net, FakeAmqp& amqp, const std::string& name, std::uint64_t incarnation)
      : exchange(net, amqp.connector(), options(name, incarnation),
                 {{loops[0], lanes[0]}, {loops[1], lanes[1]}}, lane_of) {}

  static SignalExchange::Options options(const std::string& name, std::uint64_t incarnation) {
    rabbitmq::Endpoint endpoint;
    endpoint.vhost = "/";
    endpoint.user = "guest";
    endpoint.password = "guest";
    SignalExchange::Options options;
    options.endpoints = {endpoint};
    options.node = name;
    options.incarnation = incarnation;
    return options;
  }

  /// Everybody wants the same few names; every fourth leaves again.
  void come_and_go() {
    for (const RoomName& room : kRooms) {
      loops[lane_of(room)].post([this, room] {
        auto& presence = lanes[lane_of(room)];
        for (std::uint64_t key = 1; key <= kClients; ++key) {
          presence.enter(room, MemberKey(key), "ann", *this, [](const auto&) {});
          if (key % 4 == 0) presence.leave(room, MemberKey(key), *this);
        }
        presence.typing(room, "ann");
      });
    }
  }
  Names members(const RoomName& room) {
    return run_on(loops[lane_of(room)], [&] {
      Names names;
      lanes[lane_of(room)].members(room, [&](const auto& members) { names = members->names; });
      std::sort(names.begin(), names.end());
      return names;
    });
  }

  void on_presence(const RoomName&, const wire::Presence&) override {}
  void on_typing(const RoomName&, const std::string&) override {}
  void on_renamed(const RoomName&, MemberKey, const std::string&) override {}

  ThreadExecutor loops[kLanes];
  broker::LocalPresence lanes[kLanes]{{loops[0], {}}, {loops[1], {}}};
  SignalExchange exchange;
};

bool same_members(Node& a, Node& b) {
  return std::all_of(kRooms.begin(), kRooms.end(), [&](const RoomName& room) {
    const auto names = a.members(room);
    return names.size() == 2 * (kClients - kClients / 4) && names == b.members(room);
  });
}

void stop(Node& node, ThreadExecutor& net) {
  std::promise<void> stopped;
  net.post([&] { node.exchange.stop([&stopped] { stopped.set_value(); }); });
  stopped.get_future().get();
}

TEST_CASE("signals on threads: two nodes come to the same members", "[rabbitmq][threads]") {
  ThreadExecutor net;
  FakeAmqp amqp(net, 1);
  Node a(net, amqp, "a", 1);
  Node b(net, amqp, "b", 2);
  for (Node* node : {&a, &b}) {
    net.post([node] { node->exchange.start(); });
    node->come_and_go();
  }
  const auto bound = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!same_members(a, b) && std::chrono::steady_clock::now() < bound) {
  }
  CHECK(same_members(a, b));
  stop(a, net);
  stop(b, net);
  for (Node* node : {&a, &b}) {
    for (auto& loop : node->loops) loop.stop();
  }
  net.stop();
}

}  // namespace
}  // namespace chat::tests
