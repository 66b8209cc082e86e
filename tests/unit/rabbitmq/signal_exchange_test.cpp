// Nodes that share their presence through a RabbitMQ server, on virtual time.

#include "chat/rabbitmq/signal_exchange.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/digest.hpp"
#include "chat/rabbitmq/topology.hpp"
#include "support/fake_amqp.hpp"
#include "support/sim_executor.hpp"

namespace chat::tests {
namespace {

using base::MemberKey;
using base::RoomName;
using rabbitmq::Endpoint;
using rabbitmq::SignalExchange;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;

constexpr base::Duration kLease = seconds(10);
constexpr std::size_t kLanes = 2;
const RoomName kOps("ops");

Endpoint endpoint(const std::string& name) {
  Endpoint one;
  one.host = "localhost";
  one.vhost = "/";
  one.user = "guest";
  one.password = "guest";
  one.name = name;
  return one;
}

/// The process of a node: two workers' loops, and one for the exchange.
class Node final : public broker::PresenceSink {
 public:
  Node(SimClock& clock, rabbitmq::AmqpConnector& connector, const std::string& name,
       std::uint64_t incarnation)
      : lane_loops_{SimExecutor(clock), SimExecutor(clock)},
        loop_(clock),
        lanes_{{lane_loops_[0], kOptions}, {lane_loops_[1], kOptions}},
        exchange_(loop_, connector, options(name, incarnation),
                  {{lane_loops_[0], lanes_[0]}, {lane_loops_[1], lanes_[1]}}, lane_of) {
    loop_.post([this] { exchange_.start(); });
  }

  static std::size_t lane_of(const RoomName& room) {
    return base::stable_hash(room.value()) % kLanes;
  }
  SignalExchange& exchange() { return exchange_; }
  SimExecutor& loop() { return loop_; }
  const SignalExchange::Counters& counters() const { return exchange_.counters(); }
  broker::LocalPresence& presence(const RoomName& room) { return lanes_[lane_of(room)]; }

  std::string enter(std::uint64_t key, const std::string& wanted, const RoomName& room = kOps) {
    presence(room).enter(room, MemberKey(key), wanted, *this, [&](const auto& entered) {
      clients[{room, key}] = entered.value().name;
    });
    return clients[{room, key}];
  }
  void rename(std::uint64_t key, const std::string& wanted, const RoomName& room = kOps) {
    presence(room).rename(room, MemberKey(key), wanted, [&](const auto& name) {
      clients[{room, key}] = name.value();
    });
  }
  void leave(std::uint64_t key, const RoomName& room = kOps) {
    presence(room).leave(room, MemberKey(key), *this);
    clients.erase({room, key});
  }
  Names members(const RoomName& room = kOps) {
    Names names;
    presence(room).members(room, [&names](const auto& members) { names = members->names; });
    std::sort(names.begin(), names.end());
    return names;
  }
  std::size_t count(const RoomName& room = kOps) {
    std::size_t count = 0;
    presence(room).members(room, [&count](const auto& members) { count = members->count; });
    return count;
  }

  std::map<std::pair<RoomName, std::uint64_t>, std::string> clients;
  Names typing;

 private:
  static constexpr broker::LocalPresence::Options kOptions{milliseconds(200), 1000};

  static SignalExchange::Options options(const std::string& name, std::uint64_t incarnation) {
    SignalExchange::Options options;
    options.endpoints = {endpoint(name)};
    options.node = name;
    options.incarnation = incarnation;
    options.seed = incarnation;
    options.lease = kLease;
    return options;
  }
  void on_presence(const RoomName&, const wire::Presence&) override {}
  void on_typing(const RoomName&, const std::string& name) override { typing.push_back(name); }
  void on_renamed(const RoomName& room, MemberKey key, const std::string& name) override {
    clients[{room, key.value()}] = name;
  }

  SimExecutor lane_loops_[kLanes];
  SimExecutor loop_;
  broker::LocalPresence lanes_[kLanes];
  SignalExchange exchange_;
};

struct World {
  explicit World(std::uint64_t seed = 1)
      : clock(seed), server_loop(clock), amqp(server_loop, seed) {}

