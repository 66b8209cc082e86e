#pragma once

// The rest of the contract of rabbitmq::AmqpConnector: what servers of several makes share, an
// exchange with a queue of each that is bound by the keys it wants. Included once, after
// amqp_contract.hpp.

#include "amqp_contract.hpp"

namespace chat::tests {
namespace {

using Numbers = std::set<std::uint64_t>;

ExchangeSpec an_exchange(const std::string& name) {
  ExchangeSpec spec;
  spec.name = name;
  return spec;
}
ExchangeSpec passive_exchange(const std::string& name) {
  auto spec = an_exchange(name);
  spec.passive = true;
  return spec;
}
QueueSpec an_exclusive(const std::string& name) {
  auto spec = a_queue(name);
  spec.exclusive = true;
  return spec;
}
/// With room for so many, and then refuses.
QueueSpec a_refusing(const std::string& name, std::int64_t room) {
  auto spec = a_queue(name);
  spec.arguments = {{"x-max-length", room}, {"x-overflow", std::string("reject-publish")}};
  return spec;
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
Numbers numbers(std::uint64_t first, std::uint64_t last) {
  Numbers all;
  for (auto number = first; number <= last; ++number) all.insert(number);
  return all;
}
Bodies bodies_of(const AmqpProbe& probe, const std::string& queue) {
  Bodies bodies;
  for (const auto& delivery : probe.deliveries) {
    if (delivery.consumer == "tag-" + queue) bodies.push_back(delivery.body);
  }
  return bodies;
}
/// Asks for a queue until it has so many messages, or until it is not there (nullopt).
bool becomes(AmqpTest& test, const std::string& queue, std::optional<std::uint64_t> messages) {
  for (int asked = 0; asked < 100'000; ++asked) {
    const auto found = test.declare(passive(queue));
    if (messages && found && found->messages == *messages) return true;
    if (!messages && !found && found.error().kind == Kind::not_found) return true;
  }
  return false;
}

TEST_CASE("amqp: a queue hears of the keys it is bound to, until it is unbound", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(an_exchange("rooms")));
  REQUIRE(test.declare(a_queue("node")));
  REQUIRE(test.declare(a_queue("other")));
  for (const auto& key : {"tea", "pie"}) REQUIRE(test.bind("node", "rooms", key));
  REQUIRE(test.bind("other", "rooms", "tea"));
  REQUIRE(test.consume(taking("node")));
  REQUIRE(test.consume(taking("other")));
  const auto say = [&](const std::string& body) {
    for (const auto& key : {"tea", "pie"}) probe.publish(key, key + (" " + body), false, "rooms");
    test.confirm_all();
  };
  say("1");
  REQUIRE(test.unbind("node", "rooms", "tea"));
  say("2");
  REQUIRE(test.bind("node", "rooms", "tea"));
  say("3");
  REQUIRE(test.delivered(probe, 8));
  CHECK(bodies_of(probe, "node") == Bodies{"tea 1", "pie 1", "pie 2", "tea 3", "pie 3"});
  CHECK(bodies_of(probe, "other") == Bodies{"tea 1", "tea 2", "tea 3"});
}

TEST_CASE("amqp: to unbind what is not bound is no mistake", "[amqp]") {
  AmqpTest test;
  REQUIRE(test.declare(an_exchange("rooms")));
  REQUIRE(test.declare(a_queue("node")));
  REQUIRE(test.bind("node", "rooms", "tea"));
  REQUIRE(test.consume(taking("node")));
  CHECK(test.unbind("node", "rooms", "pie"));
  CHECK(test.unbind("absent", "rooms", "tea"));
  CHECK(test.unbind("node", "absent", "tea"));
  test.probe.publish("tea", "still here", false, "rooms");
  REQUIRE(test.delivered(test.probe, 1));
  CHECK(test.unbind("node", "rooms", "tea"));
  CHECK(test.unbind("node", "rooms", "tea"));
}

TEST_CASE("amqp: an exchange that goes by itself goes with its last binding", "[amqp]") {
  AmqpTest test;
  auto exchange = an_exchange("rooms");
  exchange.auto_delete = true;
  REQUIRE(test.declare(exchange));
  REQUIRE(test.declare(a_queue("node")));
  REQUIRE(test.bind("node", "rooms", "tea"));
  REQUIRE(test.bind("node", "rooms", "pie"));
  REQUIRE(test.unbind("node", "rooms", "tea"));
  CHECK(test.declare(passive_exchange("rooms")));
  SECTION("that is taken off") { REQUIRE(test.unbind("node", "rooms", "pie")); }
  SECTION("whose queue goes") { REQUIRE(test.remove(test.probe, "node")); }
  CHECK(test.declare(passive_exchange("rooms")).error().kind == Kind::not_found);
}

TEST_CASE("amqp: who finds an exchange otherwise is told the argument and both values", "[amqp]") {
  AmqpTest test;
  AmqpProbe first;
  test.open(first);
  auto theirs = an_exchange("groups");
  std::string differs;
  SECTION("durable") {
    theirs.durable = true;
    differs = "'durable' for exchange 'groups' in vhost '" + test.world->endpoint().vhost +
              "': received 'false' but current is 'true'";
  }
  SECTION("type") {
    theirs.type = "fanout";
    differs = "'type' for exchange 'groups' in vhost '" + test.world->endpoint().vhost +
              "': received 'direct' but current is 'fanout'";
  }
  SECTION("auto_delete") {
    theirs.auto_delete = true;
    differs = "'auto_delete' for exchange 'groups' in vhost '" + test.world->endpoint().vhost +
              "': received 'false' but current is 'true'";
  }
  REQUIRE(test.declare(first, theirs));
  const auto ours = test.declare(an_exchange("groups"));
  REQUIRE_FALSE(ours);
  CHECK(ours.error().kind == Kind::differs);
  CHECK(ours.error().code == 406);
  CHECK(ours.error().text == "PRECONDITION_FAILED - inequivalent arg " + differs);
  CHECK(test.declare(theirs));
  CHECK(test.declare(passive_exchange("groups")));
}

TEST_CASE("amqp: who finds a queue otherwise is told the argument", "[amqp]") {
  AmqpTest test;
  auto theirs = a_queue("node");
  theirs.arguments = {{"x-max-length", std::int64_t{100}},
                      {"x-overflow", std::string("reject-publish")}};
  REQUIRE(test.declare(theirs));
  auto ours = theirs;
  std::string differs;
  SECTION("durable") {
    ours.durable = true;
    differs = "'durable' for queue 'node' in vhost '" + test.world->endpoint().vhost +
              "': received 'true' but current is 'false'";
  }
  SECTION("auto_delete") {
    ours.auto_delete = true;
    differs = "'auto_delete' for queue 'node' in vhost '" + test.world->endpoint().vhost +
              "': received 'true' but current is 'false'";
  }
  SECTION("a number") {
    ours.arguments[0].second = std::int64_t{200};
    differs = "'x-max-length' for queue 'node' in vhost '" + test.world->endpoint().vhost +
              "': received '200' but current is '100'";
  }
  SECTION("a text") {
    ours.arguments[1].second = std::string("drop-head");
    differs = "'x-overflow' for queue 'node' in vhost '" + test.world->endpoint().vhost +
              "': received 'drop-head' but current is 'reject-publish'";
  }
  SECTION("one more") {
    ours.arguments.emplace_back("x-message-ttl", std::int64_t{60'000});
    differs = "'x-message-ttl' for queue 'node' in vhost '" + test.world->endpoint().vhost +
              "': received the value '60000' of type 'long' but current is none";
  }
  SECTION("one less") {
    ours.arguments.pop_back();
    differs = "'x-overflow' for queue 'node' in vhost '" + test.world->endpoint().vhost +
              "': received none but current is the value 'reject-publish' of type 'longstr'";
  }
  const auto answer = test.declare(ours);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::differs);
  CHECK(answer.error().text == "PRECONDITION_FAILED - inequivalent arg " + differs);
  CHECK(test.declare(theirs));
}

TEST_CASE("amqp: an exclusive queue is its connection's, and goes with it", "[amqp]") {
  AmqpTest test;
  AmqpProbe owner;
  test.open(owner);
  REQUIRE(test.declare(an_exchange("groups")));
  REQUIRE(test.declare(owner, an_exclusive("node")));
  REQUIRE(test.declare(owner, an_exclusive("node")));
  REQUIRE(test.bind(owner, "node", "groups", "tea"));
  REQUIRE(test.consume(owner, taking("node")));
  const auto locked = [](const auto& result) {
    return !result && result.error().code == 405 && has(result.error().text, "RESOURCE_LOCKED");
  };
  CHECK(locked(test.declare(passive("node"))));
  CHECK(locked(test.declare(an_exclusive("node"))));
  CHECK(locked(test.declare(a_queue("node"))));
  CHECK(locked(test.bind("node", "groups", "pie")));
  CHECK(locked(test.unbind("node", "groups", "tea")));
  CHECK(locked(test.consume(taking("node"))));
  CHECK(locked(test.remove(test.probe, "node")));
  test.probe.published = 0;  // the channel was opened anew
  test.probe.publish("tea", "hello", false, "groups");
  test.confirm_all();
  REQUIRE(test.delivered(owner, 1));
  CHECK(owner.bodies() == Bodies{"hello"});

  owner.drop();
  CHECK(becomes(test, "node", std::nullopt));
  test.probe.published = 0;
  test.probe.publish("tea", "nobody is here", true, "groups");
  test.confirm_all();
  CHECK(test.probe.returned.size() == 1);
  CHECK(test.declare(an_exclusive("node")));
}

TEST_CASE("amqp: a queue that others may use is not found as an exclusive one", "[amqp]") {
  AmqpTest test;
  REQUIRE(test.declare(a_queue("node")));
  const auto answer = test.declare(an_exclusive("node"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == 405);
}

TEST_CASE("amqp: one full queue refuses the publish, the others have taken it", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(an_exchange("groups")));
  REQUIRE(test.declare(a_refusing("narrow", 2)));
  REQUIRE(test.declare(a_queue("wide")));
  REQUIRE(test.bind("narrow", "groups", "tea"));
  REQUIRE(test.bind("wide", "groups", "tea"));
  REQUIRE(test.bind("wide", "groups", "pie"));
  const auto say = [&](const std::string& body, const std::string& key = "tea") {
    probe.publish(key, body, true, "groups");
    test.settle_all();
  };
  for (const auto* body : {"1", "2", "3"}) say(body);
  say("4", "pie");
  say("5");
  CHECK(probe.confirmed == Numbers{1, 2, 4});
  CHECK(probe.refused == Numbers{3, 5});
  CHECK(probe.returned.empty());
  REQUIRE(test.consume(taking("wide")));
  REQUIRE(test.delivered(probe, 5));
  CHECK(bodies_of(probe, "wide") == Bodies{"1", "2", "3", "4", "5"});

  REQUIRE(test.consume(taking("narrow")));
  REQUIRE(test.delivered(probe, 7));
  say("6");
  REQUIRE(test.delivered(probe, 9));
  CHECK(bodies_of(probe, "narrow") == Bodies{"1", "2", "6"});
  CHECK(probe.confirmed == Numbers{1, 2, 4, 6});
}

TEST_CASE("amqp: of many publishes under way just those are refused that found no room", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(an_exchange("groups")));
  REQUIRE(test.declare(a_refusing("narrow", 100)));
  REQUIRE(test.declare(a_queue("wide")));
  for (const auto& queue : {"narrow", "wide"}) REQUIRE(test.bind(queue, "groups", "tea"));
  for (int i = 1; i <= 500; ++i) probe.publish("tea", std::to_string(i), false, "groups");
  test.settle_all();
  CHECK(probe.confirmed == numbers(1, 100));
  CHECK(probe.refused == numbers(101, 500));
  CHECK(becomes(test, "narrow", 100));
  CHECK(becomes(test, "wide", 500));
}

TEST_CASE("amqp: what waits longer than its queue keeps it is gone", "[amqp]") {
  AmqpTest test;
  auto& probe = test.probe;
  REQUIRE(test.declare(an_exchange("groups")));
  auto brief = a_refusing("brief", 1);
  brief.arguments.emplace_back("x-message-ttl", std::int64_t{300});
  REQUIRE(test.declare(brief));
  REQUIRE(test.declare(a_queue("lasting")));
  for (const auto& queue : {"brief", "lasting"}) REQUIRE(test.bind(queue, "groups", "tea"));
  probe.publish("tea", "1", false, "groups");
  test.confirm_all();
  CHECK(becomes(test, "brief", 0));
  CHECK(becomes(test, "lasting", 1));
  probe.publish("tea", "2", false, "groups");
  test.confirm_all();
}

}  // namespace
}  // namespace chat::tests
