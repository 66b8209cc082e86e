#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "chat/base/ids.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/limits.hpp"

namespace chat::rabbitmq {

/// A message of a group, as consumers of Django Channels and we put it into the exchange.
struct ChannelsMessage {
  base::RoomName room;  ///< from `__asgi_group__`
  std::string body;     ///< raw JSON of `message`

  // What only we write, and Django's nodes pass over; empty and 0 in a message of theirs.
  std::string node;          ///< which of our nodes sent it (is_node_id), and
  std::uint64_t number = 0;  ///< which message of that node it is, from 1
  std::string name;          ///< the sender's
  base::ClientId client;     ///< the sender's, as others see it
  std::uint64_t n = 0;       ///< the sender's counter, below 2^53
};

/// The largest JSON text that a message of another node may have. One that a client of it sent at
/// its limit is never larger: a double can be spelled longer here than there (1e4, 10000.0).
constexpr std::size_t most_channels_body(const wire::Limits& limits) noexcept {
  return 2 * limits.message_bytes + 1;
}

/// The MessagePack map {type: "chat_message", message, __asgi_group__: "chat_ROOM"}, in that order,
/// and behind it what only we write: `chat_node`, `chat_number`, `chat_name`, `chat_client`,
/// `chat_n`, each only when there is something. Fails with bad_room when Django's nodes cannot have
/// the room, and as pack_json does when they could not read the body; the text is for people. Pure.
wire::Result<std::string> encode_channels(const ChannelsMessage& message);

/// Reads what any node put into the exchange, in any order of the keys; otherwise says why it is
/// passed over: one of a few fixed texts, to count and to log. The body is one that a client could
/// have sent (wire::is_message_value), of at most most_channels_body bytes. Keys that nobody knows
/// are ignored, and so is what only we write where we would not have written it so. Pure; whatever
/// the bytes, it needs no more memory than a few times the bound.
tl::expected<ChannelsMessage, std::string> decode_channels(std::string_view bytes,
                                                           const wire::Limits& limits = {});

}  // namespace chat::rabbitmq
