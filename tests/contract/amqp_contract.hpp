#pragma once

// The contract of rabbitmq::AmqpConnector and its channels as tests. Included once by the test of
// each implementation, which defines make_amqp_world().

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/rabbitmq/amqp_channel.hpp"
#include "support/amqp_probe.hpp"

namespace chat::tests {

/// A server under contract with an empty vhost.
class AmqpWorld {
 public:
  virtual ~AmqpWorld() = default;
  virtual rabbitmq::AmqpConnector& connector() = 0;
  virtual base::Executor& executor() = 0;
  /// Where the vhost is, with a user who may do all there.
  virtual rabbitmq::Endpoint endpoint() = 0;
  /// Where nothing listens; `endpoint` is not used after it.
  virtual rabbitmq::Endpoint closed_port() = 0;
  /// Lets everything go on until `done`; false when that does not come.
  virtual bool until(const std::function<bool()>& done) = 0;
};

/// Made anew for each test by the .cpp of an implementation.
std::unique_ptr<AmqpWorld> make_amqp_world();

namespace {

using rabbitmq::AmqpChannel;
using rabbitmq::AmqpResult;
using rabbitmq::ConsumeSpec;
using rabbitmq::ExchangeSpec;
using rabbitmq::Failure;
using rabbitmq::QueueSpec;
using Kind = rabbitmq::Failure::Kind;
using Declared = AmqpChannel::Declared;
using Bodies = std::vector<std::string>;

QueueSpec a_stream(const std::string& name) {
  QueueSpec spec;
  spec.name = name;
  spec.durable = true;
  spec.arguments.emplace_back("x-queue-type", std::string("stream"));
  return spec;
}
QueueSpec a_queue(const std::string& name) {
  QueueSpec spec;
  spec.name = name;
  return spec;
}
QueueSpec passive(const std::string& name) {
  auto spec = a_queue(name);
  spec.passive = true;
  return spec;
}
ConsumeSpec reading(const std::string& stream, std::int64_t offset, std::uint16_t prefetch = 100) {
  ConsumeSpec spec;
  spec.queue = stream;
  spec.tag = "tag-" + stream;
  spec.prefetch = prefetch;
  spec.arguments.emplace_back("x-stream-offset", offset);
  return spec;
}
ConsumeSpec taking(const std::string& queue) {
  ConsumeSpec spec;
  spec.queue = queue;
  spec.tag = "tag-" + queue;
  spec.no_ack = true;
  return spec;
}

/// A world with one channel, and calls that wait for their answer.
class AmqpTest {
 public:
  explicit AmqpTest(bool connects = true) : world(make_amqp_world()) {
    if (!connects) return;
    open(probe);
  }

  void connect(AmqpProbe& with, const rabbitmq::Endpoint& endpoint) {
    with.connect(world->connector(), endpoint, world->executor());
  }
  void open(AmqpProbe& with) {
    connect(with, world->endpoint());
    REQUIRE(world->until([&] { return with.open || with.lost; }));
    REQUIRE_FALSE(with.lost);
  }
  Failure loss_of(const rabbitmq::Endpoint& endpoint) {
    AmqpProbe lost;
    connect(lost, endpoint);
    REQUIRE(world->until([&] { return lost.lost.has_value(); }));
    CHECK(lost.log == std::vector<std::string>{"lost"});
    return *lost.lost;
  }

