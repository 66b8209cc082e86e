#include "chat/rabbitmq/channels_message.hpp"

#include <optional>
#include <utility>

#include "chat/rabbitmq/channels_topology.hpp"
#include "chat/rabbitmq/msgpack.hpp"
#include "chat/rabbitmq/msgpack_json.hpp"
#include "chat/rabbitmq/signal.hpp"
#include "chat/wire/names.hpp"

namespace chat::rabbitmq {
namespace {

using Kind = MsgpackItem::Kind;

constexpr std::string_view kType = "type";
constexpr std::string_view kMessage = "message";
constexpr std::string_view kGroup = "__asgi_group__";
constexpr std::string_view kChannel = "__asgi_channel__";
constexpr std::string_view kNode = "chat_node";
constexpr std::string_view kNumber = "chat_number";
constexpr std::string_view kName = "chat_name";
constexpr std::string_view kClient = "chat_client";
constexpr std::string_view kN = "chat_n";

constexpr std::string_view kChatMessage = "chat_message";
constexpr std::string_view kChatMessageWithPoint = "chat.message";  // calls the same of a consumer

// ---- out

void put_member(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  pack_text(out, key);
  pack_text(out, text);
}

void put_member(std::string& out, std::string_view key, std::uint64_t number) {
  if (number == 0) return;
  pack_text(out, key);
  pack_natural(out, number);
}

std::uint32_t members_of(const ChannelsMessage& message) noexcept {
  return std::uint32_t{3} + (message.node.empty() ? 0 : 1) + (message.number == 0 ? 0 : 1) +
         (message.name.empty() ? 0 : 1) + (message.client.value().empty() ? 0 : 1) +
         (message.n == 0 ? 0 : 1);
}

// ---- in

/// The members of a message that mean something, as they were found last.
struct Found {
  std::string_view type;
  std::optional<std::string_view> message;  ///< MessagePack
  std::optional<std::string_view> group;
  bool has_channel = false;
  std::string_view node;
  std::uint64_t number = 0;
  std::string_view name;
  std::string_view client;
  std::uint64_t n = 0;
};

/// The text that `value`, whole MessagePack, is; nullopt when it is something else.
std::optional<std::string_view> text_of(std::string_view value) {
  const auto item = MsgpackReader(value).next();
  return item.kind == Kind::text ? std::optional(item.text) : std::nullopt;
}

std::uint64_t natural_of(std::string_view value) { return MsgpackReader(value).next().natural; }

void find(Found& found, std::string_view key, std::string_view value) {
  if (key == kType) found.type = text_of(value).value_or("");
  if (key == kMessage) found.message = value;
  if (key == kGroup) found.group = text_of(value);
  if (key == kChannel) found.has_channel = true;
  if (key == kNode) found.node = text_of(value).value_or("");
  if (key == kNumber) found.number = natural_of(value);
  if (key == kName) found.name = text_of(value).value_or("");
  if (key == kClient) found.client = text_of(value).value_or("");
  if (key == kN) found.n = natural_of(value);
}

tl::expected<Found, std::string> find_members(std::string_view bytes) {
  MsgpackReader in(bytes);
  const auto map = in.next();
  if (in.good() && map.kind != Kind::map) in.fail("it is no map");
  Found found;
  for (std::uint32_t i = 0; i < map.count && in.good(); ++i) {
    const auto key = in.next();
    if (in.good() && key.kind != Kind::text) in.fail("a key is no text");
    const auto value = in.skip();
    if (in.good()) find(found, key.text, value);
  }
  if (in.good() && !in.at_end()) in.fail("something follows its end");
  if (!in.good()) return tl::unexpected<std::string>(in.problem());
  return found;
}

/// Takes over what only we write, as far as we would have written it so: others may write here.
void take_own(ChannelsMessage& message, const Found& found) {
  if (is_node_id(found.node)) message.node = found.node;
  message.number = found.number;
  const auto name = wire::parse_member_name(found.name);
  if (name && *name == found.name) message.name = found.name;
  if (wire::is_epoch(found.client)) message.client = base::ClientId(std::string(found.client));
  if (found.n < wire::kMaxInteger) message.n = found.n;
}

}  // namespace

wire::Result<std::string> encode_channels(const ChannelsMessage& message) {
  if (auto problem = problem_of_shared_room(message.room); !problem.empty()) {
    return wire::fail(wire::Code::bad_room, std::move(problem));
  }
  std::string out;
  out.reserve(message.body.size() + 256);
  pack_map(out, members_of(message));
  put_member(out, kType, kChatMessage);
  pack_text(out, kMessage);
  if (auto packed = pack_json(out, message.body); !packed) {
    return tl::unexpected<wire::Error>(std::move(packed.error()));
  }
  put_member(out, kGroup, group_of(message.room));
  put_member(out, kNode, message.node);
  put_member(out, kNumber, message.number);
  put_member(out, kName, message.name);
  put_member(out, kClient, message.client.value());
  put_member(out, kN, message.n);
  return out;
}

tl::expected<ChannelsMessage, std::string> decode_channels(std::string_view bytes,
                                                           const wire::Limits& limits) {
  const auto skipped = [](const char* why) { return tl::unexpected<std::string>(why); };
  const auto found = find_members(bytes);
  if (!found) return tl::unexpected<std::string>(found.error());
  if (found->type != kChatMessage && found->type != kChatMessageWithPoint) {
    return skipped("its type is another one than chat_message");
  }
  if (!found->group || found->has_channel) return skipped("it is for no group");
  auto room = room_of_group(*found->group);
  if (!room) return skipped("its group is no room");
  if (!found->message) return skipped("it has no message");
  auto body = json_of_msgpack(*found->message, most_channels_body(limits));
  if (!body) return skipped(body.error());
  ChannelsMessage message;
  message.room = std::move(*room);
  message.body = std::move(*body);
  take_own(message, *found);
  return message;
}

}  // namespace chat::rabbitmq
