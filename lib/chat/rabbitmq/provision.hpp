#pragma once

#include <functional>
#include <string>

#include "chat/rabbitmq/admin.hpp"

namespace chat::rabbitmq {

/// Reads what admin.hpp compares. RabbitMQ counts messages some seconds late: `wait` is called,
/// between at most 20 looks at chat.meta, until its count is known. Thread: as ManagementApi.
ApiResult<VhostFound> read_vhost(ManagementApi& api, const VhostRequest& request,
                                 const std::function<void()>& wait);

/// Carries out one open step of a plan. `password` is for a user that is made.
ApiResult<void> carry_out(ManagementApi& api, const Plan& plan, const Step& step,
                          const std::string& password);

}  // namespace chat::rabbitmq
