#pragma once

#include <optional>
#include <string>

namespace chat::rabbitmq {

/// Whether a regular expression of RabbitMQ (Erlang's, as in policies and permissions) is found in
/// a name. nullopt: it has something that cannot be understood here in the same way, so nobody can
/// tell without RabbitMQ.
std::optional<bool> is_found(const std::string& pattern, const std::string& name);

}  // namespace chat::rabbitmq
