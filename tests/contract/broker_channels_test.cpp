// A room that the original can carry.
#define CHAT_TEST_OTHER_ROOM "kitchen_2"
#include "broker_contract.hpp"
#include "chat/base/log.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "chat/rabbitmq/channels_broker.hpp"
#include "chat/rabbitmq/channels_message.hpp"
#include "chat/rabbitmq/channels_topology.hpp"
#include "support/amqp_probe.hpp"
#include "support/fake_amqp.hpp"
#include "support/faulty_store.hpp"
#include "support/sim_executor.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;
using rabbitmq::ChannelsMessage;

rabbitmq::Endpoint endpoint(const std::string& name) {
  rabbitmq::Endpoint endpoint;
  endpoint.host = "rabbit";
  endpoint.vhost = "/";
  endpoint.user = endpoint.password = "guest";
  endpoint.name = name;
  return endpoint;
}

/// A worker of a node of ours.
class Node {
 public:
  Node(SimClock& clock, FakeAmqp& amqp, const std::string& name, std::size_t most_pending = 4096)
      : executor_(clock),
        store_(history::Retention(),
               [name, count = 0](const base::RoomName&) mutable {
                 return history::Birth{base::Epoch("E-" + name + std::to_string(++count)), {}};
               }),
        faulty_(executor_, store_, 1, {}),
        rooms_(executor_, faulty_, broker::LocalBroker::Options()),
        broker_(executor_, amqp.connector(), rooms_, options(name, most_pending), counters_) {
    broker_.start();
  }

  broker::Broker& broker() { return broker_; }
  const rabbitmq::ChannelsCounters& counters() const { return counters_; }
  FaultyStore& store() { return faulty_; }

 private:
  static rabbitmq::ChannelsBroker::Options options(const std::string& name,
                                                   std::size_t most_pending) {
    rabbitmq::ChannelsBroker::Options options;
    options.line.endpoints = {endpoint(name)};
    options.line.purpose = "channels";
    options.line.random_seed = 1;
    options.node = name;
    options.most_pending = most_pending;
    return options;
  }

  rabbitmq::ChannelsCounters counters_;
  SimExecutor executor_;
  history::MemoryStore store_;
  FaultyStore faulty_;
  broker::LocalBroker rooms_;
  rabbitmq::ChannelsBroker broker_;
};

class ChannelsWorld final : public BrokerWorld {
 public:
  explicit ChannelsWorld(std::size_t most_pending = 4096)
      : node_(std::make_unique<Node>(clock_, amqp_, "a", most_pending)) {
    base::Log::configure(base::LogFormat::text, base::LogLevel::off);
    wait_for([this] { return node().counters().connected.load(); });
  }
  broker::Broker& broker() override { return node_->broker(); }
  void run() override { clock_.advance(20ms); }

  Node& node() { return *node_; }
  FakeAmqp& amqp() { return amqp_; }
  SimClock& clock() { return clock_; }
  void wait_for(const std::function<bool()>& done) {
    for (int turn = 0; !done(); ++turn) {
      REQUIRE(turn < 2000);
      clock_.advance(10ms);
    }
  }

 private:
  SimClock clock_{1};
  SimExecutor server_{clock_};
  FakeAmqp amqp_{server_, 1};
  std::unique_ptr<Node> node_;
};