  template <class Result, class Ask>
  AmqpResult<Result> call(AmqpProbe& with, Ask ask) {
    std::optional<AmqpResult<Result>> answer;
    ask(with.channel(), [&](AmqpResult<Result> result) { answer = std::move(result); });
    REQUIRE(world->until([&] { return answer || with.lost; }));
    if (with.lost) FAIL("lost: " << with.lost->text);
    return *answer;
  }
  AmqpResult<Declared> declare(AmqpProbe& with, const QueueSpec& queue) {
    return call<Declared>(with, [&](auto& channel, auto done) { channel.declare(queue, done); });
  }
  AmqpResult<Declared> declare(const QueueSpec& queue) { return declare(probe, queue); }
  AmqpResult<void> declare(AmqpProbe& with, const ExchangeSpec& exchange) {
    return call<void>(with, [&](auto& channel, auto done) { channel.declare(exchange, done); });
  }
  AmqpResult<void> declare(const ExchangeSpec& exchange) { return declare(probe, exchange); }
  AmqpResult<void> bind(AmqpProbe& with, const std::string& queue, const std::string& exchange,
                        const std::string& key) {
    return call<void>(with,
                      [&](auto& channel, auto done) { channel.bind(queue, exchange, key, done); });
  }
  AmqpResult<void> bind(const std::string& queue, const std::string& exchange,
                        const std::string& key) {
    return bind(probe, queue, exchange, key);
  }
  AmqpResult<void> unbind(AmqpProbe& with, const std::string& queue, const std::string& exchange,
                          const std::string& key) {
    return call<void>(
        with, [&](auto& channel, auto done) { channel.unbind(queue, exchange, key, done); });
  }
  AmqpResult<void> unbind(const std::string& queue, const std::string& exchange,
                          const std::string& key) {
    return unbind(probe, queue, exchange, key);
  }
  AmqpResult<void> remove(AmqpProbe& with, const std::string& queue) {
    return call<void>(with, [&](auto& channel, auto done) { channel.remove_queue(queue, done); });
  }
  AmqpResult<void> consume(AmqpProbe& with, const ConsumeSpec& consumer) {
    return call<void>(with, [&](auto& channel, auto done) { channel.consume(consumer, done); });
  }
  AmqpResult<void> consume(const ConsumeSpec& consumer) { return consume(probe, consumer); }
  AmqpResult<void> cancel(const std::string& tag) {
    return call<void>(probe, [&](auto& channel, auto done) { channel.cancel(tag, done); });
  }

  /// Publishes numbers, one at a time: each is a chunk of its own.
  void publish_singly(const std::string& key, int first, int last) {
    for (int i = first; i <= last; ++i) {
      probe.publish(key, std::to_string(i));
      confirm_all();
    }
  }
  void confirm_all() {
    settle_all();
    REQUIRE(probe.refused.empty());
  }
  /// Each publish is confirmed or refused.
  void settle_all() {
    REQUIRE(world->until([&] { return probe.open_numbers.empty() || probe.lost; }));
    REQUIRE_FALSE(probe.lost);
  }
  bool delivered(AmqpProbe& with, std::size_t count) {
    return world->until([&] { return with.delivered >= count || with.lost; }) && !with.lost;
  }
  /// What was on its way to the channel has come.
  void barrier(AmqpProbe& with, const std::string& queue) {
    REQUIRE(declare(with, passive(queue)));
  }

  std::unique_ptr<AmqpWorld> world;
  AmqpProbe probe;
};

TEST_CASE("amqp: what is asked before the channel is open is done when it is", "[amqp]") {
  AmqpTest test(false);
  test.connect(test.probe, test.world->endpoint());
  bool declared_while_open = false;
  test.probe.channel().declare(a_queue("early"), [&](AmqpResult<Declared> result) {
    declared_while_open = result && test.probe.open;
  });
  test.probe.publish("early", "first");
  test.confirm_all();
  CHECK(declared_while_open);
  REQUIRE(test.consume(taking("early")));
  REQUIRE(test.delivered(test.probe, 1));
  CHECK(test.probe.bodies() == Bodies{"first"});
}

TEST_CASE("amqp: who may not enter is told why", "[amqp]") {
  AmqpTest test(false);
  auto wrong = test.world->endpoint();
  wrong.password = "not the password";
  CHECK(test.loss_of(wrong).kind == Kind::credentials);
  CHECK(test.loss_of(wrong).text.find("not the password") == std::string::npos);

  auto nowhere = test.world->endpoint();
  nowhere.vhost = "no such vhost";
  const auto failure = test.loss_of(nowhere);
  CHECK(failure.kind == Kind::vhost);
  CHECK(failure.code == 530);
  CHECK(failure.text.find("no such vhost") != std::string::npos);

  CHECK(test.loss_of(test.world->closed_port()).kind == Kind::refused);
}

TEST_CASE("amqp: a declaration makes, finds, or tells what differs; the channel goes on",
          "[amqp]") {
  AmqpTest test;
  CHECK(test.declare(passive("log")).error().kind == Kind::not_found);
  REQUIRE(test.declare(a_stream("log")));
  CHECK(test.declare(a_stream("log")));
  CHECK(test.declare(passive("log")));
  auto other = a_stream("log");
  other.arguments.emplace_back("x-max-age", std::string("1D"));
  CHECK(test.declare(other).error().kind == Kind::differs);
  CHECK(test.consume(reading("absent", 0)).error().kind == Kind::not_found);
  CHECK(test.bind("absent", "amq.direct", "key").error().kind == Kind::not_found);

  ExchangeSpec exchange;
  exchange.name = "signal";
  exchange.passive = true;
  CHECK(test.declare(exchange).error().kind == Kind::not_found);
  exchange.passive = false;
  REQUIRE(test.declare(exchange));
  exchange.durable = true;
  CHECK(test.declare(exchange).error().kind == Kind::differs);

  CHECK(test.remove(test.probe, "log"));
  CHECK(test.remove(test.probe, "log"));
  CHECK(test.declare(passive("log")).error().kind == Kind::not_found);
}

TEST_CASE("amqp: what was refused ends the consumers and the numbers before it", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(a_stream("log")));
  test.publish_singly("log", 1, 2);
  REQUIRE(test.consume(reading("log", 0)));
  REQUIRE(test.delivered(probe, 2));
  const auto old = probe.deliveries.back().tag;

