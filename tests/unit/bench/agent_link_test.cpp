#include "chat/bench/run/agent_link.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chat/bench/run/address.hpp"
#include "chat/bench/run/agent_listener.hpp"
#include "chat/bench/run/clock.hpp"
#include "support/scripted_server.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;
using bench::AgentListener;
using bench::Channel;
using bench::connect_agent;
using Catch::Contains;
using Catch::StartsWith;

AgentListener::Bounds no_bounds() { return {60s, 64}; }

/// A listener on the loopback that a test carries on by hand.
struct Agent {
  explicit Agent(std::string token = {}, AgentListener::Bounds bounds = no_bounds(),
                 const std::string& address = "127.0.0.1:0")
      : listener(open(address, std::move(token), bounds)) {}
  static AgentListener open(const std::string& address, std::string token,
                            AgentListener::Bounds bounds) {
    auto made = AgentListener::open(address, std::move(token), bounds);
    REQUIRE(made);
    return std::move(*made);
  }

  void step(std::size_t most = 100) {
    std::vector<pollfd> fds;
    listener.watch(fds);
    const auto left =
        bench::time_until(std::min(listener.next_step_ns(), bench::monotonic_after(20ms)));
    ::ppoll(fds.data(), fds.size(), &left, nullptr);
    auto happened = listener.step(most);
    for (auto& each : happened.greeted) greeted.push_back(std::move(each));
    for (auto& each : happened.dropped) dropped.push_back(std::move(each));
  }
  /// Bounded.
  void step_until(const std::function<bool()>& done, std::size_t most = 100) {
    const auto end = bench::monotonic_after(30s);
    while (!done()) {
      REQUIRE(bench::monotonic_ns() < end);
      step(most);
    }
  }
  /// What a coordinator that calls gets.
  tl::expected<Channel, std::string> call(const std::string& token, std::size_t most = 100,
                                          std::string address = {}) {
    if (address.empty()) address = listener.address();
    tl::expected<Channel, std::string> result = tl::unexpected(std::string("not called"));
    std::atomic<bool> is_done{false};
    std::thread caller([&] {
      result = connect_agent(address, token, 30s);
      is_done = true;
    });
    const auto end = bench::monotonic_after(30s);
    while (!is_done && bench::monotonic_ns() < end) step(most);
    caller.join();
    return result;
  }
  /// A connection of a stranger that has said `words`.
  bench::Descriptor stranger(const std::string& words = {}) const {
    const auto place = base::parse_host_port(listener.address(), std::nullopt);
    REQUIRE(place);
    const auto address = bench::resolve(*place);
    REQUIRE(address);
    bench::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(socket.get(), address->front().raw(), address->front().size) == 0);
    REQUIRE(::send(socket.get(), words.data(), words.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(words.size()));
    return socket;
  }

  AgentListener listener;
  std::vector<AgentListener::Greeted> greeted;
  std::vector<std::string> dropped;
};

std::string line_of(Channel& channel) {
  auto got = channel.receive(bench::monotonic_after(30s));
  if (!got) return "failed: " + got.error();
  return *got ? **got : "nothing came";
}

std::string call_failure(const std::string& address, const std::string& token = {},
                         std::chrono::milliseconds bound = 30s) {
  const auto channel = connect_agent(address, token, bound);
  REQUIRE_FALSE(channel);
  return channel.error();
}

TEST_CASE("bench agent link: who has the same token is connected, and lines go both ways",
          "[bench][agent]") {
  for (const std::string token : {"", "the token"}) {
    Agent agent(token);
    auto channel = agent.call(token);
    REQUIRE(channel);
    REQUIRE(agent.greeted.size() == 1);
    CHECK_THAT(agent.greeted[0].peer, StartsWith("127.0.0.1:"));
    CHECK(channel->send(std::string(1000, 'p')));
    CHECK(line_of(agent.greeted[0].channel) == std::string(1000, 'p'));
    CHECK(agent.greeted[0].channel.send("result"));
    CHECK(line_of(*channel) == "result");
    CHECK(agent.dropped.empty());
  }
}

TEST_CASE("bench agent link: names and IPv6 addresses lead there, too", "[bench][agent]") {
  Agent agent;
  const auto port = base::parse_host_port(agent.listener.address(), std::nullopt)->port;
  CHECK(agent.call("", 100, "localhost:" + std::to_string(port)));
  auto v6 = AgentListener::open("[::1]:0", "");
  if (!v6) {
    WARN("this machine has no IPv6: " << v6.error());
    return;
  }
  CHECK_THAT(v6->address(), StartsWith("[::1]:"));
  Agent other("", no_bounds(), "[::1]:0");
  CHECK(other.call(""));
}

TEST_CASE("bench agent link: what is wrong is told on both sides", "[bench][agent]") {
  Agent agent("one");
  SECTION("another token") {
    const auto channel = agent.call("other");
    REQUIRE_FALSE(channel);
    CHECK(channel.error() ==
          "what listens at " + agent.listener.address() + " refuses: another token");
    REQUIRE(agent.dropped.size() == 1);
    CHECK_THAT(agent.dropped[0], Contains("127.0.0.1:") && Contains(" has another token"));
  }
  SECTION("no token") {
    const auto channel = agent.call("");
    REQUIRE_FALSE(channel);
    CHECK_THAT(channel.error(), Contains(" wants a token"));
    agent.step_until([&] { return !agent.dropped.empty(); });
    CHECK_THAT(agent.dropped[0], Contains(" did not greet: the other side has ended"));
  }
  SECTION("no room") {
    const auto channel = agent.call("one", 0);
    REQUIRE_FALSE(channel);
    CHECK_THAT(channel.error(), Contains(" refuses: as many workers as may be"));
    REQUIRE(agent.dropped.size() == 1);
  }
  CHECK(agent.greeted.empty());
}

