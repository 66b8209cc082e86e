#include "support/fake_amqp.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "support/amqp_probe.hpp"
#include "support/manual_executor.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;
using rabbitmq::AmqpResult;
using rabbitmq::Failure;
using Kind = Failure::Kind;
using Declared = rabbitmq::AmqpChannel::Declared;

rabbitmq::QueueSpec stream(const std::string& name) {
  rabbitmq::QueueSpec spec;
  spec.name = name;
  spec.durable = true;
  spec.arguments.emplace_back("x-queue-type", std::string("stream"));
  return spec;
}
rabbitmq::QueueSpec queue(const std::string& name) {
  rabbitmq::QueueSpec spec;
  spec.name = name;
  return spec;
}
rabbitmq::ConsumeSpec from(const std::string& stream, std::int64_t offset,
                           std::uint16_t prefetch = 100) {
  rabbitmq::ConsumeSpec spec;
  spec.queue = stream;
  spec.tag = "tag-" + stream;
  spec.prefetch = prefetch;
  spec.arguments.emplace_back("x-stream-offset", offset);
  return spec;
}

/// A server and probes on one loop.
struct World {
  explicit World(std::uint64_t seed = 1) : amqp(executor, seed) { amqp.create_vhost("chat"); }

  rabbitmq::Endpoint endpoint(const std::string& name) const {
    rabbitmq::Endpoint endpoint;
    endpoint.host = "rabbit";
    endpoint.vhost = "chat";
    endpoint.user = "guest";
    endpoint.password = "guest";
    endpoint.name = name;
    endpoint.confirms = true;
    return endpoint;
  }
  void connect(AmqpProbe& probe, const std::string& name = "probe") {
    probe.connect(amqp.connector(), endpoint(name), executor);
    executor.advance(50ms);
  }
  AmqpResult<Declared> declare(AmqpProbe& probe, const rabbitmq::QueueSpec& spec) {
    std::optional<AmqpResult<Declared>> answer;
    probe.channel().declare(spec, [&](AmqpResult<Declared> result) { answer = result; });
    executor.advance(50ms);
    REQUIRE(answer);
    return *answer;
  }
  /// A queue at the key of an exchange that is not durable.
  void bind(AmqpProbe& probe, const rabbitmq::QueueSpec& spec, const std::string& exchange,
            const std::string& key) {
    rabbitmq::ExchangeSpec direct;
    direct.name = exchange;
    int answered = 0;
    const auto count = [&](const AmqpResult<void>& result) { answered += result ? 1 : 0; };
    REQUIRE(declare(probe, spec));
    probe.channel().declare(direct, count);
    probe.channel().bind(spec.name, exchange, key, count);
    executor.advance(50ms);
    REQUIRE(answered == 2);
  }
  AmqpResult<void> consume(AmqpProbe& probe, const rabbitmq::ConsumeSpec& spec) {
    std::optional<AmqpResult<void>> answer;
    probe.channel().consume(spec, [&](AmqpResult<void> result) { answer = result; });
    executor.advance(50ms);
    REQUIRE(answer);
    return *answer;
  }
  std::vector<std::string> stored(const std::string& name) const {
    std::vector<std::string> bodies;
    for (const auto& record : amqp.stream("chat", name)) bodies.push_back(record.body);
    return bodies;
  }

  ManualExecutor executor;
  FakeAmqp amqp;
};