  auto without_prefetch = reading("log", 0, 0);
  without_prefetch.tag = "another";
  const auto refused = test.consume(without_prefetch);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == 406);
  CHECK(refused.error().kind == Kind::other);
  probe.published = 0;
  probe.confirmed.clear();
  test.publish_singly("log", 3, 3);
  CHECK(probe.confirmed == std::set<std::uint64_t>{1});
  probe.channel().ack(old, true);
  test.barrier(probe, "log");
  CHECK(probe.delivered == 2);
  REQUIRE(test.consume(reading("log", probe.deliveries[1].offset)));
  REQUIRE(test.delivered(probe, 4));
  CHECK(probe.deliveries[2].tag > old);
  CHECK(probe.bodies() == Bodies{"1", "2", "2", "3"});
  probe.channel().ack(probe.deliveries[3].tag, true);
  test.barrier(probe, "log");
  CHECK_FALSE(probe.lost);
}

TEST_CASE("amqp: a stream gives what was confirmed, in order, with growing offsets", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(a_stream("log")));
  probe.acks = true;
  REQUIRE(test.consume(reading("log", 0)));
  for (int i = 0; i < 500; ++i) probe.publish("log", std::to_string(i));
  test.confirm_all();
  REQUIRE(test.delivered(probe, 500));
  CHECK(probe.confirmed.size() == 500);
  REQUIRE(probe.deliveries.size() == 500);
  for (std::size_t i = 0; i < 500; ++i) {
    CHECK(probe.deliveries[i].body == std::to_string(i));
    CHECK(probe.deliveries[i].consumer == "tag-log");
    if (i > 0) CHECK(probe.deliveries[i].offset > probe.deliveries[i - 1].offset);
  }
  const auto first = probe.deliveries.front().offset;
  const auto last = probe.deliveries.back().offset;
  const auto span = static_cast<std::uint64_t>(last - first + 1);
  bool counted = false;  // by and by
  for (int asked = 0; asked < 200'000 && !counted; ++asked) {
    counted = test.declare(passive("log"))->messages == span;
  }
  CHECK(counted);

  SECTION("a reader attaches at an exact offset") {
    AmqpProbe reader;
    test.open(reader);
    reader.acks = true;
    REQUIRE(test.consume(reader, reading("log", probe.deliveries[321].offset)));
    REQUIRE(test.delivered(reader, 179));
    CHECK(reader.deliveries.front().offset == probe.deliveries[321].offset);
    CHECK(reader.deliveries.front().body == "321");
    CHECK(reader.deliveries.back().offset == last);
  }
  SECTION("\"next\" is what comes from now on") {
    AmqpProbe reader;
    test.open(reader);
    auto next = reading("log", 0);
    next.arguments = {{"x-stream-offset", std::string("next")}};
    REQUIRE(test.consume(reader, next));
    test.publish_singly("log", 500, 500);
    REQUIRE(test.delivered(reader, 1));
    CHECK(reader.bodies() == Bodies{"500"});
  }
}

