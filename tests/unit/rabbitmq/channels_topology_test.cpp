#include "chat/rabbitmq/channels_topology.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace chat::tests {
namespace {

using namespace rabbitmq;
using base::RoomName;

TEST_CASE("channels topology: the exchange is as Django's nodes declare it",
          "[rabbitmq][channels]") {
  const auto exchange = channels_exchange_spec();
  CHECK(exchange.name == "groups");
  CHECK(exchange.type == "direct");
  CHECK_FALSE(exchange.durable);
  CHECK_FALSE(exchange.passive);
}

TEST_CASE("channels topology: our queue drops its oldest and makes no publish fail",
          "[rabbitmq][channels]") {
  const auto queue = channels_queue_spec("n1");
  CHECK(queue.name == "chat.channels.n1");
  CHECK(queue.exclusive);
  CHECK_FALSE(queue.durable);
  CHECK_FALSE(queue.auto_delete);
  CHECK(queue.arguments == Arguments{{"x-message-ttl", std::int64_t{60'000}},
                                     {"x-max-length", std::int64_t{10'000}},
                                     {"x-max-length-bytes", std::int64_t{64} << 20},
                                     {"x-overflow", std::string("drop-head")}});
}

TEST_CASE("channels topology: a room is a group, and the group is the room",
          "[rabbitmq][channels]") {
  for (const std::string name : {"qq", "QQ", "a_1", "_", "chat_", "admin", "0"}) {
    CAPTURE(name);
    CHECK(group_of(RoomName(name)) == "chat_" + name);
    CHECK(room_of_group("chat_" + name) == RoomName(name));
    CHECK(problem_of_shared_room(RoomName(name)).empty());
  }
}

TEST_CASE("channels topology: what is no room of ours is none", "[rabbitmq][channels]") {
  for (const std::string group : {"", "chat", "chat_", "Chat_qq", "chat.qq", "qq", " chat_qq",
                                  "chat_q q", "chat_a-b", "chat_a.b", "chat_聊天", "chat_caf\u00e9",
                                  "chat_api", "chat_ws", "chat_\xff", "chat_a\n"}) {
    CAPTURE(group);
    CHECK_FALSE(room_of_group(group));
  }
  CHECK(room_of_group("chat_" + std::string(94, 'a')));
  CHECK_FALSE(room_of_group("chat_" + std::string(95, 'a')));
}

TEST_CASE("channels topology: a name that Django cannot have says what can be had",
          "[rabbitmq][channels]") {
  for (const std::string name : {"聊天", "café", "a-b", ""}) {
    CAPTURE(name);
    CHECK(problem_of_shared_room(RoomName(name)) ==
          "rooms are shared with Django Channels here, so a room's name is 1 to 94 characters of "
          "A-Z a-z 0-9 _");
  }
  CHECK(problem_of_shared_room(RoomName(std::string(94, 'a'))).empty());
  CHECK_FALSE(problem_of_shared_room(RoomName(std::string(95, 'a'))).empty());
}

}  // namespace
}  // namespace chat::tests
