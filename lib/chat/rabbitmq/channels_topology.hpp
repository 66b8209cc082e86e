#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::rabbitmq {

// The names and arguments of what nodes of Django Channels (channels_rabbitmq) have in a vhost, and
// of what we have there beside them. Pure.

/// Django's nodes declare it exactly as `channels_exchange_spec` does; were it there in another
/// way, none of them could work until it is deleted.
constexpr const char* kChannelsExchange = "groups";

/// Direct, not durable, not auto-delete, no arguments.
ExchangeSpec channels_exchange_spec();

/// A room's group, which is also its routing key: "chat_ROOM".
std::string group_of(const base::RoomName& room);
/// The room that a group is; nullopt when it is none, or none that can be shared.
std::optional<base::RoomName> room_of_group(std::string_view group);

/// Empty when Django's nodes can have a room of that name: 1 to 94 of [A-Za-z0-9_]. Otherwise a
/// sentence for people that says what rooms can be called.
std::string problem_of_shared_room(const base::RoomName& room);

/// The queue of one of our nodes: "chat.channels.NODE" (Django's begin with "channels_").
std::string channels_queue(std::string_view node);
/// Exclusive: it goes away with its connection. Like Django's it keeps a message for a minute. But
/// where theirs refuses what does not fit (100 messages, reject-publish), ours drops its oldest: a
/// publish to the exchange is refused when a single queue refuses it, so our node, when it is slow,
/// would make the publishes of every Django node fail.
QueueSpec channels_queue_spec(std::string_view node);

}  // namespace chat::rabbitmq
