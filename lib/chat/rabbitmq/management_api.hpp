#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/http/http_client.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::rabbitmq {

/// Why a call of the management API failed.
struct ApiFailure {
  enum class Kind {
    unreachable,   ///< no connection, TLS, a cut or unreadable answer, or no HTTP
    timed_out,     ///< no answer within its bound
    not_rabbitmq,  ///< HTTP, but not this API
    credentials,   ///< the user and its password are not taken
    forbidden,     ///< logged in, and not allowed to do that
    not_found,
    rejected,  ///< RabbitMQ does not take what was asked (400 and the like)
    server,    ///< 5xx
  };
  Kind kind = Kind::unreachable;
  std::string text;  ///< what, where, what to do; made for a terminal, without secrets
};
template <class T>
using ApiResult = tl::expected<T, ApiFailure>;

// What the API tells, as far as it is used. Names are RabbitMQ's; strings are as they came.

struct VhostInfo {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  std::string default_queue_type;  ///< empty: none set
  std::optional<std::uint64_t> messages;
};
struct QueueInfo {
  std::string name;
  std::string type;  ///< classic, quorum, stream
  bool durable = false;
  bool exclusive = false;
  Arguments arguments;
  // Told with the statistics, which come some seconds after the queue.
  std::string policy;                     ///< that governs it; empty: none, or not known yet
  std::string operator_policy;            ///< the same of the operator policies
  Arguments by_policy;                    ///< what both of them set
  std::optional<std::uint64_t> messages;  ///< nullopt: not known yet
  std::optional<std::uint64_t> ready;     ///< of these, not with a consumer; what a bound is about
  std::optional<std::uint64_t> unacknowledged;  ///< the others
  std::optional<std::uint64_t> consumers;
  std::string leader;                ///< node
  std::vector<std::string> members;  ///< nodes with a replica, of a stream or quorum queue
  std::vector<std::string> online;   ///< of `members`
};
struct ExchangeInfo {
  std::string vhost;
  std::string name;
  std::string type;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  Arguments arguments = {};
  std::string policy = {};  ///< that governs it; empty: none, or not known yet
};
/// A queue, or another exchange, that gets what is published to an exchange under a key.
struct BindingInfo {
  std::string destination;
  std::string key;
  bool is_to_queue = false;
};
struct PolicyInfo {
  std::string name;
  std::string pattern;   ///< regular expression
  std::string apply_to;  ///< queues, exchanges, all; since 3.12 also classic_queues and others
  std::int64_t priority = 0;
  Arguments definition;
};
/// "max-queues", "max-connections" and their values; -1 is none.
using VhostLimits = std::vector<std::pair<std::string, std::int64_t>>;
/// Regular expressions of the names that a user may configure, write to, read from.
struct Permissions {
  std::string configure;
  std::string write;
  std::string read;
};
struct NodeInfo {
  std::string name;
  bool running = false;
  bool memory_alarm = false;
  bool disk_alarm = false;
  std::uint64_t memory_used = 0;   ///< bytes
  std::uint64_t memory_limit = 0;  ///< bytes
  std::uint64_t disk_free = 0;     ///< bytes
  std::uint64_t files_used = 0;    ///< file descriptors
  std::uint64_t files_most = 0;
  std::vector<std::string> partitions;  ///< nodes that it does not reach
};
struct Overview {
  std::string version;
  std::string cluster;
  std::string erlang = {};  ///< its version
};

/// RabbitMQ's management HTTP API (3.8 or newer), call by call. All names are encoded here; they
/// may be any bytes. A `put_…` makes a thing or sets it anew and is idempotent; a `remove_…` of
/// what is not there fails with not_found. Thread: as HttpClient.
class ManagementApi {
 public:
  explicit ManagementApi(http::HttpTarget target);

  /// Version and cluster; not_rabbitmq when something else answers. Ask it first.
  ApiResult<Overview> overview();
  ApiResult<std::vector<NodeInfo>> nodes();
  ApiResult<std::vector<VhostInfo>> vhosts();
  /// Of all vhosts.
  ApiResult<std::vector<ExchangeInfo>> exchanges();

  /// nullopt: there is none.
  ApiResult<std::optional<VhostInfo>> vhost(const std::string& name);
  ApiResult<void> put_vhost(const VhostInfo& vhost);
  ApiResult<void> remove_vhost(const std::string& name);

  ApiResult<std::vector<QueueInfo>> queues(const std::string& vhost);
  ApiResult<void> put_queue(const std::string& vhost, const QueueSpec& queue);
  ApiResult<std::vector<ExchangeInfo>> exchanges(const std::string& vhost);
  ApiResult<void> put_exchange(const std::string& vhost, const ExchangeSpec& exchange);

  /// Whose source is that exchange; none when there is no such exchange.
  ApiResult<std::vector<BindingInfo>> bindings(const std::string& vhost,
                                               const std::string& exchange);

  ApiResult<std::vector<PolicyInfo>> policies(const std::string& vhost);
  /// Those that stand above the others, for operators only.
  ApiResult<std::vector<PolicyInfo>> operator_policies(const std::string& vhost);
  ApiResult<void> put_policy(const std::string& vhost, const PolicyInfo& policy);

  ApiResult<VhostLimits> limits(const std::string& vhost);
  ApiResult<void> put_limit(const std::string& vhost, const std::string& name, std::int64_t value);
  ApiResult<void> remove_limit(const std::string& vhost, const std::string& name);

  ApiResult<bool> has_user(const std::string& name);
  /// Without tags: it can use AMQP, and not this API.
  ApiResult<void> put_user(const std::string& name, const std::string& password);
  /// nullopt: the user has none in that vhost.
  ApiResult<std::optional<Permissions>> permissions(const std::string& vhost,
                                                    const std::string& user);
  ApiResult<void> put_permissions(const std::string& vhost, const std::string& user,
                                  const Permissions& permissions);

  /// Publishes through the default exchange. False: there is no such queue.
  ApiResult<bool> publish(const std::string& vhost, const std::string& queue,
                          const std::string& body);

 private:
  ApiResult<http::HttpAnswer> call(const std::string& method, const std::string& path,
                                   const std::string& body = {});
  ApiResult<void> change(const std::string& method, const std::string& path,
                         const std::string& body = {});
  ApiFailure refusal(const http::HttpAnswer& answer, const std::string& path) const;
  ApiFailure unreadable() const;

  std::string where_;
  std::string user_;
  http::HttpClient http_;
};

}  // namespace chat::rabbitmq
