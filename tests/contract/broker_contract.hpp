#pragma once

// The contract of broker::Broker as tests. Included once by the test of each implementation, which
// defines make_broker_world().

#include <algorithm>
#include <optional>

#include "broker_world.hpp"

namespace chat::tests {
namespace {

using base::ClientId;
using base::Epoch;
using base::RoomName;
using base::Seq;
using history::Range;
using room::Continuity;
using Strings = std::vector<std::string>;

// Two rooms, because an implementation may keep its rooms in different places.
#ifndef CHAT_TEST_OTHER_ROOM
#define CHAT_TEST_OTHER_ROOM "кухня"
#endif
RoomName any_room() { return RoomName(GENERATE(as<std::string>{}, "ops", CHAT_TEST_OTHER_ROOM)); }

Range after(Seq seq, std::size_t limit = 50) {
  Range range;
  range.kind = Range::Kind::after;
  range.seq = seq;
  range.limit = limit;
  return range;
}

Strings bodies_of(const history::Page& page) {
  Strings bodies;
  for (const auto& message : page.messages) bodies.push_back(message->body);
  return bodies;
}

TEST_CASE("broker: a message comes back to every subscriber, as it was sent",
          "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink ann;
  RecordingSink bob;
  caller.subscribe(room, ann);
  caller.subscribe(room, bob);

  const auto published =
      caller.publish(a_message(room, "client-of-1", 17, R"({"a":[1e2,"ä"]})")).value();
  world->run();

  REQUIRE_FALSE(published.repeat);
  REQUIRE(published.seq > Seq(0));
  for (RecordingSink* sink : {&ann, &bob}) {
    REQUIRE(sink->heard(room).size() == 1);
    const wire::Message& message = *sink->heard(room).front();
    CHECK(message.seq == published.seq);
    CHECK(message.name == "ann");
    CHECK(message.client == ClientId("client-of-1"));
    CHECK(message.n == 17);
    CHECK(message.body == R"({"a":[1e2,"ä"]})");
  }
}

TEST_CASE("broker: all subscribers get the messages in one ascending order", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink ann;
  RecordingSink bob;
  caller.subscribe(room, ann);
  caller.subscribe(room, bob);

  std::vector<Answer<broker::Published>> answers(50);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    world->broker().publish(a_message(room, std::to_string(i)), answers[i].done());
  }
  run_until(*world, [&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.come(); });
  });
  world->run();

  std::vector<Seq> seqs;
  for (const auto& answer : answers) seqs.push_back(answer.value().seq);
  REQUIRE(std::is_sorted(seqs.begin(), seqs.end(), std::less_equal<>()));
  REQUIRE(ann.seqs(room) == seqs);
  REQUIRE(bob.seqs(room) == seqs);
}

TEST_CASE("broker: rooms do not hear each other", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName ops("ops");
  const RoomName dev("dev");
  RecordingSink sink;
  caller.subscribe(ops, sink);
  caller.subscribe(dev, sink);

  caller.publish(ops, "1");
  caller.publish(dev, "2");
  world->run();

  REQUIRE(sink.bodies(ops) == Strings{"1"});
  REQUIRE(sink.bodies(dev) == Strings{"2"});
}

TEST_CASE("broker: who subscribes at head H gets exactly what is above H", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink late;
  const auto before = caller.publish(room, "0");

  const auto head = caller.subscribe(room, late);
  const auto behind = caller.publish(room, "1");
  world->run();

  CHECK(head.head == before.seq);
  CHECK(head.epoch == before.epoch);
  CHECK(behind.epoch == before.epoch);
  CHECK(late.bodies(room) == Strings{"1"});
}

TEST_CASE("broker: subscribing between publishes misses nothing", "[broker][contract]") {
  const auto world = make_broker_world();
  const RoomName room = any_room();
  RecordingSink sink;
  Answer<broker::RoomHead> head;
  std::vector<Answer<broker::Published>> answers(20);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i == 10) world->broker().subscribe(room, sink, head.done());
    world->broker().publish(a_message(room, std::to_string(i)), answers[i].done());
  }
  run_until(*world, [&] {
    return head.come() &&
           std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.come(); });
  });
  world->run();

  std::vector<Seq> above;
  for (const auto& answer : answers) {
    if (answer.value().seq > head.value().head) above.push_back(answer.value().seq);
  }
  REQUIRE(above.size() >= 10);
  REQUIRE(sink.seqs(room) == above);
}

