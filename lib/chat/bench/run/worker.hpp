#pragma once

#include <string>

#include "chat/bench/run/channel.hpp"

namespace chat::bench {

/// A process that plays members of load tests as the leader behind `channel` says (messages.hpp),
/// one run after the other, until the channel ends. Everything that goes wrong is told there.
/// Returns the process's exit code: 0 when the leader has hung up between two runs.
/// Thread: one.
int work(Channel& channel);

}  // namespace chat::bench
