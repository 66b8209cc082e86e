#pragma once

#include <functional>
#include <string>

#include "chat/rabbitmq/admin.hpp"
#include "chat/rabbitmq/channels_check.hpp"

namespace chat::rabbitmq {

/// Reads what admin.hpp compares. RabbitMQ counts messages some seconds late: `wait` is called,
/// between at most 20 looks at chat.meta, until one message at least is counted. Thread: as
/// ManagementApi.
ApiResult<VhostFound> read_vhost(ManagementApi& api, const VhostRequest& request,
                                 const std::function<void()>& wait);

/// Reads what channels_check.hpp compares; `wait` as above, for the counts of the nodes' queues.
ApiResult<LayerFound> read_layer(ManagementApi& api, const Overview& overview,
                                 const std::string& vhost, const std::string& user,
                                 const std::function<void()>& wait);

/// Carries out one open step of a plan. `password` is for a user that is made.
ApiResult<void> carry_out(ManagementApi& api, const Plan& plan, const Step& step,
                          const std::string& password);

}  // namespace chat::rabbitmq
