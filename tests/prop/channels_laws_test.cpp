#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "chat/rabbitmq/channels_message.hpp"
#include "chat/rabbitmq/channels_topology.hpp"
#include "chat/rabbitmq/msgpack_json.hpp"
#include "chat/wire/json_members.hpp"
#include "chat/wire/limits.hpp"
#include "chat/wire/names.hpp"
#include "generators.hpp"

using namespace chat::rabbitmq;
namespace base = chat::base;
namespace wire = chat::wire;
namespace prop = chat::prop;

namespace {

using Ordered = nlohmann::ordered_json;

/// What JSON means, in one spelling: order, the kinds of numbers and their signs are in it.
std::string meaning(const std::string& json) { return Ordered::parse(json).dump(); }

/// nullopt when it has an integer that cannot be carried.
std::optional<std::string> packed(const std::string& json) {
  std::string out;
  const auto done = pack_json(out, json);
  if (done) return out;
  RC_ASSERT(done.error().detail.find("it has an integer outside") == 0U);
  RC_ASSERT(json.find_first_of("123456789") != std::string::npos);
  return std::nullopt;
}

ChannelsMessage a_message() {
  ChannelsMessage message;
  const auto token = *prop::token(1, 94);
  message.room = room_of_group("chat_" + token).value_or(base::RoomName("qq"));
  message.body = *rc::gen::suchThat(
      prop::json_value(), [](const std::string& json) { return packed(json).has_value(); });
  message.node = *prop::token(0, 64);
  message.number = *rc::gen::arbitrary<std::uint64_t>();
  message.name = wire::parse_member_name(*prop::text()).value_or("");
  message.client = base::ClientId(*prop::token(0, 32));
  message.n = *rc::gen::inRange<std::uint64_t>(0, wire::kMaxInteger);
  return message;
}

void check_same(const ChannelsMessage& is, const ChannelsMessage& was) {
  RC_ASSERT(is.room == was.room);
  RC_ASSERT(is.node == was.node && is.number == was.number);
  RC_ASSERT(is.name == was.name && is.client == was.client && is.n == was.n);
}

}  // namespace

TEST_CASE("law: JSON as MessagePack means the same, also to another reader",
          "[prop][rabbitmq][msgpack]") {
  rc::prop("pack_json", [] {
    const std::string json = *prop::json_value(6);
    const auto bytes = packed(json);
    RC_PRE(bytes.has_value());
    RC_ASSERT(Ordered::from_msgpack(*bytes).dump() == meaning(json));
    const auto back = json_of_msgpack(*bytes, 2 * json.size() + 1);
    RC_ASSERT(back.has_value());
    RC_ASSERT(wire::is_message_value(*back));
    RC_ASSERT(meaning(*back) == meaning(json));
    RC_ASSERT(packed(*back) == bytes);
  });
}

TEST_CASE("law: what another writer wrote is read as the same", "[prop][rabbitmq][msgpack]") {
  rc::prop("json_of_msgpack", [] {
    const std::string json = *prop::json_value(6);
    const auto value = Ordered::parse(json);
    // It writes a double as a float where that is the same number.
    const auto bytes = Ordered::to_msgpack(value);
    const auto back =
        json_of_msgpack({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 1U << 20);
    RC_ASSERT(back.has_value());
    RC_ASSERT(meaning(*back) == value.dump());
  });
}

TEST_CASE("law: a message of a group comes back from its bytes", "[prop][rabbitmq][channels]") {
  rc::prop("decode ∘ encode = id", [] {
    const auto message = a_message();
    const auto bytes = encode_channels(message);
    RC_ASSERT(bytes.has_value());
    const auto read = decode_channels(*bytes);
    RC_ASSERT(read.has_value());
    check_same(*read, message);
    RC_ASSERT(meaning(read->body) == meaning(message.body));
    RC_ASSERT(encode_channels(*read).value() == *bytes);
  });
}

TEST_CASE("law: changed bytes are no message, or one that can be sent",
          "[prop][rabbitmq][channels]") {
  rc::prop("changed messages", [] {
    auto bytes = encode_channels(a_message()).value();
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0: bytes[at] = *rc::gen::arbitrary<char>(); break;
      case 1: bytes.insert(at, 1, *rc::gen::arbitrary<char>()); break;
      case 2: bytes.resize(at); break;
      default: bytes.erase(at, 1);
    }
    const auto read = decode_channels(bytes);
    if (!read) return;
    RC_ASSERT(wire::is_message_value(read->body));
    const auto again = encode_channels(*read);
    RC_ASSERT(again.has_value());
    const auto reread = decode_channels(*again);
    RC_ASSERT(reread.has_value());
    check_same(*reread, *read);
    RC_ASSERT(reread->body == read->body);
  });
}
