#include "chat/bench/run/crew.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "chat/bench/run/agent_link.hpp"
#include "chat/bench/run/clock.hpp"
#include "chat/bench/run/worker.hpp"

namespace chat::bench {
namespace {

constexpr std::chrono::seconds kAgentBound{10};
constexpr std::chrono::seconds kEndBound{5};

/// In the child: it is ended with its parent, and not by what is typed at its parent's terminal or
/// sent to all of its group: that ends the run well.
void be_a_worker(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_IGN);
}

/// Waits a while for it to end by itself.
void bury(pid_t child) {
  const std::uint64_t until = monotonic_after(kEndBound);
  while (monotonic_ns() < until) {
    const pid_t ended = ::waitpid(child, nullptr, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return;
    ::usleep(1000);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace

tl::expected<Crew, std::string> Crew::gather(std::size_t processes,
                                             const std::vector<std::string>& agents,
                                             const std::string& token) {
  Crew crew;
  if (agents.empty()) {
    for (std::size_t i = 0; i < processes; ++i) {
      if (auto hired = crew.hire(i); !hired) return tl::unexpected(hired.error());
    }
    return crew;
  }
  for (std::size_t machine = 0; machine < agents.size(); ++machine) {
    for (std::size_t i = 0; i < processes; ++i) {
      auto channel = connect_agent(agents[machine], token, kAgentBound);
      if (!channel) return tl::unexpected(channel.error());
      crew.workers_.push_back({std::move(*channel), machine, false, agents[machine]});
    }
  }
  return crew;
}

tl::expected<void, std::string> Crew::hire(std::size_t number) {
  auto ends = Channel::pair();
  if (!ends) return tl::unexpected(ends.error());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return tl::unexpected(std::string("no new process: ") + std::strerror(errno));
  if (child == 0) {
    be_a_worker(parent);
    workers_.clear();  // ends of others
    ends->first = Channel(Descriptor());
    ::_exit(work(ends->second));
  }
  children_.push_back(child);
  workers_.push_back({std::move(ends->first), 0, true, "worker " + std::to_string(number + 1)});
  return {};
}

Crew::~Crew() {
  workers_.clear();
  for (const pid_t child : children_) bury(child);
}

std::vector<std::size_t> Crew::machines() const {
  std::vector<std::size_t> machines;
  for (const auto& worker : workers_) machines.push_back(worker.machine);
  return machines;
}

}  // namespace chat::bench