TEST_CASE("a stream keeps what is published, with offsets that skip a number now and then") {
  World world;
  auto plan = world.amqp.plan();
  plan.skipped_offsets = 100;
  world.amqp.set_plan(plan);
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(probe.open);
  REQUIRE(world.declare(probe, stream("log")));
  REQUIRE(world.consume(probe, from("log", 0, 1000)));
  for (int i = 0; i < 200; ++i) probe.publish("log", std::to_string(i));
  world.executor.advance(1s);

  const auto truth = world.amqp.stream("chat", "log");
  REQUIRE(truth.size() == 200);
  CHECK(probe.confirmed.size() == 200);
  REQUIRE(probe.deliveries.size() == 200);
  bool skipped = false;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    CHECK(truth[i].body == std::to_string(i));
    CHECK(probe.deliveries[i].offset == truth[i].offset);
    skipped = skipped || (i > 0 && truth[i].offset == truth[i - 1].offset + 2);
  }
  CHECK(skipped);
  CHECK(probe.batches < 200);
  CHECK(world.declare(probe, stream("log"))->messages == 0);  // not counted yet
  world.executor.advance(5s);
  CHECK(world.declare(probe, stream("log"))->messages ==
        static_cast<std::uint64_t>(truth.back().offset - truth.front().offset + 1));
}

TEST_CASE("a consumer beyond the end is deaf until the stream gets there") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  auto plan = world.amqp.plan();
  plan.skipped_offsets = 0;
  world.amqp.set_plan(plan);
  REQUIRE(world.declare(probe, stream("log")));
  REQUIRE(world.consume(probe, from("log", 3)));
  for (int i = 0; i < 3; ++i) probe.publish("log", "early");
  world.executor.advance(1s);
  CHECK(probe.deliveries.empty());
  probe.publish("log", "heard");
  world.executor.advance(1s);
  CHECK(probe.bodies() == std::vector<std::string>{"heard"});
}

TEST_CASE("below retention a consumer starts at the first that is left") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  for (int i = 0; i < 10; ++i) probe.publish("log", std::to_string(i));
  world.executor.advance(1s);
  const auto truth = world.amqp.stream("chat", "log");
  world.amqp.trim("chat", "log", truth[6].offset);
  CHECK(world.amqp.stream("chat", "log").size() == 4);
  REQUIRE(world.consume(probe, from("log", 2)));
  world.executor.advance(1s);
  CHECK(probe.bodies() == std::vector<std::string>{"6", "7", "8", "9"});
}

TEST_CASE("prefetch holds deliveries back until they are acknowledged") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  for (int i = 0; i < 20; ++i) probe.publish("log", std::to_string(i));
  REQUIRE(world.consume(probe, from("log", 0, 5)));
  world.executor.advance(1s);
  REQUIRE(probe.deliveries.size() == 5);
  probe.channel().ack(probe.deliveries[2].tag, true);
  world.executor.advance(1s);
  CHECK(probe.deliveries.size() == 8);
  probe.channel().ack(probe.deliveries[7].tag, false);
  world.executor.advance(1s);
  CHECK(probe.deliveries.size() == 9);
  probe.channel().ack(999, false);
  world.executor.advance(1s);
  REQUIRE(probe.lost);
  CHECK(probe.lost->code == 406);
}

TEST_CASE("last is the beginning of the last chunk, next is what comes") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  auto plan = world.amqp.plan();
  plan.same_chunk = 1000;
  world.amqp.set_plan(plan);
  REQUIRE(world.declare(probe, stream("log")));
  for (int i = 0; i < 3; ++i) probe.publish("log", std::to_string(i));
  world.executor.advance(1s);
  auto last = from("log", 0, 1);
  last.arguments = {{"x-stream-offset", std::string("last")}};
  REQUIRE(world.consume(probe, last));
  CHECK(probe.bodies() == std::vector<std::string>{"0", "1", "2"});

  AmqpProbe other;
  world.connect(other);
  auto next = last;
  next.arguments = {{"x-stream-offset", std::string("next")}};
  REQUIRE(world.consume(other, next));
  probe.publish("log", "3");
  world.executor.advance(1s);
  CHECK(other.bodies() == std::vector<std::string>{"3"});
}