TEST_CASE("broker: a message sent again gets the first one's seq and is not delivered again",
          "[broker][contract][dedup]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  caller.subscribe(room, sink);

  const auto first = caller.publish(a_message(room, "a", 1, "1")).value();
  const auto other = caller.publish(a_message(room, "b", 1, "2")).value();
  const auto again = caller.publish(a_message(room, "a", 1, "3")).value();
  world->run();

  CHECK_FALSE(other.repeat);
  CHECK(again.repeat);
  CHECK(again.seq == first.seq);
  CHECK(again.epoch == first.epoch);
  CHECK(sink.bodies(room) == Strings{"1", "2"});
}

TEST_CASE("broker: a message sent again before its first answer is taken once",
          "[broker][contract][dedup]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  caller.subscribe(room, sink);

  Answer<broker::Published> first;
  Answer<broker::Published> again;
  world->broker().publish(a_message(room, "a", 1, "1"), first.done());
  world->broker().publish(a_message(room, "a", 1, "1"), again.done());
  run_until(*world, [&] { return first.come() && again.come(); });
  world->run();

  CHECK_FALSE(first.value().repeat);
  CHECK(again.value().repeat);
  CHECK(again.value().seq == first.value().seq);
  CHECK(sink.bodies(room) == Strings{"1"});
}

TEST_CASE("broker: messages without a client are never repeats", "[broker][contract][dedup]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  caller.subscribe(room, sink);

  caller.publish(room, "1");
  caller.publish(room, "1");
  world->run();

  REQUIRE(sink.bodies(room) == Strings{"1", "1"});
}

TEST_CASE("broker: what is behind the dedup window is refused, not guessed",
          "[broker][contract][dedup]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  caller.subscribe(room, sink);

  const std::uint64_t count = room::kDedupWindow + 1;
  std::vector<Answer<broker::Published>> answers(count);
  for (std::uint64_t n = 0; n < count; ++n) {
    world->broker().publish(a_message(room, "a", n, "1"), answers[n].done());
  }
  run_until(*world, [&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.come(); });
  });
  for (const auto& answer : answers) REQUIRE_FALSE(answer.value().repeat);

  CHECK(caller.publish(a_message(room, "a", 0, "1")).code() == wire::Code::stale_n);
  CHECK(caller.publish(a_message(room, "a", 1, "1")).value().repeat);
  world->run();
  CHECK(sink.heard(room).size() == count);
}

TEST_CASE("broker: who unsubscribed hears nothing more, the others do", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink leaving;
  RecordingSink staying;
  caller.subscribe(room, leaving);
  caller.subscribe(room, staying);
  caller.publish(room, "1");
  world->run();

  Answer<broker::Published> under_way;
  world->broker().publish(a_message(room, "2"), under_way.done());
  world->broker().unsubscribe(room, leaving);
  const auto heard_before = leaving.bodies(room);  // a broker may deliver before publish returns
  run_until(*world, [&] { return under_way.come(); });
  caller.publish(room, "3");
  world->run();

  CHECK(leaving.bodies(room) == heard_before);
  CHECK(staying.bodies(room) == Strings{"1", "2", "3"});
}

TEST_CASE("broker: who unsubscribed can subscribe again", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  caller.subscribe(room, sink);
  world->broker().unsubscribe(room, sink);
  const auto missed = caller.publish(room, "1");

  const auto head = caller.subscribe(room, sink);
  caller.publish(room, "2");
  world->run();

  CHECK(head.head == missed.seq);
  CHECK(sink.bodies(room) == Strings{"2"});
}