/// What channels_rabbitmq does, by hand.
class Django {
 public:
  Django(ChannelsWorld& world, const std::string& room, std::size_t most = 100)
      : world_(world), executor_(world.clock()), room_(room) {
    probe.acks = true;
    probe.connect(world.amqp().connector(), endpoint("django"), executor_);
    auto& channel = probe.channel();
    rabbitmq::ExchangeSpec exchange;
    exchange.name = "groups";
    channel.declare(exchange, {});
    rabbitmq::QueueSpec queue;
    queue.name = "channels_abcdefghijkl";
    queue.exclusive = true;
    queue.arguments = {{"x-max-length", static_cast<std::int64_t>(most)},
                       {"x-overflow", std::string("reject-publish")},
                       {"x-message-ttl", std::int64_t{60'000}}};
    channel.declare(queue, {});
    bool is_bound = false;
    channel.bind(queue.name, "groups", "chat_" + room, [&](const auto& result) {
      REQUIRE(result);
      is_bound = true;
    });
    world.wait_for([&] { return is_bound; });
  }
  void listen() {
    rabbitmq::ConsumeSpec consume;
    consume.queue = "channels_abcdefghijkl";
    consume.tag = "c";
    consume.prefetch = 10;
    bool is_listening = false;
    probe.channel().consume(consume,
                            [&](const auto& result) { is_listening = result.has_value(); });
    world_.wait_for([&] { return is_listening; });
  }
  void say(const std::string& body) {
    ChannelsMessage message;
    message.room = base::RoomName(room_);
    message.body = body;
    say_bytes(rabbitmq::encode_channels(message).value());
  }
  void say_bytes(const std::string& bytes) {
    probe.publish("chat_" + room_, bytes, false, "groups");
  }
  std::vector<std::string> heard() const {
    std::vector<std::string> all;
    for (const auto& body : probe.bodies()) all.push_back(rabbitmq::decode_channels(body)->body);
    return all;
  }

  AmqpProbe probe;

 private:
  ChannelsWorld& world_;
  SimExecutor executor_;
  const std::string room_;
};

const RoomName kRoom("lobby");

}  // namespace

TEST_CASE("channels broker: Django's nodes hear ours and ours hear Django's", "[channels]") {
  ChannelsWorld world;
  Django django(world, "lobby");
  django.listen();
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  const auto first = caller.publish(kRoom, R"("from us")");
  django.say(R"({"a":[1,2.5,"你好"]})");
  world.wait_for([&] { return ann.heard(kRoom).size() == 2; });
  CHECK(django.heard() == Strings{R"("from us")", R"({"a":[1,2.5,"你好"]})"});
  CHECK(ann.bodies(kRoom) == django.heard());
  CHECK(ann.heard(kRoom)[0]->seq == first.seq);
  CHECK(ann.heard(kRoom)[1]->name == "django");
  CHECK(world.node().counters().received == 1);
  CHECK(world.node().counters().published == 1);
}

TEST_CASE("channels broker: two nodes of ours know each other's names and repeats", "[channels]") {
  ChannelsWorld world;
  Node other(world.clock(), world.amqp(), "b");
  world.wait_for([&] { return other.counters().connected.load(); });
  Caller caller(world);
  RecordingSink here;
  RecordingSink there;
  caller.subscribe(kRoom, here);
  Answer<broker::RoomHead> joined;
  other.broker().subscribe(kRoom, there, joined.done());
  world.wait_for([&] { return joined.come(); });
  caller.publish(a_message(kRoom, "client-of-1", 7, R"("hi")"));
  world.wait_for([&] { return there.heard(kRoom).size() == 1; });
  CHECK(there.heard(kRoom)[0]->name == "ann");
  // Its client comes to the other node and is not sure that it was taken.
  Answer<broker::Published> again;
  other.broker().publish(a_message(kRoom, "client-of-1", 7, R"("hi")"), again.done());
  world.wait_for([&] { return again.come(); });
  CHECK(again.value().repeat);
  world.run();
  CHECK(here.heard(kRoom).size() == 1);
  CHECK(there.heard(kRoom).size() == 1);
}

TEST_CASE("channels broker: a full node is a nack, which is counted and sent to nobody again",
          "[channels]") {
  ChannelsWorld world;
  Django django(world, "lobby", 2);
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  for (int i = 0; i < 5; ++i) caller.publish(kRoom, std::to_string(i));
  world.wait_for([&] { return world.node().counters().nacked == 3; });
  django.listen();
  world.wait_for([&] { return django.heard().size() == 2; });
  for (int i = 0; i < 50; ++i) world.run();
  CHECK(django.heard() == Strings{"0", "1"});
  CHECK(ann.bodies(kRoom) == Strings{"0", "1", "2", "3", "4"});
}

TEST_CASE("channels broker: what is under way when the connection ends is taken here, once",
          "[channels]") {
  ChannelsWorld world;
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  world.amqp().stall("a");
  Answer<broker::Published> answer;
  world.broker().publish(a_message(kRoom, "client-of-1", 1, R"("unsure")"), answer.done());
  world.run();
  CHECK_FALSE(answer.come());
  world.amqp().cut("a");
  world.wait_for([&] { return answer.come(); });
  CHECK_FALSE(answer.value().repeat);
  CHECK(world.node().counters().unsure == 1);
  world.wait_for([&] { return world.node().counters().connected.load(); });
  const auto repeat = caller.publish(a_message(kRoom, "client-of-1", 1, R"("unsure")")).value();
  CHECK(repeat.repeat);
  caller.publish(kRoom, R"("later")");
  for (int i = 0; i < 300; ++i) world.run();
  CHECK(ann.bodies(kRoom) == Strings{R"("unsure")", R"("later")"});
}

TEST_CASE(
    "channels broker: without a connection all is refused for now, and rooms are joined again",
    "[channels]") {
  ChannelsWorld world;
  Caller caller(world);
  RecordingSink ann;
  RecordingSink bob;
  caller.subscribe(kRoom, ann);
  world.amqp().kill();
  world.wait_for([&] { return !world.node().counters().connected; });
  Answer<broker::Published> refused;
  world.broker().publish(a_message(kRoom, "1"), refused.done());
  Answer<broker::RoomHead> locked_out;
  world.broker().subscribe(RoomName("other"), bob, locked_out.done());
  world.run();
  CHECK(refused.code() == wire::Code::unavailable);
  CHECK(locked_out.code() == wire::Code::unavailable);
  world.amqp().start();
  world.wait_for([&] { return world.node().counters().connected.load(); });
  Django django(world, "lobby");
  django.say("2");
  world.wait_for([&] { return ann.heard(kRoom).size() == 1; });
  caller.publish(kRoom, "3");
  CHECK(ann.bodies(kRoom) == Strings{"2", "3"});
}

TEST_CASE("channels broker: a room that nobody is in is not heard any more", "[channels]") {
  ChannelsWorld world;
  Django django(world, "lobby");
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  world.broker().unsubscribe(kRoom, ann);
  world.run();
  django.say("1");
  for (int i = 0; i < 20; ++i) world.run();
  CHECK(world.node().counters().received == 0);
  caller.subscribe(kRoom, ann);
  django.say("2");
  world.wait_for([&] { return ann.heard(kRoom).size() == 1; });
  CHECK(ann.bodies(kRoom) == Strings{"2"});
}

TEST_CASE("channels broker: what is no message is counted and passed over", "[channels]") {
  ChannelsWorld world;
  Django django(world, "lobby");
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  for (const auto& bytes : {std::string(), std::string("{}"), std::string("\x81\xa1x\x01"),
                            std::string(100'000, '\x91'), std::string("\xdd\xff\xff\xff\xff")}) {
    django.say_bytes(bytes);
  }
  django.say(R"("still here")");
  world.wait_for([&] { return ann.heard(kRoom).size() == 1; });
  CHECK(world.node().counters().skipped == 5);
  CHECK(world.node().counters().connections_lost == 0);
}

TEST_CASE("channels broker: a room that the original cannot carry is refused, and why",
          "[channels]") {
  ChannelsWorld world;
  RecordingSink ann;
  for (const auto& name : {std::string("кухня"), std::string(95, 'a')}) {
    Answer<broker::RoomHead> answer;
    world.broker().subscribe(RoomName(name), ann, answer.done());
    CHECK(answer.code() == wire::Code::bad_room);
    CHECK(answer.get().error().text().find("Django") != std::string::npos);
  }
  CHECK(Caller(world).subscribe(RoomName(std::string(94, 'a')), ann).head == Seq(0));
}

TEST_CASE("channels broker: a number that msgpack cannot have is refused to its sender",
          "[channels]") {
  ChannelsWorld world;
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  CHECK(caller.publish(a_message(kRoom, "123456789012345678901234567890")).code() ==
        wire::Code::bad_json);
  caller.publish(kRoom, "1");
  CHECK(ann.bodies(kRoom) == Strings{"1"});
}

TEST_CASE("channels broker: what has gone out and could not be kept goes out once", "[channels]") {
  ChannelsWorld world;
  Django django(world, "lobby");
  django.listen();
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  world.node().store().fail_appends(1);
  CHECK(wire::is_passing(caller.publish(a_message(kRoom, "client-of-1", 1, "1")).code()));
  const auto again = caller.publish(a_message(kRoom, "client-of-1", 1, "1")).value();
  CHECK_FALSE(again.repeat);
  caller.publish(a_message(kRoom, "client-of-1", 2, "2"));
  world.wait_for([&] { return django.heard().size() == 2; });
  for (int i = 0; i < 50; ++i) world.run();
  CHECK(django.heard() == Strings{"1", "2"});
  CHECK(ann.bodies(kRoom) == Strings{"1", "2"});
}

TEST_CASE("channels broker: what comes again before its answer goes out once", "[channels]") {
  ChannelsWorld world;
  Django django(world, "lobby");
  django.listen();
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  std::vector<Answer<broker::Published>> answers(3);
  for (auto& answer : answers) {
    world.broker().publish(a_message(kRoom, "client-of-1", 1, "1"), answer.done());
  }
  world.wait_for([&] { return answers[2].come(); });
  CHECK_FALSE(answers[0].value().repeat);
  CHECK(answers[1].value().repeat);
  CHECK(answers[2].value().seq == answers[0].value().seq);
  caller.publish(a_message(kRoom, "client-of-1", 2, "2"));
  world.wait_for([&] { return django.heard().size() == 2; });
  CHECK(django.heard() == Strings{"1", "2"});
  CHECK(ann.bodies(kRoom) == Strings{"1", "2"});
}

TEST_CASE("channels broker: a message for another room than it was routed by makes no room",
          "[channels]") {
  ChannelsWorld world;
  Django django(world, "lobby");
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  ChannelsMessage stray;
  stray.room = RoomName("other");
  stray.body = "1";
  django.say_bytes(rabbitmq::encode_channels(stray).value());
  django.say("2");
  world.wait_for([&] { return ann.heard(kRoom).size() == 1; });
  std::vector<RoomName> rooms;
  world.broker().rooms([&](const auto& all) {
    for (const auto& room : all.value()) rooms.push_back(room.room);
  });
  world.run();
  CHECK(rooms == std::vector<RoomName>{kRoom});
}

TEST_CASE("channels broker: own messages that do not come back are kept, and rooms bound again",
          "[channels]") {
  ChannelsWorld world;
  Caller caller(world);
  RecordingSink ann;
  RecordingSink bob;
  const RoomName silent("silent");
  caller.subscribe(kRoom, ann);
  caller.subscribe(silent, bob);
  world.amqp().delete_exchange("/", "groups");
  Django django(world, "silent");  // makes it again, with no room of ours bound
  Answer<broker::Published> lost;
  world.broker().publish(a_message(kRoom, "client-of-1", 1, "1"), lost.done());
  for (int i = 0; i < 400; ++i) world.run();
  CHECK_FALSE(lost.come());
  world.wait_for([&] { return lost.come(); });
  CHECK(lost.value().seq == Seq(1));
  CHECK(world.node().counters().unsure == 1);
  world.run();
  caller.publish(kRoom, "2");
  CHECK(ann.bodies(kRoom) == Strings{"1", "2"});
  django.say("3");
  world.wait_for([&] { return bob.heard(silent).size() == 1; });
  CHECK(world.node().counters().connections_lost == 0);
}

TEST_CASE("channels broker: one that comes back tells that those before it will not",
          "[channels]") {
  ChannelsWorld world;
  Caller caller(world);
  RecordingSink ann;
  RecordingSink bob;
  const RoomName bound("bound");
  caller.subscribe(kRoom, ann);
  world.amqp().delete_exchange("/", "groups");
  Django django(world, "lobby");
  caller.subscribe(bound, bob);
  Answer<broker::Published> lost;
  world.broker().publish(a_message(kRoom, "client-of-1", 1, "1"), lost.done());
  caller.publish(bound, "2");
  CHECK(lost.value().seq == Seq(1));
  world.run();
  caller.publish(a_message(kRoom, "client-of-1", 2, "3"));
  CHECK(ann.bodies(kRoom) == Strings{"1", "3"});
  CHECK(world.node().counters().unsure == 1);
}

TEST_CASE("channels broker: while RabbitMQ takes nothing all is refused for now", "[channels]") {
  ChannelsWorld world;
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  caller.publish(kRoom, "1");
  world.amqp().block(true);
  world.wait_for([&] { return !world.node().counters().connected; });
  const auto refused = caller.publish(a_message(kRoom, "refused"));
  CHECK(refused.code() == wire::Code::unavailable);
  CHECK(refused.get().error().text().find("takes no messages") != std::string::npos);
  world.amqp().block(false);
  world.wait_for([&] { return world.node().counters().connected.load(); });
  caller.publish(kRoom, "2");
  CHECK(ann.bodies(kRoom) == Strings{"1", "2"});
}

TEST_CASE(
    "channels broker: while RabbitMQ takes nothing it is asked nothing, so the connection lasts",
    "[channels]") {
  ChannelsWorld world;
  Caller caller(world);
  RecordingSink ann;
  RecordingSink bob;
  const RoomName left("left");
  caller.subscribe(kRoom, ann);
  caller.subscribe(left, bob);
  Django django(world, "lobby");
  django.listen();
  world.amqp().block(true);
  Answer<broker::Published> first;
  Answer<broker::Published> kept;
  world.broker().publish(a_message(kRoom, "client-of-1", 1, "1"), first.done());
  world.broker().publish(a_message(kRoom, "client-of-1", 2, "2"), kept.done());  // not taken
  world.wait_for([&] { return !world.node().counters().connected; });
  world.broker().unsubscribe(left, bob);
  world.wait_for([&] { return kept.come(); });
  for (int i = 0; i < 1000; ++i) world.run();
  CHECK(django.heard() == Strings{"1"});
  world.amqp().block(false);
  world.wait_for([&] { return django.heard().size() == 2; });
  CHECK(django.heard() == Strings{"1", "2"});
  ChannelsMessage message;
  message.room = left;
  message.body = "3";
  django.probe.publish("chat_left", rabbitmq::encode_channels(message).value(), false, "groups");
  for (int i = 0; i < 20; ++i) world.run();
  CHECK(world.node().counters().connections_lost == 0);
  CHECK(world.node().counters().received == 0);
  CHECK(ann.bodies(kRoom) == Strings{"1", "2"});
}

TEST_CASE("channels broker: too many under way are refused as busy, and told when it is over",
          "[channels]") {
  ChannelsWorld world(4);
  Caller caller(world);
  RecordingSink ann;
  caller.subscribe(kRoom, ann);
  world.amqp().stall("a");
  std::vector<Answer<broker::Published>> answers(5);
  for (auto& answer : answers) world.broker().publish(a_message(kRoom, "1"), answer.done());
  world.run();
  CHECK(answers[4].code() == wire::Code::busy);
  CHECK(ann.readies(kRoom) == 0);
  world.amqp().stall("a", false);
  world.wait_for([&] { return ann.readies(kRoom) == 1; });
  world.wait_for([&] { return answers[3].come(); });
  for (int i = 0; i < 4; ++i) CHECK(answers[static_cast<std::size_t>(i)].get().has_value());
}

std::unique_ptr<BrokerWorld> make_broker_world() { return std::make_unique<ChannelsWorld>(); }

}  // namespace chat::tests
