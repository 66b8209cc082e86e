#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/run/address.hpp"
#include "chat/bench/run/channel.hpp"
#include "chat/bench/run/greeting.hpp"

namespace chat::bench {

/// Where coordinators call an agent. Many may greet at a time, so a stranger that says nothing
/// keeps nobody waiting; it is dropped when its time is up, or before that when too many greet.
/// Never blocks. Thread: one at a time.
class AgentListener {
 public:
  struct Bounds {
    std::chrono::milliseconds greeting{5'000};  ///< from calling to a whole greeting
    std::size_t most_greeting = 64;             ///< at a time; the oldest makes room for a new one
  };
  struct Greeted {
    std::string peer;  ///< its address and port
    Channel channel;
  };
  /// What has happened.
  struct Step {
    std::vector<Greeted> greeted;
    std::vector<std::string> dropped;  ///< who and why, for people
  };

  /// Listens at HOST:PORT; port 0: one that the system chooses. Where other machines can call, a
  /// token is required. Fails with what is wrong, for people.
  static tl::expected<AgentListener, std::string> open(const std::string& address,
                                                       std::string token, Bounds bounds);
  static tl::expected<AgentListener, std::string> open(const std::string& address,
                                                       std::string token) {
    return open(address, std::move(token), Bounds());
  }

  /// Where it listens, with the port that the system chose.
  const std::string& address() const noexcept { return address_; }
  /// Appends what is to be polled for; when something of it is ready, call `step`, and …
  void watch(std::vector<pollfd>& fds) const;
  /// … at this time, ns of CLOCK_MONOTONIC. UINT64_MAX: not.
  std::uint64_t next_step_ns() const noexcept;
  /// Takes and greets who has called. At most `most` are welcome; to the others is said that there
  /// is no room.
  Step step(std::size_t most);

 private:
  struct Caller {
    std::string peer;
    Channel channel;
    AgentGreeting greeting;
    std::uint64_t until_ns = 0;
  };

  AgentListener(Descriptor socket, std::string address, std::string token, Bounds bounds);
  void accept_all(Step& step);
  void add(Descriptor socket, const Address& peer, Step& step);
  bool is_done(Caller& caller, bool is_welcome, Step& step);

  Descriptor socket_;
  std::string address_;
  /// Greetings look at it, also when this is moved.
  std::unique_ptr<const std::string> token_;
  Bounds bounds_;
  std::list<Caller> callers_;  ///< the oldest first
  std::uint64_t pause_until_ns_ = 0;
};

}  // namespace chat::bench