TEST_CASE("amqp: what is not acknowledged holds back what follows", "[amqp]") {
  AmqpTest test;
  REQUIRE(test.declare(a_stream("log")));
  test.publish_singly("log", 1, 100);
  AmqpProbe reader;
  test.open(reader);
  REQUIRE(test.consume(reader, reading("log", 0, 10)));
  REQUIRE(test.delivered(reader, 10));
  for (int i = 0; i < 5; ++i) test.barrier(reader, "log");
  const auto held = reader.delivered;
  CHECK(held < 50);  // RabbitMQ counts whole chunks
  reader.acks = true;
  reader.channel().ack(reader.deliveries.back().tag, true);
  REQUIRE(test.delivered(reader, 100));
  CHECK(reader.deliveries.back().body == "100");
}

TEST_CASE("amqp: a reader beyond the end hears nothing until the stream is there", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(a_stream("log")));
  test.publish_singly("log", 1, 3);
  REQUIRE(test.consume(reading("log", 6)));
  test.publish_singly("log", 4, 5);
  test.barrier(probe, "log");
  CHECK(probe.delivered == 0);
  test.publish_singly("log", 6, 10);
  REQUIRE(test.delivered(probe, 1));
  CHECK(probe.deliveries.front().offset >= 6);
}

TEST_CASE("amqp: after a cancel is answered nothing more is delivered", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  probe.acks = true;
  REQUIRE(test.declare(a_stream("log")));
  REQUIRE(test.consume(reading("log", 0)));
  test.publish_singly("log", 1, 5);
  REQUIRE(test.delivered(probe, 5));
  REQUIRE(test.cancel("tag-log"));
  test.publish_singly("log", 6, 10);
  test.barrier(probe, "log");
  CHECK(probe.delivered == 5);
  REQUIRE(test.consume(reading("log", probe.deliveries.back().offset + 1)));
  REQUIRE(test.delivered(probe, 10));
}

