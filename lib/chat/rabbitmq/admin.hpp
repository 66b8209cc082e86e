#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chat/rabbitmq/management_api.hpp"
#include "chat/rabbitmq/topology.hpp"

namespace chat::rabbitmq {

// What a vhost should have against what it has. Pure: decides, and does nothing
// (docs/adr/0012-vhost-administration.md). The names and arguments are topology.hpp's.

/// The policy that holds the partitions' retention.
constexpr const char* kLogPolicy = "chat-log";
/// Of a vhost that is made; of one that was there before, limits are set when they are asked for.
constexpr std::uint64_t kDefaultMaxQueues = 1024;
constexpr std::uint64_t kDefaultMaxConnections = 1024;
constexpr const char* kDefaultRetention = "7D";

/// What is asked for. What is not given is kept as it is found, and has its default in what is
/// made.
struct VhostRequest {
  std::string vhost;
  std::optional<std::size_t> partitions;         ///< 1 to kMostPartitions
  std::optional<std::string> max_age;            ///< as RabbitMQ writes it ("7D"); empty: no bound
  std::optional<std::uint64_t> max_bytes;        ///< of one partition; 0: no bound
  std::optional<std::uint64_t> max_queues;       ///< 0: no bound
  std::optional<std::uint64_t> max_connections;  ///< 0: no bound
  std::string user;                              ///< whose permissions are set; empty: nobody's
  bool create_user = false;
};

/// What is there.
struct VhostFound {
  std::optional<VhostInfo> vhost;  ///< nullopt: nothing of it; then the others are empty
  std::vector<QueueInfo> queues;
  std::vector<ExchangeInfo> exchanges;
  std::vector<PolicyInfo> policies;
  VhostLimits limits;
  bool has_user = false;                   ///< VhostRequest::user exists
  std::optional<Permissions> permissions;  ///< its own
};

/// One object, how it is, and what is to be done.
struct Step {
  enum class Kind { vhost, limit, user, permissions, policy, exchange, stream, record };
  enum class State {
    unchanged,  ///< as it should be
    missing,    ///< to be made
    changes,    ///< differs, and can be set
    conflict,   ///< differs, and cannot be altered without loss: for people to decide
  };
  Kind kind = Kind::vhost;
  std::string name;
  State state = State::unchanged;
  std::string detail;   ///< what differs, or is worth to know; escaped
  std::string way_out;  ///< of a conflict
};

/// Everything that `chat` has in a vhost, in the order in which it is made: the record that says
/// how many partitions there are comes last, and the partitions count down, so what was begun is
/// never taken for a smaller whole.
struct Plan {
  std::size_t partitions = kDefaultPartitions;
  VhostInfo vhost;  ///< as it is to be, and the following too
  PolicyInfo policy;
  VhostLimits limits;  ///< negative: none
  std::vector<Step> steps;

  bool has_conflict() const;
  /// Steps that are missing or change.
  std::size_t open_steps() const;
};

Plan plan_of(const VhostRequest& request, const VhostFound& found);

/// The least that `chat serve` needs: to make and use what is named chat.…, and to publish through
/// the default exchange, which reaches every queue of the vhost.
Permissions serve_permissions();

/// "vhost", "stream", …
const char* name_of(Step::Kind kind);

/// A regular expression made safe for a terminal, with its backslashes as they are.
std::string pattern_text(const std::string& pattern);

/// How many partitions a vhost's tags tell; nullopt when they tell nothing.
std::optional<std::size_t> partitions_told(const VhostInfo& vhost);
/// What is wrong with a node of RabbitMQ ("down, memory"); empty: nothing.
std::string alarms_of(const NodeInfo& node);
/// True for the names of what `chat` has in a vhost.
bool is_chat_name(const std::string& name);

}  // namespace chat::rabbitmq
