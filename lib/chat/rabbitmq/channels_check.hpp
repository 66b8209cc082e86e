#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/rabbitmq/channels_topology.hpp"
#include "chat/rabbitmq/management_api.hpp"

namespace chat::rabbitmq {

// What rooms shared with Django Channels need in a vhost, against what is there. Pure: decides, and
// does nothing. The nodes themselves make what is missing, so there is nothing to carry out; what
// channels_rabbitmq declares is not ours to choose (docs/migrating-from-django.md).

/// What the names of the queues of Django's nodes begin with; 12 letters follow.
constexpr const char* kDjangoQueuePrefix = "channels_";
/// What the names of the queues of our nodes begin with.
constexpr const char* kOurQueuePrefix = "chat.channels.";

/// What is there.
struct LayerFound {
  Overview overview;
  std::optional<VhostInfo> vhost;  ///< nullopt: nothing of it; then the others are empty
  std::vector<ExchangeInfo> exchanges;
  std::vector<QueueInfo> queues;
  std::vector<BindingInfo> bindings;  ///< of kChannelsExchange
  std::vector<PolicyInfo> policies;
  std::vector<PolicyInfo> operator_policies;
  VhostLimits limits;
  std::vector<NodeInfo> nodes;
  bool has_user = false;                   ///< the user that is asked for exists
  std::optional<Permissions> permissions;  ///< its own
};

/// One object, and how it is.
struct Finding {
  enum class Result {
    unchanged,  ///< as it should be
    absent,     ///< not there, and that is fine
    missing,    ///< not there, and needed
    differs,    ///< differs, or is in trouble
    conflict,   ///< differs, and can only be deleted and made anew
  };
  std::string object;  ///< "exchange", "queue", …
  std::string name;
  Result result = Result::unchanged;
  std::string detail = {};   ///< what differs, or is worth to know; escaped
  std::string way_out = {};  ///< of what is not as it should be
  Arguments facts = {};      ///< numbers and texts for programs

  bool is_good() const { return result == Result::unchanged || result == Result::absent; }
};

/// In the order in which they are told. `user`: RabbitMQ's user for `chat serve`.
std::vector<Finding> findings_of(const LayerFound& found, const std::string& user);

/// True for a queue of a node, Django's or ours.
bool is_node_queue(const std::string& name);

/// The least that `chat serve --layer channels` needs.
Permissions layer_permissions();

}  // namespace chat::rabbitmq