TEST_CASE("what the server refuses ends the call and the consumers, and the channel goes on") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  REQUIRE(world.consume(probe, from("log", 0)));
  auto absent = queue("absent");
  absent.passive = true;
  CHECK(world.declare(probe, absent).error().kind == Kind::not_found);
  auto other = stream("log");
  other.arguments.emplace_back("x-max-age", std::string("1D"));
  CHECK(world.declare(probe, other).error().kind == Kind::differs);
  world.amqp.forbid_configure(true);
  CHECK(world.declare(probe, queue("new")).error().kind == Kind::forbidden);
  world.amqp.forbid_configure(false);
  world.amqp.lead("chat", "log", false);
  CHECK(world.declare(probe, stream("log")).error().kind == Kind::unreachable);
  world.amqp.lead("chat", "log", true);

  probe.publish("log", "unheard");
  world.executor.advance(1s);
  CHECK(probe.deliveries.empty());
  CHECK(probe.confirmed.count(1) == 1);
  REQUIRE(world.consume(probe, from("log", 0)));
  CHECK(probe.bodies() == std::vector<std::string>{"unheard"});
}

TEST_CASE("a stream asks for a prefetch and for acknowledgements") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  CHECK(world.consume(probe, from("log", 0, 0)).error().code == 406);
  auto spec = from("log", 0);
  spec.no_ack = true;
  probe.channel().consume(spec, nullptr);
  world.executor.advance(1s);
  REQUIRE(probe.lost);
  CHECK(probe.lost->code == 540);
}

