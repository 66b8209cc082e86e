#include "chat/rabbitmq/provision.hpp"

#include <algorithm>
#include <utility>

namespace chat::rabbitmq {
namespace {

constexpr int kMostLooks = 20;

/// What was counted before the record was written is not the end.
bool waits_for_count(const std::vector<QueueInfo>& queues) {
  return std::any_of(queues.begin(), queues.end(), [](const QueueInfo& queue) {
    return queue.name == kMetaStream && queue.messages.value_or(0) == 0;
  });
}

bool waits_for_nodes(const std::vector<QueueInfo>& queues) {
  return std::any_of(queues.begin(), queues.end(), [](const QueueInfo& queue) {
    return is_node_queue(queue.name) && (!queue.ready || !queue.consumers);
  });
}

/// Moves a value out of an answer, or keeps its failure.
template <class T>
bool take(ApiResult<T> answer, T& into, std::optional<ApiFailure>& failure) {
  if (!answer) {
    failure = std::move(answer.error());
    return false;
  }
  into = std::move(*answer);
  return true;
}

ApiResult<void> set_limit(ManagementApi& api, const Plan& plan, const std::string& name) {
  for (const auto& [limit, value] : plan.limits) {
    if (limit != name) continue;
    return value < 0 ? api.remove_limit(plan.vhost.name, name)
                     : api.put_limit(plan.vhost.name, name, value);
  }
  return {};
}

ApiResult<void> write_record(ManagementApi& api, const Plan& plan) {
  VhostRecord record;
  record.partitions = plan.partitions;
  const auto routed = api.publish(plan.vhost.name, kMetaStream, encode_vhost_record(record));
  if (!routed) return tl::unexpected(routed.error());
  if (!*routed) {
    return tl::unexpected(
        ApiFailure{ApiFailure::Kind::not_found, "chat.meta took no record: it has gone meanwhile"});
  }
  return {};
}

}  // namespace

ApiResult<VhostFound> read_vhost(ManagementApi& api, const VhostRequest& request,
                                 const std::function<void()>& wait) {
  VhostFound found;
  std::optional<ApiFailure> failure;
  const auto& name = request.vhost;
  bool is_read = take(api.vhost(name), found.vhost, failure);
  if (is_read && !request.user.empty()) {
    is_read = take(api.has_user(request.user), found.has_user, failure);
  }
  if (is_read && found.vhost) {
    is_read = take(api.queues(name), found.queues, failure) &&
              take(api.exchanges(name), found.exchanges, failure) &&
              take(api.policies(name), found.policies, failure) &&
              take(api.limits(name), found.limits, failure) &&
              (request.user.empty() ||
               take(api.permissions(name, request.user), found.permissions, failure));
    for (int look = 1; is_read && look < kMostLooks && waits_for_count(found.queues); ++look) {
      wait();
      is_read = take(api.queues(name), found.queues, failure);
    }
  }
  if (!is_read) return tl::unexpected(std::move(*failure));
  return found;
}

ApiResult<LayerFound> read_layer(ManagementApi& api, const Overview& overview,
                                 const std::string& vhost, const std::string& user,
                                 const std::function<void()>& wait) {
  LayerFound found;
  found.overview = overview;
  std::optional<ApiFailure> failure;
  bool is_read = take(api.vhost(vhost), found.vhost, failure);
  if (is_read && found.vhost) {
    is_read = take(api.exchanges(vhost), found.exchanges, failure) &&
              take(api.queues(vhost), found.queues, failure) &&
              take(api.policies(vhost), found.policies, failure) &&
              take(api.operator_policies(vhost), found.operator_policies, failure) &&
              take(api.limits(vhost), found.limits, failure) &&
              take(api.nodes(), found.nodes, failure) &&
              take(api.has_user(user), found.has_user, failure) &&
              take(api.permissions(vhost, user), found.permissions, failure);
    for (int look = 1; is_read && look < kMostLooks && waits_for_nodes(found.queues); ++look) {
      wait();
      is_read = take(api.queues(vhost), found.queues, failure);
    }
    is_read = is_read && take(api.bindings(vhost, kChannelsExchange), found.bindings, failure);
  }
  if (!is_read) return tl::unexpected(std::move(*failure));
  return found;
}

ApiResult<void> carry_out(ManagementApi& api, const Plan& plan, const Step& step,
                          const std::string& password) {
  const auto& vhost = plan.vhost.name;
  switch (step.kind) {
    case Step::Kind::vhost: return api.put_vhost(plan.vhost);
    case Step::Kind::limit: return set_limit(api, plan, step.name);
    case Step::Kind::user: return api.put_user(step.name, password);
    case Step::Kind::permissions: return api.put_permissions(vhost, step.name, serve_permissions());
    case Step::Kind::policy: return api.put_policy(vhost, plan.policy);
    case Step::Kind::exchange: return api.put_exchange(vhost, signal_exchange_spec());
    case Step::Kind::stream: return api.put_queue(vhost, stream_spec(step.name, "", 0));
    case Step::Kind::record: return write_record(api, plan);
  }
  return {};
}

}  // namespace chat::rabbitmq