TEST_CASE("broker: unsubscribing before the answer leaves nothing behind", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  Answer<broker::RoomHead> taken_back;
  world->broker().subscribe(room, sink, taken_back.done());
  const bool came_at_once = taken_back.come();
  world->broker().unsubscribe(room, sink);

  Answer<broker::RoomHead> second;
  world->broker().subscribe(room, sink, second.done());
  run_until(*world, [&] { return second.come(); });
  caller.publish(room, "1");
  world->run();

  CHECK(taken_back.come() == came_at_once);
  CHECK(sink.bodies(room) == Strings{"1"});
}

TEST_CASE("broker: unsubscribing what is not subscribed changes nothing", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  RecordingSink other;
  world->broker().unsubscribe(room, other);
  caller.subscribe(room, sink);
  world->broker().unsubscribe(room, other);

  caller.publish(room, "1");
  world->run();

  REQUIRE(sink.bodies(room) == Strings{"1"});
}

TEST_CASE("broker: a sink that publishes while it hears does not disturb the order",
          "[broker][contract][reentrant]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink echoing;
  RecordingSink quiet;
  std::vector<Answer<broker::Published>> echoes(20);
  std::size_t echoed = 0;
  echoing.then = [&](const RoomName&, const wire::MessagePtr& message) {
    if (echoed == echoes.size()) return;
    auto echo = a_message(room, message->body + "1");
    world->broker().publish(std::move(echo), echoes[echoed++].done());
  };
  caller.subscribe(room, echoing);
  caller.subscribe(room, quiet);

  caller.publish(room, "0.5");
  run_until(*world, [&] { return quiet.heard(room).size() == 1 + echoes.size(); });
  world->run();

  CHECK(echoing.seqs(room) == quiet.seqs(room));
  const auto seqs = quiet.seqs(room);
  CHECK(std::is_sorted(seqs.begin(), seqs.end(), std::less_equal<>()));
  for (const auto& echo : echoes) CHECK_FALSE(echo.value().repeat);
}

TEST_CASE("broker: a sink may leave while it hears", "[broker][contract][reentrant]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink first;
  RecordingSink second;
  RecordingSink third;
  first.then = [&](const RoomName&, const wire::MessagePtr&) {
    world->broker().unsubscribe(room, first);
    world->broker().unsubscribe(room, second);
  };
  caller.subscribe(room, first);
  caller.subscribe(room, second);
  caller.subscribe(room, third);

  caller.publish(room, "1");
  caller.publish(room, "2");
  world->run();

  CHECK(first.bodies(room) == Strings{"1"});
  CHECK(second.bodies(room).empty());
  CHECK(third.bodies(room) == Strings{"1", "2"});
}

TEST_CASE("broker: an answer may publish and subscribe again", "[broker][contract][reentrant]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  RecordingSink sink;
  Answer<broker::RoomHead> head;
  Answer<broker::Published> second;
  world->broker().publish(a_message(room, "1"), [&](const auto& published) {
    REQUIRE(published);
    world->broker().subscribe(room, sink, head.done());
    world->broker().publish(a_message(room, "2"), second.done());
  });
  run_until(*world, [&] { return head.come() && second.come(); });
  world->run();

  REQUIRE(sink.bodies(room) == Strings{"2"});
  REQUIRE(second.value().seq > head.value().head);
}