TEST_CASE("a classic queue is bound by key, drops its oldest and goes when nobody uses it") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  auto spec = queue("node");
  spec.arguments = {{"x-max-length", std::int64_t{3}}, {"x-expires", std::int64_t{60'000}}};
  rabbitmq::ExchangeSpec exchange;
  exchange.name = "signal";
  exchange.durable = true;
  REQUIRE(world.declare(probe, spec));
  int answered = 0;
  probe.channel().declare(exchange, [&](AmqpResult<void> result) { answered += result ? 1 : 0; });
  probe.channel().bind("node", "signal", "07",
                       [&](AmqpResult<void> result) { answered += result ? 1 : 0; });
  world.executor.advance(1s);
  REQUIRE(answered == 2);
  for (int i = 0; i < 5; ++i) probe.publish("07", std::to_string(i), false, "signal");
  probe.publish("08", "for nobody", true, "signal");
  world.executor.advance(1s);
  CHECK(world.amqp.waiting("chat", "node") == 3);
  CHECK(probe.returned == decltype(probe.returned){{"signal", "08"}});
  CHECK(probe.confirmed.size() == 6);

  rabbitmq::ConsumeSpec consumer;
  consumer.queue = "node";
  consumer.tag = "node";
  consumer.no_ack = true;
  REQUIRE(world.consume(probe, consumer));
  CHECK(probe.bodies() == std::vector<std::string>{"2", "3", "4"});
  world.executor.advance(2min);
  CHECK(world.amqp.has_queue("chat", "node"));
  world.amqp.cut("probe");
  world.executor.advance(59s);
  CHECK(world.amqp.has_queue("chat", "node"));
  world.executor.advance(2s);
  CHECK_FALSE(world.amqp.has_queue("chat", "node"));
}

TEST_CASE("unacknowledged messages of a classic queue come again after a cut") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, queue("q")));
  for (int i = 0; i < 4; ++i) probe.publish("q", std::to_string(i));
  rabbitmq::ConsumeSpec consumer;
  consumer.queue = "q";
  consumer.tag = "q";
  consumer.prefetch = 2;
  REQUIRE(world.consume(probe, consumer));
  REQUIRE(probe.deliveries.size() == 2);
  probe.channel().ack(probe.deliveries[0].tag, false);
  world.executor.advance(1s);
  world.amqp.cut("probe");
  world.executor.advance(1s);
  AmqpProbe other;
  world.connect(other);
  consumer.prefetch = 0;
  REQUIRE(world.consume(other, consumer));
  CHECK(other.bodies() == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("an exclusive queue is nobody else's and ends with its connection") {
  World world;
  AmqpProbe probe;
  AmqpProbe other;
  world.connect(probe, "one");
  world.connect(other, "two");
  auto spec = queue("own");
  spec.exclusive = true;
  REQUIRE(world.declare(probe, spec));
  CHECK(world.declare(other, spec).error().code == 405);
  probe.drop();
  CHECK_FALSE(world.amqp.has_queue("chat", "own"));
}

TEST_CASE("what expired while it was delivered does not come again") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  auto spec = queue("q");
  spec.arguments = {{"x-message-ttl", std::int64_t{60'000}}};
  REQUIRE(world.declare(probe, spec));
  rabbitmq::ConsumeSpec consumer;
  consumer.queue = "q";
  consumer.tag = "q";
  REQUIRE(world.consume(probe, consumer));
  probe.publish("q", "old");
  world.executor.advance(50s);
  probe.publish("q", "new");
  world.executor.advance(20s);
  REQUIRE(probe.bodies() == std::vector<std::string>{"old", "new"});
  world.amqp.cut("probe");
  CHECK(world.amqp.waiting("chat", "q") == 1);
  world.executor.advance(39s);
  CHECK(world.amqp.waiting("chat", "q") == 1);
  world.executor.advance(2s);
  CHECK(world.amqp.waiting("chat", "q") == 0);
}

TEST_CASE("an exchange that is not durable goes with the server, and its bindings with it") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  auto lasting = queue("lasting");
  lasting.durable = true;
  world.bind(probe, lasting, "groups", "tea");
  world.bind(probe, queue("node"), "groups", "pie");
  CHECK(world.amqp.bindings("chat", "groups") ==
        std::set<std::pair<std::string, std::string>>{{"pie", "node"}, {"tea", "lasting"}});
  world.amqp.kill();
  world.amqp.start();
  AmqpProbe again;
  world.connect(again);
  CHECK(world.amqp.has_queue("chat", "lasting"));
  rabbitmq::ExchangeSpec groups;
  groups.name = "groups";
  groups.passive = true;
  std::optional<AmqpResult<void>> found;
  again.channel().declare(groups, [&](AmqpResult<void> result) { found = result; });
  world.executor.advance(50ms);
  REQUIRE(found);
  CHECK(found->error().kind == Kind::not_found);
  groups.passive = false;
  again.channel().declare(groups, nullptr);
  world.executor.advance(50ms);
  CHECK(world.amqp.bindings("chat", "groups").empty());
}

TEST_CASE("whoever publishes to an exchange that an operator has deleted loses the channel") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  world.bind(probe, queue("node"), "groups", "tea");
  world.amqp.delete_exchange("chat", "groups");
  CHECK(world.amqp.bindings("chat", "groups").empty());
  world.executor.advance(1s);
  REQUIRE_FALSE(probe.lost);
  probe.publish("tea", "body", false, "groups");
  world.executor.advance(1s);
  REQUIRE(probe.lost);
  CHECK(probe.lost->kind == Kind::not_found);
}

TEST_CASE("a nack leaves nothing in the stream") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  auto plan = world.amqp.plan();
  plan.nacks = 300;
  world.amqp.set_plan(plan);
  for (int i = 1; i <= 100; ++i) probe.publish("log", std::to_string(i));
  world.executor.advance(1s);
  CHECK(probe.open_numbers.empty());
  CHECK_FALSE(probe.refused.empty());
  std::vector<std::string> taken;
  for (const auto number : probe.confirmed) taken.push_back(std::to_string(number));
  CHECK(world.stored("log") == taken);
}