TEST_CASE("bench agent link: no more are welcome at once than there is room for",
          "[bench][agent]") {
  Agent agent;
  std::atomic<int> connected{0};
  std::atomic<int> done{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 5; ++i) {
    callers.emplace_back([&] {
      if (connect_agent(agent.listener.address(), "", 30s)) ++connected;
      ++done;
    });
  }
  const auto end = bench::monotonic_after(30s);
  while (done < 5 && bench::monotonic_ns() < end) agent.step(2 - agent.greeted.size());
  for (auto& each : callers) each.join();
  CHECK(connected == 2);
  CHECK(agent.greeted.size() == 2);
  CHECK(agent.dropped.size() == 3);
}

TEST_CASE("bench agent link: who is no agent is told for what it is", "[bench][agent]") {
  SECTION("nobody") {
    std::string address;
    {
      const Agent gone;
      address = gone.listener.address();
    }
    CHECK(call_failure(address) == "nobody listens at " + address);
  }
  SECTION("no such host") {
    CHECK_THAT(call_failure("no-such-host.invalid:7000"), Contains("no-such-host.invalid"));
  }
  SECTION("no address") {
    CHECK(call_failure("localhost") ==
          "an agent's address: a port is missing, as in localhost:7000");
  }
  const auto at = [](const auto& server) { return "127.0.0.1:" + std::to_string(server.port()); };
  SECTION("a server of another kind, which waits to be asked") {
    const ScriptedServer server("HTTP/1.1 400 Bad Request\r\n\r\n", true);
    CHECK(call_failure(at(server), "", 30ms) ==
          "what listens at " + at(server) + " does not greet in time; is it a chat bench agent?");
  }
}

TEST_CASE("bench agent link: a stranger that poses as an agent is found out", "[bench][agent]") {
  Agent open;
  const auto said = open.call("a token");
  REQUIRE_FALSE(said);
  CHECK_THAT(said.error(), Contains("has no token, though one was given for it"));
}

TEST_CASE("bench agent link: strangers keep nobody waiting and are dropped in time",
          "[bench][agent]") {
  Agent agent("token", {20ms, 64});
  SECTION("who says nothing") {
    const auto silent = agent.stranger();
    agent.step_until([&] { return !agent.dropped.empty(); });
    CHECK_THAT(agent.dropped[0], Contains(" did not greet within 20 ms"));
  }
  SECTION("who dribbles") {
    const auto slow = agent.stranger("chat-");
    agent.step_until([&] {
      ::send(slow.get(), "x", 1, MSG_NOSIGNAL);
      return !agent.dropped.empty();
    });
    // Either the time is up or what it says is too long, whichever is first.
    CHECK_THAT(agent.dropped[0], Contains(" did not greet"));
  }
  SECTION("who asks for something else") {
    const auto browser = agent.stranger("GET / HTTP/1.1\r\n\r\n");
    agent.step_until([&] { return !agent.dropped.empty(); });
    CHECK_THAT(agent.dropped[0], Contains("is no coordinator: it said \"GET / HTTP/1.1"));
  }
  SECTION("who does not stop") {
    const auto endless = agent.stranger(std::string(100'000, 'x'));
    agent.step_until([&] { return !agent.dropped.empty(); });
    CHECK_THAT(agent.dropped[0], Contains("a line is longer than 512 bytes"));
  }
  CHECK(agent.dropped.size() == 1);
  CHECK(agent.listener.next_step_ns() == UINT64_MAX);
}

TEST_CASE("bench agent link: however many say nothing, a coordinator gets through",
          "[bench][agent]") {
  Agent agent("token", {60s, 8});
  std::vector<bench::Descriptor> strangers;
  for (int i = 0; i < 20; ++i) strangers.push_back(agent.stranger());
  CHECK(agent.call("token"));
  CHECK(agent.greeted.size() == 1);
  CHECK(agent.dropped.size() == 13);
  CHECK_THAT(agent.dropped[0], Contains(" did not greet before too many others called"));
}

TEST_CASE("bench agent link: where other machines can call, a token is required",
          "[bench][agent]") {
  for (const std::string address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const auto open = AgentListener::open(address, "");
    REQUIRE_FALSE(open);
    CHECK_THAT(open.error(), Contains("other machines can call " + address) &&
                                 Contains("give it one, or let it listen at 127.0.0.1"));
  }
  const auto all = AgentListener::open("0.0.0.0:0", "token");
  REQUIRE(all);
  CHECK_THAT(all->address(), StartsWith("0.0.0.0:"));
}

TEST_CASE("bench agent link: where it cannot listen is told", "[bench][agent]") {
  const Agent agent;
  const auto& address = agent.listener.address();
  CHECK(AgentListener::open(address, "").error() ==
        "cannot listen at " + address + ": Address already in use");
  CHECK(AgentListener::open("192.0.2.1:0", "token").error() ==
        "cannot listen at 192.0.2.1:0: Cannot assign requested address");
  CHECK(AgentListener::open("localhost", "").error() ==
        "the address to listen at: a port is missing, as in localhost:7000");
}

TEST_CASE("bench address: which ones only this machine reaches", "[bench][agent]") {
  for (const std::string host : {"127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"}) {
    CAPTURE(host);
    CHECK(bench::is_loopback(bench::resolve({host, 1})->front()));
  }
  for (const std::string host : {"0.0.0.0", "10.0.0.1", "::", "2001:db8::1", "::ffff:10.0.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(bench::is_loopback(bench::resolve({host, 1})->front()));
  }
}

}  // namespace
}  // namespace chat::tests