TEST_CASE("amqp: a mandatory message that finds no queue comes back before its confirm", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  probe.log.clear();
  probe.publish("nowhere", "lost", true);
  test.confirm_all();
  CHECK(probe.returned == decltype(probe.returned){{"", "nowhere"}});
  CHECK(probe.log == std::vector<std::string>{"returned", "confirmed"});
  probe.publish("nowhere", std::string(300'000, 'x'), true);
  test.confirm_all();
  CHECK(probe.returned.size() == 2);
}

TEST_CASE("amqp: a stream deleted under its reader ends the subscription", "[amqp]") {
  AmqpTest test;
  REQUIRE(test.declare(a_stream("log")));
  REQUIRE(test.declare(a_stream("other")));
  REQUIRE(test.consume(reading("log", 0)));
  REQUIRE(test.consume(reading("other", 0)));
  AmqpProbe operator_;
  test.open(operator_);
  REQUIRE(test.remove(operator_, "log"));
  REQUIRE(test.world->until([&] { return !test.probe.cancelled.empty(); }));
  CHECK(test.probe.cancelled == Bodies{"tag-log"});
  test.publish_singly("other", 1, 1);
  REQUIRE(test.delivered(test.probe, 1));
  CHECK_FALSE(test.probe.lost);
}

TEST_CASE("amqp: an exchange brings a message to the queues of its key", "[amqp]") {
  AmqpTest test;
  auto node = a_queue("node");
  node.arguments = {{"x-expires", std::int64_t{60'000}},
                    {"x-max-length", std::int64_t{3}},
                    {"x-overflow", std::string("drop-head")}};
  ExchangeSpec exchange;
  exchange.name = "signal";
  exchange.durable = true;
  REQUIRE(test.declare(node));
  REQUIRE(test.declare(exchange));
  REQUIRE(test.bind("node", "signal", "07"));
  REQUIRE(test.bind("node", "signal", "07"));
  for (int i = 1; i <= 5; ++i) test.probe.publish("07", std::to_string(i), false, "signal");
  test.probe.publish("08", "for nobody", false, "signal");
  test.confirm_all();
  CHECK(test.declare(passive("node"))->messages == 3);
  REQUIRE(test.consume(taking("node")));
  REQUIRE(test.delivered(test.probe, 3));
  CHECK(test.probe.bodies() == Bodies{"3", "4", "5"});
  CHECK(test.probe.deliveries.front().offset == -1);
}

TEST_CASE("amqp: large bodies come whole, small ones between them", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(a_stream("log")));
  probe.acks = true;
  REQUIRE(test.consume(reading("log", 0, 10)));
  Bodies sent;
  for (const std::size_t size : {0UL, 1UL << 20, 1UL, 131'064UL, 131'065UL, 262'128UL, 3UL << 20}) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>((i * 31 + size) % 251);
    sent.push_back(body);
    probe.publish("log", std::move(body));
  }
  test.confirm_all();
  REQUIRE(test.delivered(probe, sent.size()));
  CHECK((probe.bodies() == sent));
}

TEST_CASE("amqp: twenty thousand messages pass through one channel in order", "[amqp]") {
  constexpr int kMessages = 20'000;
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(a_stream("log")));
  probe.acks = true;
  REQUIRE(test.consume(reading("log", 0, 1000)));
  for (int i = 0; i < kMessages; ++i) probe.publish("log", std::to_string(i));
  test.confirm_all();
  REQUIRE(test.delivered(probe, kMessages));
  CHECK(probe.confirmed.size() == kMessages);
  bool in_order = probe.deliveries.size() == kMessages;
  for (std::size_t i = 0; in_order && i < kMessages; ++i) {
    in_order = probe.deliveries[i].body == std::to_string(i) &&
               (i == 0 || probe.deliveries[i].offset > probe.deliveries[i - 1].offset);
  }
  CHECK(in_order);
  CHECK(probe.batches < kMessages);
}

TEST_CASE("amqp: a mistake that no call made ends the channel", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(a_stream("log")));
  SECTION("an exchange that is not there") {
    probe.publish("key", "body", false, "absent");
    REQUIRE(test.world->until([&] { return probe.lost.has_value(); }));
    CHECK(probe.lost->kind == Kind::not_found);
  }
  SECTION("a delivery that was not made") {
    probe.channel().ack(12'345, false);
    REQUIRE(test.world->until([&] { return probe.lost.has_value(); }));
    CHECK(probe.lost->code == 406);
  }
  SECTION("a stream that is not to be acknowledged") {
    auto wrong = taking("log");
    wrong.prefetch = 10;
    probe.channel().consume(wrong, nullptr);
    REQUIRE(test.world->until([&] { return probe.lost.has_value(); }));
    CHECK(probe.lost->code == 540);
  }
  const auto heard = probe.log.size();
  bool answered = false;
  probe.publish("log", "too late");
  probe.channel().declare(a_stream("log"), [&](AmqpResult<Declared>) { answered = true; });
  AmqpProbe other;
  test.open(other);
  test.barrier(other, "log");
  CHECK(probe.log.size() == heard);
  CHECK_FALSE(answered);
}

TEST_CASE("amqp: a destroyed channel is not heard any more", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(a_stream("log")));
  bool answered = false;
  SECTION("from outside") {
    probe.channel().declare(a_stream("log"), [&](AmqpResult<Declared>) { answered = true; });
    probe.drop();
  }
  SECTION("from inside of an event") {
    bool dropped = false;
    probe.channel().declare(a_stream("log"), [&](AmqpResult<Declared>) {
      probe.drop();
      dropped = true;
    });
    probe.channel().declare(a_stream("log"), [&](AmqpResult<Declared>) { answered = true; });
    REQUIRE(test.world->until([&] { return dropped; }));
  }
  SECTION("before it was open") {
    AmqpProbe early;
    test.connect(early, test.world->endpoint());
    early.drop();
  }
  const auto heard = probe.log.size();
  AmqpProbe other;
  test.open(other);
  test.barrier(other, "log");
  CHECK_FALSE(answered);
  CHECK(probe.log.size() == heard);
}

}  // namespace
}  // namespace chat::tests
