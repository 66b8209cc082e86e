// Whatever bytes come from the exchange: they are no message of a room, or one that a client could
// have sent, and that comes back when it is sent on. The same bytes as JSON: what can be carried
// comes back.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chat/rabbitmq/channels_message.hpp"
#include "chat/rabbitmq/channels_topology.hpp"
#include "chat/rabbitmq/msgpack_json.hpp"
#include "chat/rabbitmq/signal.hpp"
#include "chat/wire/json_members.hpp"
#include "chat/wire/limits.hpp"
#include "chat/wire/names.hpp"

namespace {

namespace rabbitmq = chat::rabbitmq;
namespace wire = chat::wire;

void require(bool law, const char* text) {
  if (law) return;
  std::fprintf(stderr, "broken law: %s\n", text);
  std::abort();
}

void check(const rabbitmq::ChannelsMessage& message, const wire::Limits& limits) {
  require(rabbitmq::room_of_group("chat_" + message.room.value()) == message.room,
          "the room is a room");
  require(wire::is_message_value(message.body), "the body is a message");
  require(message.body.size() <= rabbitmq::most_channels_body(limits), "the body is bounded");
  require(message.node.empty() || rabbitmq::is_node_id(message.node), "the node is a node");
  if (!message.name.empty()) {
    const auto name = wire::parse_member_name(message.name);
    require(name && *name == message.name, "the name is a name");
  }
  require(message.client.value().empty() || wire::is_epoch(message.client.value()),
          "the client is a client");
  require(message.n < wire::kMaxInteger, "n is below 2^53");
}

void check_bytes(std::string_view bytes) {
  wire::Limits limits;
  limits.message_bytes = 1000;
  const auto message = rabbitmq::decode_channels(bytes, limits);
  if (!message) return require(!message.error().empty(), "why it is none is told");
  check(*message, limits);
  const auto sent = rabbitmq::encode_channels(*message);
  require(sent.has_value(), "it can be sent on");
  const auto again = rabbitmq::decode_channels(*sent, limits);
  require(again && again->room == message->room && again->body == message->body &&
              again->node == message->node && again->number == message->number &&
              again->name == message->name && again->client == message->client &&
              again->n == message->n,
          "what was sent on comes back");
}

void check_json(std::string_view json) {
  std::string bytes;
  const auto packed = rabbitmq::pack_json(bytes, json);
  if (!packed) {
    const bool is_integer = packed.error().detail.find("an integer") != std::string::npos;
    return require(is_integer || !wire::is_message_value(json), "messages can be carried");
  }
  const auto back = rabbitmq::json_of_msgpack(bytes, 2 * json.size() + 1);
  require(back && wire::is_message_value(*back), "it comes back, not much larger");
  std::string again;
  require(rabbitmq::pack_json(again, *back) && again == bytes, "it is the same again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_bytes(bytes);
  check_json(bytes);
  return 0;
}
