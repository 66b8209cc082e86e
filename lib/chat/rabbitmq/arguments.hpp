#pragma once

#include <string>
#include <string_view>

#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::rabbitmq {

using Argument = Arguments::value_type::second_type;

/// nullptr: there is none of that name.
const Argument* find_argument(const Arguments& arguments, std::string_view name);

/// As people read it, escaped.
std::string text_of(const Argument& argument);

}  // namespace chat::rabbitmq