  Node& start(const std::string& name) {
    nodes[name] = std::make_unique<Node>(clock, amqp.connector(), name, ++incarnations);
    return *nodes[name];
  }
  /// As by SIGKILL.
  void kill(const std::string& name) { nodes.erase(name); }
  void pass(base::Duration time) { clock.advance(time); }
  /// Long enough for what waits for no lease.
  void settle() { pass(seconds(2)); }
  void check_members(const Names& expected, const RoomName& room = kOps) {
    for (auto& [name, node] : nodes) {
      CAPTURE(name);
      CHECK(node->members(room) == expected);
    }
  }

  SimClock clock;
  SimExecutor server_loop;
  FakeAmqp amqp;
  std::uint64_t incarnations = 0;
  std::map<std::string, std::unique_ptr<Node>> nodes;
};

std::string queue_of(const std::string& node) { return rabbitmq::node_queue(node); }

TEST_CASE("signals: members of one node are seen on the others", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  Node& c = world.start("c");
  world.settle();
  a.enter(1, "ann");
  b.enter(1, "bob");
  c.enter(1, "eve", RoomName("кухня"));
  world.pass(milliseconds(100));
  world.check_members({"ann", "bob"});
  world.check_members({"eve"}, RoomName("кухня"));
  CHECK(a.counters().nodes == 2);
  CHECK(a.counters().connected);

  b.rename(1, "dan");
  world.pass(milliseconds(100));
  world.check_members({"ann", "dan"});
  a.leave(1);
  c.leave(1, RoomName("кухня"));
  world.pass(milliseconds(100));
  world.check_members({"dan"});
  world.check_members({}, RoomName("кухня"));
}

TEST_CASE("signals: a newcomer learns who is there, and is learnt", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  a.enter(1, "ann");
  world.settle();
  Node& b = world.start("b");
  b.enter(1, "bob");  // before it is connected
  world.settle();
  world.check_members({"ann", "bob"});
  CHECK(b.enter(2, "ANN") == "ANN-2");
}

TEST_CASE("signals: one name taken on two nodes at once is one's alone", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  world.start("c");
  world.settle();
  CHECK(b.enter(1, "ann") == "ann");
  world.pass(milliseconds(1));
  CHECK(a.enter(1, "ann") == "ann");
  world.pass(milliseconds(200));
  CHECK(b.clients[{kOps, 1}] == "ann");
  CHECK(a.clients[{kOps, 1}] == "ann-2");
  world.check_members({"ann", "ann-2"});
}

TEST_CASE("signals: typing reaches the other nodes", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  a.enter(1, "ann");
  b.enter(1, "bob");
  world.settle();
  a.presence(kOps).typing(kOps, "ann");
  world.pass(milliseconds(100));
  CHECK(b.typing == Names{"ann"});
}

TEST_CASE("signals: a killed node's members are gone within two leases", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  a.enter(1, "ann");
  world.start("b").enter(1, "bob");
  world.pass(seconds(60));
  world.check_members({"ann", "bob"});

  world.kill("b");
  world.pass(kLease - seconds(4));
  CHECK(a.members() == Names{"ann", "bob"});
  world.pass(kLease + seconds(4));
  CHECK(a.members() == Names{"ann"});
  CHECK(a.counters().nodes == 0);
}

TEST_CASE("signals: a node that stops says so", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  a.enter(1, "ann");
  b.enter(1, "bob");
  world.settle();
  int stopped = 0;
  b.exchange().stop([&stopped] { ++stopped; });
  CHECK(stopped == 0);
  world.pass(milliseconds(100));
  CHECK(stopped == 1);
  CHECK(a.members() == Names{"ann"});
  CHECK(world.amqp.connections().size() == 1);
}

TEST_CASE("signals: stopping is bounded while RabbitMQ is silent", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  world.settle();
  world.amqp.stall_all(true);
  int stopped = 0;
  a.exchange().stop([&stopped] { ++stopped; });
  world.pass(seconds(1) + milliseconds(10));
  CHECK(stopped == 1);
  world.pass(seconds(30));
  CHECK(stopped == 1);
}

TEST_CASE("signals: what happened while a node was cut off is known again", "[rabbitmq][signals]") {
  World world(GENERATE(1U, 2U, 3U, 4U, 5U));
  Node& a = world.start("a");
  Node& b = world.start("b");
  a.enter(1, "ann");
  a.enter(2, "amy");
  b.enter(1, "bob");
  world.settle();
  world.amqp.cut("a");
  a.leave(2);
  a.enter(3, "ada");
  b.enter(2, "ben");
  b.leave(1);
  world.settle();
  world.check_members({"ada", "ann", "ben"});
  CHECK(a.counters().connected);
}

TEST_CASE("signals: while RabbitMQ is away the own members go on, and all come back",
          "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  a.enter(1, "ann");
  b.enter(1, "bob");
  world.settle();
  world.amqp.kill();
  world.pass(2 * kLease);
  CHECK(a.members() == Names{"ann"});
  CHECK(a.enter(2, "bob") == "bob");
  CHECK_FALSE(a.counters().connected);
  CHECK(b.members() == Names{"bob"});

  world.amqp.start();
  world.pass(seconds(10));
  world.check_members({"ann", "bob", "bob-2"});
  CHECK(a.clients[{kOps, 2}] == "bob-2");  // b's bob is older
}

TEST_CASE("signals: a deleted queue is made again, and what was lost is learnt",
          "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  world.settle();
  world.amqp.delete_queue("/", queue_of("a"));
  b.enter(1, "bob");
  world.settle();
  CHECK(world.amqp.has_queue("/", queue_of("a")));
  world.pass(kLease / 2);
  CHECK(a.members() == Names{"bob"});
}

/// Listens beside a node and takes from its queue.
struct Thief final : rabbitmq::AmqpChannel::Listener {
  void on_open() override {
    rabbitmq::ConsumeSpec spec;
    spec.queue = queue;
    spec.tag = "thief";
    spec.no_ack = true;
    channel->consume(spec, {});
  }
  void on_lost(const rabbitmq::Failure&) override {}
  void on_deliveries(std::vector<rabbitmq::Delivery>& deliveries) override {
    stolen += deliveries.size();
  }
  void on_confirmed(std::uint64_t, bool, bool) override {}
  void on_returned(const std::string&, const std::string&) override {}
  void on_cancelled(const std::string&) override {}
  void on_blocked(bool, const std::string&) override {}
  std::string queue;
  std::unique_ptr<rabbitmq::AmqpChannel> channel;
  std::size_t stolen = 0;
};

TEST_CASE("signals: lost ones are noticed and made good", "[rabbitmq][signals]") {
  World world(GENERATE(1U, 2U, 3U));
  Node& a = world.start("a");
  Node& b = world.start("b");
  for (std::uint64_t key = 1; key <= 3; ++key) b.enter(key, "bob");
  world.settle();
  {
    SimExecutor loop(world.clock);
    Thief thief;
    thief.queue = queue_of("a");
    thief.channel = world.amqp.connector().connect(endpoint("thief"), loop, thief);
    world.settle();
    for (std::uint64_t key = 10; key < 30; ++key) {
      b.enter(key, "ben");
      world.pass(milliseconds(50));
    }
    b.leave(1);
    world.pass(milliseconds(50));
    REQUIRE(thief.stolen > 3);
  }
  world.pass(kLease);  // its own signals come back again
  CHECK(a.members() == b.members());
  CHECK(a.count() == 22);
  CHECK(a.counters().gaps > 0);
}

TEST_CASE("signals: a node started again has its new members alone", "[rabbitmq][signals]") {
  const std::string name = GENERATE(as<std::string>{}, "b", "other");
  World world;
  Node& a = world.start("a");
  world.start("b").enter(1, "bob");
  world.settle();
  world.kill("b");
  Node& again = world.start(name);
  again.enter(1, "ben");
  if (name == "b") {
    world.settle();  // no lease has to run out
    CHECK(a.counters().nodes == 1);
  } else {
    world.pass(2 * kLease);
  }
  world.check_members({"ben"});
}

TEST_CASE("signals: ten thousand members are told in parts", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  constexpr std::uint64_t kMembers = 10'000;
  for (std::uint64_t key = 1; key <= kMembers; ++key) {
    a.enter(key, "member" + std::to_string(key), RoomName("room" + std::to_string(key % 7)));
  }
  world.settle();
  Node& b = world.start("b");
  world.settle();
  std::size_t count = 0;
  for (int room = 0; room < 7; ++room) count += b.count(RoomName("room" + std::to_string(room)));
  CHECK(count == kMembers);
  CHECK(b.counters().refused == 0);
  CHECK(b.counters().received > 5);
}

TEST_CASE("signals: an alarm holds them back and nobody is forgotten", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  a.enter(1, "ann");
  b.enter(1, "bob");
  world.settle();
  world.amqp.block(true);
  world.settle();
  a.enter(2, "amy");
  world.pass(3 * kLease);
  CHECK(b.members() == Names{"ann", "bob"});
  world.amqp.block(false);
  world.settle();
  world.check_members({"amy", "ann", "bob"});
}

TEST_CASE("signals: whoever may not connect tries on, ever less often", "[rabbitmq][signals]") {
  World world;
  world.amqp.refuse_credentials(true);
  Node& a = world.start("a");
  a.enter(1, "ann");
  world.pass(seconds(120));
  CHECK_FALSE(a.counters().connected);
  world.amqp.refuse_credentials(false);
  world.pass(seconds(31));
  CHECK(a.counters().connected);
}

/// Says what a test wants through the exchange.
class Puppet final : rabbitmq::AmqpChannel::Listener {
 public:
  explicit Puppet(World& world) : world_(world), loop_(world.clock) {
    channel_ = world.amqp.connector().connect(endpoint("puppet"), loop_, *this);
  }
  void say(const std::string& body) {
    rabbitmq::Outgoing message;
    message.exchange = rabbitmq::kSignalExchange;
    message.key = rabbitmq::signal_key(0);
    message.body = body;
    channel_->publish(message);
    world_.pass(milliseconds(50));
  }
  void say(std::uint64_t incarnation, std::uint64_t counter, rabbitmq::SignalContent content) {
    say(rabbitmq::encode_signal({"puppet", incarnation, counter, std::move(content)}));
  }