TEST_CASE("of what is under way at a cut a first part is stored, some of it after a reconnect") {
  std::set<std::size_t> counts;
  bool late = false;
  bool unconfirmed = false;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    World world(seed);
    AmqpProbe probe;
    world.connect(probe);
    REQUIRE(world.declare(probe, stream("log")));
    for (int i = 0; i < 5; ++i) probe.publish("log", std::to_string(i));
    world.executor.advance(1ms);
    world.amqp.cut("probe");
    world.executor.advance(10ms);
    REQUIRE(probe.lost);
    CHECK(probe.lost->kind == Kind::closed);
    const auto before = world.stored("log").size();
    AmqpProbe again;
    world.connect(again);
    REQUIRE(again.open);
    world.executor.advance(10s);
    const auto bodies = world.stored("log");
    const std::vector<std::string> all{"0", "1", "2", "3", "4"};
    CHECK(std::equal(bodies.begin(), bodies.end(), all.begin()));
    CHECK(world.amqp.late_copies() == 0);
    CHECK(probe.confirmed.size() <= bodies.size());
    counts.insert(bodies.size());
    late = late || bodies.size() > before;
    unconfirmed = unconfirmed || bodies.size() > probe.confirmed.size();
  }
  CHECK(counts.size() == 6);
  CHECK(late);
  CHECK(unconfirmed);
}

TEST_CASE("confirms and publishes are lost with the connection by plan") {
  for (const bool stored : {true, false}) {
    World world;
    AmqpProbe probe;
    world.connect(probe);
    REQUIRE(world.declare(probe, stream("log")));
    auto plan = world.amqp.plan();
    (stored ? plan.lost_confirms : plan.lost_publishes) = 1000;
    world.amqp.set_plan(plan);
    probe.publish("log", "one");
    world.executor.advance(1s);
    CHECK(probe.lost);
    CHECK(probe.confirmed.empty());
    CHECK(world.stored("log").size() == (stored ? 1U : 0U));
  }
}

TEST_CASE("a black hole ends in a time-out, and one that is over in time changes nothing") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  world.amqp.stall("probe");
  probe.publish("log", "one");
  world.executor.advance(3s);
  CHECK(world.stored("log").empty());
  world.amqp.stall("probe", false);
  world.executor.advance(1s);
  CHECK(probe.confirmed.size() == 1);

  SECTION("without a call, after the heartbeats' time") {
    world.amqp.stall("probe");
    world.executor.advance(9s);
    CHECK_FALSE(probe.lost);
    world.executor.advance(2s);
  }
  SECTION("with a call, after the call's time") {
    world.amqp.stall("probe");
    probe.channel().declare(stream("log"), nullptr);
    world.executor.advance(6s);
  }
  REQUIRE(probe.lost);
  CHECK(probe.lost->kind == Kind::timed_out);
  world.amqp.stall_all(true);
  AmqpProbe other;
  world.connect(other);
  world.executor.advance(4s);
  REQUIRE(other.lost);
  CHECK(other.lost->kind == Kind::timed_out);
}

TEST_CASE("a killed server keeps its streams and forgets what is transient") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  REQUIRE(world.declare(probe, queue("transient")));
  for (int i = 0; i < 10; ++i) probe.publish("log", std::to_string(i));
  world.executor.advance(1s);
  const auto truth = world.amqp.stream("chat", "log");
  world.amqp.kill();
  world.executor.advance(1s);
  REQUIRE(probe.lost);
  AmqpProbe refused;
  world.connect(refused);
  REQUIRE(refused.lost);
  CHECK(refused.lost->kind == Kind::refused);
  world.amqp.start();
  AmqpProbe again;
  world.connect(again);
  REQUIRE(again.open);
  CHECK_FALSE(world.amqp.has_queue("chat", "transient"));
  REQUIRE(world.consume(again, from("log", truth[4].offset)));
  REQUIRE(again.deliveries.size() == 6);
  CHECK(again.deliveries[0].offset == truth[4].offset);
}

