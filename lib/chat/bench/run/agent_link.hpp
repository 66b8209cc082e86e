#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "chat/bench/run/channel.hpp"

namespace chat::bench {

/// Calls the agent (`chat bench agent`) at `address`, HOST:PORT, and makes sure that it is one and
/// that both have the same token (greeting.hpp); empty: none. At most `bound` for all of that but
/// the look-up of a name, which has the system's. Fails with what is wrong and where, for people.
/// Thread: any; blocks.
tl::expected<Channel, std::string> connect_agent(const std::string& address, std::string_view token,
                                                 std::chrono::milliseconds bound);

}  // namespace chat::bench
