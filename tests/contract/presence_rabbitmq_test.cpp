// Presence of two nodes that signal each other through a real RabbitMQ.

#include "chat/base/log.hpp"
#include "chat/broker/local_presence.hpp"
#include "chat/rabbitmq/rabbitmqc_channel.hpp"
#include "chat/rabbitmq/signal_exchange.hpp"
#include "presence_contract.hpp"
#include "support/rabbit_vhost.hpp"

namespace chat::tests {
namespace {

constexpr base::Duration kLease = seconds(3);

class Node {
 public:
  /// Each test has nodes of its own names in the one vhost.
  Node(RabbitVhost& vhost, ManualExecutor& executor)
      : presence_(executor, {kGather, 5}),
        exchange_(executor, connector_, options(vhost), {{executor, presence_}},
                  [](const RoomName&) { return std::size_t{0}; }) {
    exchange_.start();
  }
  broker::LocalPresence& presence() { return presence_; }
  rabbitmq::SignalExchange& exchange() { return exchange_; }
  bool knows(std::size_t others) const {
    return exchange_.counters().connected && exchange_.counters().nodes == others;
  }

 private:
  static rabbitmq::SignalExchange::Options options(RabbitVhost& vhost) {
    static std::uint64_t last = 0;
    rabbitmq::SignalExchange::Options options;
    options.node = "node-" + std::to_string(++last);
    options.endpoints = {vhost.endpoint(options.node)};
    options.incarnation = last;
    options.seed = last;
    options.lease = kLease;
    return options;
  }

  rabbitmq::RabbitmqcConnector connector_;
  broker::LocalPresence presence_;
  rabbitmq::SignalExchange exchange_;
};

class RabbitWorld final : public PresenceWorld {
 public:
  RabbitWorld() {
    base::Log::configure(base::LogFormat::text, base::LogLevel::off);
    REQUIRE(time_.run_until([this] {
      executor_.advance(milliseconds(10));  // their waits may be shorter than they are
      return a.knows(1) && b->knows(1);
    }));
  }
  /// What the contract sees is the first node, on virtual time; the other one hears it.
  broker::Presence& presence() override { return a.presence(); }
  void advance(base::Duration time) override { executor_.advance(time); }

  bool until(const std::function<bool()>& done) { return time_.run_until(done); }

 private:
  static RabbitVhost& vhost() {
    static RabbitVhost one;
    return one;
  }
  ManualExecutor executor_;
  RealTime time_{executor_};

 public:
  Node a{vhost(), executor_};
  std::unique_ptr<Node> b = std::make_unique<Node>(vhost(), executor_);
};

const RoomName kOps("ops");

Names members_of(Node& node) {
  Names names;
  node.presence().members(kOps, [&names](const auto& members) { names = members->names; });
  return sorted(names);
}
std::string enter(Node& node, std::uint64_t key, const std::string& wanted,
                  broker::PresenceSink& sink) {
  std::string name;
  node.presence().enter(kOps, MemberKey(key), wanted, sink,
                        [&name](const auto& entered) { name = entered->name; });
  return name;
}

TEST_CASE("presence over RabbitMQ: nodes show each other's members, each name once",
          "[presence][real]") {
  RabbitWorld world;
  RecordingPresence on_a;
  RecordingPresence on_b;
  CHECK(enter(world.a, 1, "ann", on_a) == "ann");
  REQUIRE(world.until([&] { return members_of(*world.b) == Names{"ann"}; }));
  CHECK(enter(*world.b, 1, "Ann", on_b) == "Ann-2");
  REQUIRE(world.until([&] { return members_of(world.a) == Names{"Ann-2", "ann"}; }));

  world.a.presence().typing(kOps, "ann");
  CHECK(world.until([&] { return on_b.typing == Names{"ann"}; }));
  world.b->presence().leave(kOps, MemberKey(1), on_b);
  CHECK(world.until([&] { return members_of(world.a) == Names{"ann"}; }));
}

TEST_CASE("presence over RabbitMQ: of two who take a name at once one keeps it",
          "[presence][real]") {
  RabbitWorld world;
  RecordingPresence on_a;
  RecordingPresence on_b;
  enter(world.a, 1, "ann", on_a);
  CHECK(enter(*world.b, 1, "ann", on_b) == "ann");
  CHECK(world.until([&] { return members_of(world.a) == Names{"ann", "ann-2"}; }));
  CHECK(world.until([&] { return members_of(*world.b) == Names{"ann", "ann-2"}; }));
  CHECK(on_a.renamed.size() + on_b.renamed.size() == 1);
}

TEST_CASE("presence over RabbitMQ: who goes with its node is forgotten", "[presence][real]") {
  RabbitWorld world;
  RecordingPresence on_b;
  enter(*world.b, 1, "bob", on_b);
  REQUIRE(world.until([&] { return members_of(world.a) == Names{"bob"}; }));
  SECTION("at once when it says so") {
    bool stopped = false;
    world.b->exchange().stop([&stopped] { stopped = true; });
    REQUIRE(world.until([&] { return members_of(world.a).empty(); }));
    CHECK(world.until([&] { return stopped; }));
  }
  SECTION("after its lease when it was killed") {
    world.b.reset();
    CHECK(world.until([&] { return members_of(world.a).empty(); }));
    CHECK(world.a.knows(0));
  }
}

}  // namespace

std::unique_ptr<PresenceWorld> make_presence_world() { return std::make_unique<RabbitWorld>(); }

}  // namespace chat::tests