TEST_CASE("an alarm holds publishes and their confirms back and tells who publishes") {
  World world;
  AmqpProbe publisher;
  AmqpProbe reader;
  world.connect(publisher, "publisher");
  world.connect(reader, "reader");
  REQUIRE(world.declare(publisher, stream("log")));
  REQUIRE(world.consume(reader, from("log", 0)));
  world.amqp.block(true);
  publisher.publish("log", "first");
  world.executor.advance(1s);
  CHECK(publisher.blocked);
  CHECK_FALSE(reader.blocked);
  publisher.publish("log", "second");
  world.executor.advance(60s);
  CHECK(publisher.confirmed.size() == 1);
  CHECK(reader.deliveries.size() == 1);
  CHECK_FALSE(publisher.lost);
  world.amqp.block(false);
  world.executor.advance(1s);
  CHECK_FALSE(publisher.blocked);
  CHECK(publisher.confirmed.size() == 2);
  CHECK(reader.deliveries.size() == 2);
}

TEST_CASE("deleting a stream cancels its consumers, deleting the vhost closes connections") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("a")));
  REQUIRE(world.declare(probe, stream("b")));
  REQUIRE(world.consume(probe, from("a", 0)));
  REQUIRE(world.consume(probe, from("b", 0)));
  world.amqp.delete_queue("chat", "a");
  world.executor.advance(1s);
  CHECK(probe.cancelled == std::vector<std::string>{"tag-a"});
  world.amqp.delete_vhost("chat");
  world.executor.advance(1s);
  CHECK(probe.cancelled == std::vector<std::string>{"tag-a", "tag-b"});
  REQUIRE(probe.lost);
  CHECK(probe.lost->code == 320);
  AmqpProbe missing;
  world.connect(missing);
  REQUIRE(missing.lost);
  CHECK(missing.lost->kind == Kind::vhost);
  world.amqp.create_vhost("chat");
  AmqpProbe again;
  world.connect(again);
  CHECK(again.open);
  CHECK_FALSE(world.amqp.has_queue("chat", "b"));
}

TEST_CASE("credentials can be refused from now on") {
  World world;
  AmqpProbe old;
  world.connect(old);
  world.amqp.refuse_credentials(true);
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(probe.lost);
  CHECK(probe.lost->kind == Kind::credentials);
  CHECK(probe.log == std::vector<std::string>{"lost"});
  CHECK_FALSE(old.lost);
}

TEST_CASE("a stream without its leader takes publishes when it is back") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  world.amqp.lead("chat", "log", false);
  probe.publish("log", "one");
  world.executor.advance(20s);
  CHECK(probe.confirmed.empty());
  CHECK(world.stored("log").empty());
  world.amqp.lead("chat", "log", true);
  world.executor.advance(1s);
  CHECK(probe.confirmed.size() == 1);
}

TEST_CASE("nothing is heard after the channel is destroyed, also from inside of an event") {
  World world;
  AmqpProbe probe;
  world.connect(probe);
  REQUIRE(world.declare(probe, stream("log")));
  probe.publish("log", "one");
  bool answered = false;
  probe.channel().declare(stream("log"), [&](AmqpResult<Declared>) { probe.drop(); });
  probe.channel().declare(stream("log"), [&](AmqpResult<Declared>) { answered = true; });
  world.executor.advance(20s);
  CHECK_FALSE(answered);
  CHECK_FALSE(probe.lost);
  CHECK(world.amqp.connections().empty());
}

TEST_CASE("the same seed gives the same run") {
  const auto run = [](std::uint64_t seed) {
    World world(seed);
    auto plan = world.amqp.plan();
    plan.nacks = 100;
    plan.lost_confirms = 20;
    world.amqp.set_plan(plan);
    AmqpProbe probe;
    world.connect(probe);
    probe.channel().declare(stream("log"), nullptr);
    for (int i = 0; i < 50; ++i) {
      probe.publish("log", std::to_string(i));
      world.executor.advance(300us);
    }
    world.executor.advance(10s);
    return std::make_tuple(world.stored("log"), probe.confirmed, probe.log);
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

}  // namespace
}  // namespace chat::tests