 private:
  void on_open() override {}
  void on_lost(const rabbitmq::Failure&) override {}
  void on_deliveries(std::vector<rabbitmq::Delivery>&) override {}
  void on_confirmed(std::uint64_t, bool, bool) override {}
  void on_returned(const std::string&, const std::string&) override {}
  void on_cancelled(const std::string&) override {}
  void on_blocked(bool, const std::string&) override {}

  World& world_;
  SimExecutor loop_;
  std::unique_ptr<rabbitmq::AmqpChannel> channel_;
};

broker::MemberChange member(std::uint64_t key, const std::string& name) {
  return {kOps, MemberKey(key), name, 1'000};
}

TEST_CASE("signals: foreign messages are counted and do no harm", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  world.settle();
  Puppet puppet(world);
  for (const char* body : {"", "CS", "hello"}) puppet.say(body);
  CHECK(a.counters().refused == 3);
  CHECK(a.counters().nodes == 0);
}

TEST_CASE("signals: what comes late changes nothing", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  world.settle();
  Puppet puppet(world);
  puppet.say(5, 10, rabbitmq::SyncPart{true, true, {member(1, "ann")}});
  puppet.say(5, 11, rabbitmq::Changes{{member(1, "amy"), member(2, "bob")}});
  CHECK(a.members() == Names{"amy", "bob"});
  puppet.say(5, 9, rabbitmq::Changes{{member(2, "")}});
  puppet.say(5, 11, rabbitmq::Changes{{member(2, "")}});
  CHECK(a.members() == Names{"amy", "bob"});

  puppet.say(6, 1, rabbitmq::SyncPart{true, true, {member(1, "eve")}});
  CHECK(a.members() == Names{"eve"});
  puppet.say(5, 12, rabbitmq::Changes{{member(2, "ben")}});  // of its former life
  puppet.say(5, 13, rabbitmq::Bye{});
  puppet.say(6, 2, rabbitmq::Changes{{member(2, "dan")}});
  CHECK(a.members() == Names{"dan", "eve"});
}

TEST_CASE("signals: a sync counts when it is whole, and not before", "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  world.settle();
  Puppet puppet(world);
  puppet.say(5, 1, rabbitmq::SyncPart{true, true, {member(1, "ann"), member(2, "bob")}});
  puppet.say(5, 3, rabbitmq::Changes{{member(3, "lost")}});  // 2 is missing
  puppet.say(5, 4, rabbitmq::SyncPart{true, false, {member(1, "amy")}});
  CHECK(a.members() == Names{"ann", "bob"});
  puppet.say(5, 6, rabbitmq::SyncPart{false, true, {member(3, "eve")}});  // 5 is missing
  CHECK(a.members() == Names{"ann", "bob"});
  puppet.say(5, 7, rabbitmq::SyncPart{true, false, {member(1, "amy")}});
  puppet.say(5, 8, rabbitmq::Beat{});
  puppet.say(5, 9, rabbitmq::SyncPart{false, true, {member(3, "eve")}});
  CHECK(a.members() == Names{"amy", "eve"});
  CHECK(a.counters().gaps == 2);
}

TEST_CASE("signals: no more are under way than a window, and what waits is bounded",
          "[rabbitmq][signals]") {
  World world;
  Node& a = world.start("a");
  Node& b = world.start("b");
  world.settle();
  world.amqp.stall("a");
  const auto before = a.counters().sent;
  for (std::uint64_t key = 1; key <= 200; ++key) {
    a.enter(key, "m");
    world.pass(milliseconds(6));
  }
  CHECK(a.counters().sent > before);
  CHECK(a.counters().sent <= before + 32);
  for (std::uint64_t key = 1'000; key < 34'000; ++key) {
    a.enter(key, "m" + std::to_string(key));
    a.leave(key);
  }
  world.pass(milliseconds(10));
  CHECK(a.counters().dropped >= 65'536);
  CHECK(b.count() < 200);

  world.amqp.stall("a", false);
  world.settle();
  CHECK(b.count() == 200);
  CHECK(b.members() == a.members());
  CHECK(world.amqp.opened() == 2);
}

/// Leaves out the bindings of the channels it makes.
class Unbound final : public rabbitmq::AmqpConnector {
 public:
  explicit Unbound(rabbitmq::AmqpConnector& inner) : inner_(inner) {}
  std::unique_ptr<rabbitmq::AmqpChannel> connect(
      const Endpoint& to, base::Executor& executor,
      rabbitmq::AmqpChannel::Listener& listener) override {
    auto channel = inner_.connect(to, executor, listener);
    ++connects;
    if (connects > 1) return channel;
    return std::make_unique<Channel>(std::move(channel));
  }
  int connects = 0;

 private:
  struct Channel final : rabbitmq::AmqpChannel {
    explicit Channel(std::unique_ptr<rabbitmq::AmqpChannel> channel) : inner(std::move(channel)) {}
    void declare(const rabbitmq::QueueSpec& queue, DeclareDone done) override {
      inner->declare(queue, std::move(done));
    }
    void declare(const rabbitmq::ExchangeSpec& exchange, Done done) override {
      inner->declare(exchange, std::move(done));
    }
    void bind(const std::string&, const std::string&, const std::string&, Done done) override {
      done({});
    }
    void unbind(const std::string& queue, const std::string& exchange, const std::string& key,
                Done done) override {
      inner->unbind(queue, exchange, key, std::move(done));
    }
    void remove_queue(const std::string& queue, Done done) override {
      inner->remove_queue(queue, std::move(done));
    }
    void consume(const rabbitmq::ConsumeSpec& consumer, Done done) override {
      inner->consume(consumer, std::move(done));
    }
    void cancel(const std::string& consumer, Done done) override {
      inner->cancel(consumer, std::move(done));
    }
    void publish(rabbitmq::Outgoing message) override { inner->publish(std::move(message)); }
    void ack(std::uint64_t delivery, bool multiple) override { inner->ack(delivery, multiple); }
    std::unique_ptr<rabbitmq::AmqpChannel> inner;
  };
  rabbitmq::AmqpConnector& inner_;
};

TEST_CASE("signals: a node that does not hear itself connects anew", "[rabbitmq][signals]") {
  World world;
  world.start("b").enter(1, "bob");
  world.settle();
  Unbound connector(world.amqp.connector());
  Node deaf(world.clock, connector, "a", 99);
  world.pass(kLease / 2);
  CHECK(deaf.members().empty());
  world.pass(kLease);
  CHECK(connector.connects == 2);
  CHECK(deaf.members() == Names{"bob"});
}

// ---- whatever goes wrong

class Storm {
 public:
  explicit Storm(std::uint64_t seed) : world_(seed), random_(seed) {
    FakeAmqp::Plan plan;
    plan.nacks = 20;
    plan.lost_confirms = 10;
    plan.lost_publishes = 10;
    world_.amqp.set_plan(plan);
    for (const char* name : {"a", "b", "c"}) world_.start(name);
  }

  void play() {
    for (int step = 0; step < 150; ++step) one_step();
    if (!world_.amqp.running()) world_.amqp.start();
    world_.amqp.set_plan({});
    world_.pass(3 * kLease);
    check();
  }

 private:
  Node& any_node() {
    return *std::next(world_.nodes.begin(), std::ptrdiff_t(random_() % 3))->second;
  }
  std::string any_name() {
    static const Names kNames{"ann", "Ann", "ann-2", "bob"};
    return kNames[random_() % kNames.size()];
  }
  RoomName any_room() { return RoomName(random_() % 3 == 0 ? "кухня" : "ops"); }

  void one_step() {
    Node& node = any_node();
    const auto dice = random_() % 40;
    if (dice < 14) {
      node.enter(++last_key_, any_name(), any_room());
    } else if (dice < 24) {
      if (node.clients.empty()) return;
      const auto client =
          std::next(node.clients.begin(), std::ptrdiff_t(random_() % node.clients.size()))->first;
      if (dice < 19) return node.leave(client.second, client.first);
      node.rename(client.second, any_name(), client.first);
    } else if (dice < 36) {
      world_.pass(milliseconds(random_() % (dice == 24 ? 8000 : 60)));
    } else if (dice == 36) {
      world_.amqp.cut(std::string(1, char('a' + random_() % 3)));
    } else if (dice == 37) {
      const std::string name(1, char('a' + random_() % 3));
      world_.kill(name);
      world_.start(name);
    } else if (dice == 38) {
      world_.amqp.running() ? world_.amqp.kill() : world_.amqp.start();
    } else {
      world_.amqp.delete_queue("/", queue_of(std::string(1, char('a' + random_() % 3))));
    }
  }

  void check() {
    for (const char* text : {"ops", "кухня"}) {
      const RoomName room(text);
      Names all;
      std::set<std::string> folded;
      for (auto& [name, node] : world_.nodes) {
        for (const auto& [client, called] : node->clients) {
          if (client.first != room) continue;
          all.push_back(called);
          REQUIRE(folded.insert(room::Roster::folded(called)).second);
        }
      }
      std::sort(all.begin(), all.end());
      for (auto& [name, node] : world_.nodes) {
        CAPTURE(name);
        REQUIRE(node->counters().connected);
        REQUIRE(node->members(room) == all);
      }
    }
  }

  World world_;
  std::mt19937_64 random_;
  std::uint64_t last_key_ = 0;
};

TEST_CASE("signals: after whatever went wrong all nodes show the same",
          "[rabbitmq][signals][seeded]") {
  for (std::uint64_t run = 0; run < 60; ++run) {
    const auto seed = Catch::rngSeed() * 1000ULL + run;
    CAPTURE(seed);
    Storm(seed).play();
  }
}

}  // namespace
}  // namespace chat::tests