TEST_CASE("broker: history is read back, with how its cursor joins on",
          "[broker][contract][read]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();
  std::vector<broker::Published> sent;
  for (const char* body : {"1", "2", "3"}) sent.push_back(caller.publish(room, body));
  const Epoch epoch = sent[0].epoch;

  SECTION("after a cursor") {
    const auto answer = caller.read(room, epoch, after(sent[0].seq));
    CHECK(bodies_of(answer.page) == Strings{"2", "3"});
    CHECK(answer.epoch == epoch);
    CHECK(answer.page.head == sent[2].seq);
    CHECK_FALSE(answer.page.more);
    CHECK(answer.continuity.kind == Continuity::Kind::whole);
  }
  SECTION("after a seq of whichever log it is") {
    const auto answer = caller.read(room, Epoch(), after(sent[1].seq));
    CHECK(bodies_of(answer.page) == Strings{"3"});
    CHECK(answer.epoch == epoch);
    CHECK(answer.continuity.kind == Continuity::Kind::whole);
  }
  SECTION("page by page") {
    const auto answer = caller.read(room, epoch, after(Seq(0), 2));
    CHECK(bodies_of(answer.page) == Strings{"1", "2"});
    CHECK(answer.page.more);
  }
  SECTION("the newest") {
    Range newest;
    newest.limit = 2;
    const auto answer = caller.read(room, epoch, newest);
    CHECK(bodies_of(answer.page) == Strings{"2", "3"});
    CHECK(answer.continuity.kind == Continuity::Kind::whole);
  }
  SECTION("before a seq") {
    Range before;
    before.kind = Range::Kind::before;
    before.seq = sent[2].seq;
    const auto answer = caller.read(room, Epoch(), before);
    CHECK(bodies_of(answer.page) == Strings{"1", "2"});
    CHECK(answer.continuity.kind == Continuity::Kind::whole);
  }
  SECTION("a cursor of another log") {
    const auto answer = caller.read(room, Epoch("elsewhere"), after(sent[0].seq));
    CHECK(answer.continuity.kind == Continuity::Kind::other_epoch);
    CHECK(answer.epoch == epoch);
  }
  SECTION("a cursor ahead of this log") {
    const auto answer = caller.read(room, epoch, after(Seq(sent[2].seq.value() + 1)));
    CHECK(answer.continuity.kind == Continuity::Kind::other_epoch);
  }
  SECTION("the newest of another log") {
    const auto answer = caller.read(room, Epoch("elsewhere"), Range());
    CHECK(answer.continuity.kind == Continuity::Kind::other_epoch);
  }
  SECTION("while someone is subscribed") {
    RecordingSink sink;
    caller.subscribe(room, sink);
    const auto answer = caller.read(room, epoch, after(sent[0].seq));
    CHECK(bodies_of(answer.page) == Strings{"2", "3"});
    CHECK(answer.epoch == epoch);
  }
}

TEST_CASE("broker: a read sees what was answered before", "[broker][contract][read]") {
  const auto world = make_broker_world();
  const RoomName room = any_room();
  Answer<broker::ReadAnswer> read;
  world->broker().publish(a_message(room, "1"), [&](const auto& published) {
    REQUIRE(published);
    world->broker().read(room, published->epoch, Range(), read.done());
  });
  run_until(*world, [&] { return read.come(); });

  REQUIRE(bodies_of(read.value().page) == Strings{"1"});
}

TEST_CASE("broker: a room that never was reads as empty and is not made by it",
          "[broker][contract][read]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  const RoomName room = any_room();

  const auto answer = caller.read(room, Epoch(), Range());
  CHECK(answer.page.messages.empty());
  CHECK_FALSE(answer.page.more);
  CHECK(answer.page.head == Seq(0));
  CHECK(answer.continuity.kind == Continuity::Kind::whole);
  CHECK(caller.rooms().empty());

  const auto resumed = caller.read(room, Epoch("gone"), after(Seq(0)));
  CHECK(resumed.continuity.kind == Continuity::Kind::other_epoch);
}

TEST_CASE("broker: lists the rooms that have messages, by name", "[broker][contract]") {
  const auto world = make_broker_world();
  Caller caller(*world);
  RecordingSink sink;
  caller.subscribe(RoomName("silent"), sink);
  std::map<RoomName, broker::Published> newest;
  for (const char* name : {"ops", "dev", CHAT_TEST_OTHER_ROOM, "lobby", "dev"}) {
    newest[RoomName(name)] = caller.publish(RoomName(name), "1");
  }

  const auto rooms = caller.rooms();

  REQUIRE(rooms.size() == newest.size());
  auto expected = newest.begin();
  for (const auto& listed : rooms) {
    CHECK(listed.room == expected->first);
    CHECK(listed.head == expected->second.seq);
    CHECK(listed.epoch == expected->second.epoch);
    ++expected;
  }
}

}  // namespace
}  // namespace chat::tests
