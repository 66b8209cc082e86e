#pragma once

#include <cstdint>
#include <string_view>

#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::rabbitmq {

/// Where a server's refusal was said: what 403 means depends on it.
enum class Refused { connection, call };

/// What a close of a connection or a channel means: its AMQP reply code and text, as the server
/// sent them (the text is escaped and cut). Pure.
Failure failure_of_close(Refused where, std::uint16_t code, std::string_view text);

/// A failure that no server has told of.
Failure failure_of(Failure::Kind kind, std::string_view text);

}  // namespace chat::rabbitmq
