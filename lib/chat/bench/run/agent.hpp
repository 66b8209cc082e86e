#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/run/agent_listener.hpp"
#include "chat/bench/run/channel.hpp"

namespace chat::bench {

/// Works for coordinators on other machines: forks a worker for each connection that was greeted,
/// and says on stderr who started and who ended work. Workers die with it, whatever ends it.
/// Thread: one, and the process has no other (it forks).
class Agent {
 public:
  /// In a child of its own, with its connection and nothing else of the agent's. A signal's default
  /// is in force. It should return when the coordinator is gone, which the channel tells it. The
  /// result is the child's exit status: 0: all went well. Must not throw.
  using Work = std::function<int(Channel&)>;
  struct Bounds {
    std::size_t most_workers = 64;              ///< at a time
    std::chrono::milliseconds patience{5'000};  ///< for workers that are asked to end
  };

  Agent(AgentListener listener, Work work, Bounds bounds);
  Agent(AgentListener listener, Work work)
      : Agent(std::move(listener), std::move(work), Bounds()) {}

  /// Until SIGINT or SIGTERM; then workers are asked to end (SIGTERM), made to when patience is
  /// over or at a second signal (SIGKILL), and all are gone when it returns. Fails with why it
  /// cannot work at all, for people.
  tl::expected<void, std::string> run();

 private:
  struct Worker {
    pid_t pid = 0;
    std::string peer;
    std::uint64_t started_ns = 0;
  };

  bool wait(std::uint64_t until_ns);
  void take_callers();
  void start(AgentListener::Greeted greeted);
  void close_all() noexcept;
  [[noreturn]] void work(Channel channel, pid_t agent) noexcept;
  void reap();
  void end_workers();
  void signal_workers(int signal) const;

  std::optional<AgentListener> listener_;
  Work work_;
  Bounds bounds_;
  std::vector<AgentListener::Greeted> greeted_;  ///< at the same time, and not yet at work
  std::vector<Worker> workers_;
  Descriptor signals_;
  sigset_t mask_before_{};
};

}  // namespace chat::bench
