#include "chat/bench/run/agent.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "chat/bench/run/clock.hpp"

namespace chat::bench {
namespace {

void say(const std::string& what) { std::fprintf(stderr, "chat bench agent: %s\n", what.c_str()); }

std::string failure(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

sigset_t handled_signals() noexcept {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int each : {SIGINT, SIGTERM, SIGCHLD}) ::sigaddset(&signals, each);
  return signals;
}

std::string end_of(int status) {
  if (WIFSIGNALED(status)) return ", killed by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return ", with status " + std::to_string(WEXITSTATUS(status));
  return {};
}

std::string tenths(std::uint64_t ns) {
  const std::uint64_t count = ns / (kNanosPerSecond / 10);
  return std::to_string(count / 10) + "." + std::to_string(count % 10) + " s";
}

}  // namespace

Agent::Agent(AgentListener listener, Work work, Bounds bounds)
    : listener_(std::move(listener)), work_(std::move(work)), bounds_(bounds) {}

tl::expected<void, std::string> Agent::run() {
  const sigset_t handled = handled_signals();
  // Where it is ignored, as it may have been inherited, nobody tells how a worker ended.
  ::signal(SIGCHLD, SIG_DFL);
  // Blocked, they wait for the descriptor; none is missed between two looks.
  ::sigprocmask(SIG_BLOCK, &handled, &mask_before_);
  signals_ = Descriptor(::signalfd(-1, &handled, SFD_NONBLOCK | SFD_CLOEXEC));
  if (signals_.get() < 0) {
    auto why = failure("no signals");
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    return tl::unexpected(std::move(why));
  }
  say("listening at " + listener_->address());
  while (!wait(listener_->next_step_ns())) take_callers();
  listener_.reset();
  end_workers();
  signals_ = Descriptor();
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  return {};
}

/// Until something happens, or until then; reaps. True when the agent is to end.
bool Agent::wait(std::uint64_t until_ns) {
  std::vector<pollfd> fds{{signals_.get(), POLLIN, 0}};
  if (listener_) listener_->watch(fds);
  const timespec left = time_until(until_ns);
  ::ppoll(fds.data(), fds.size(), until_ns == UINT64_MAX ? nullptr : &left, nullptr);
  bool is_over = false;
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    is_over = is_over || signal.ssi_signo != SIGCHLD;
  }
  reap();
  return is_over;
}

void Agent::take_callers() {
  auto happened = listener_->step(bounds_.most_workers - workers_.size());
  for (const auto& each : happened.dropped) say(each);
  greeted_ = std::move(happened.greeted);
  while (!greeted_.empty()) {
    auto next = std::move(greeted_.back());
    greeted_.pop_back();
    start(std::move(next));
  }
}

void Agent::start(AgentListener::Greeted greeted) {
  const pid_t agent = ::getpid();
  std::fflush(nullptr);  // what is left would be written by the child, too
  const pid_t child = ::fork();
  if (child == 0) work(std::move(greeted.channel), agent);
  if (child < 0) return say("no worker for " + greeted.peer + ", " + failure("no process"));
  workers_.push_back({child, greeted.peer, monotonic_ns()});
  say(greeted.peer + " started work (process " + std::to_string(child) + ")");
}

/// In a child: another's connection that it kept open would not be seen to end.
void Agent::close_all() noexcept {
  listener_.reset();
  greeted_.clear();
  signals_ = Descriptor();
}

/// The child's whole life. Nothing may leave it: above are the agent's loop and its caller's.
void Agent::work(Channel channel, pid_t agent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != agent) ::_exit(1);  // it had died before
  close_all();
  for (const int each : {SIGINT, SIGTERM, SIGCHLD}) ::signal(each, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  const int status = work_(channel);
  std::fflush(nullptr);
  ::_exit(status);
}

void Agent::reap() {
  const auto is_gone = [](const Worker& worker) {
    int status = 0;
    if (::waitpid(worker.pid, &status, WNOHANG) != worker.pid) return false;
    say(worker.peer + " ended work after " + tenths(monotonic_ns() - worker.started_ns) +
        " (process " + std::to_string(worker.pid) + ")" + end_of(status));
    return true;
  };
  workers_.erase(std::remove_if(workers_.begin(), workers_.end(), is_gone), workers_.end());
}

void Agent::end_workers() {
  signal_workers(SIGTERM);
  const std::uint64_t until = monotonic_after(bounds_.patience);
  while (!workers_.empty() && monotonic_ns() < until && !wait(until)) {
  }
  signal_workers(SIGKILL);
  while (!workers_.empty()) wait(UINT64_MAX);
}

void Agent::signal_workers(int signal) const {
  for (const auto& each : workers_) ::kill(each.pid, signal);
}

}  // namespace chat::bench
