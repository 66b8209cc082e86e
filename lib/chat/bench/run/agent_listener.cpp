#include "chat/bench/run/agent_listener.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "chat/bench/run/clock.hpp"

namespace chat::bench {
namespace {

using Failure = tl::unexpected<std::string>;
using std::chrono::milliseconds;

constexpr int kBacklog = 128;
constexpr milliseconds kPause{100};  // when the system has no descriptor for a caller

std::string seconds(milliseconds time) {
  const auto count = time.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

/// errno, or 0.
int listen_at(int fd, const Address& address) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool is_fine = ::bind(fd, address.raw(), address.size) == 0 && ::listen(fd, kBacklog) == 0;
  return is_fine ? 0 : errno;
}

/// There is nothing to accept, or the caller has gone before it was; anything else is a lack.
bool is_lack(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

tl::expected<AgentListener, std::string> AgentListener::open(const std::string& address,
                                                             std::string token, Bounds bounds) {
  const auto place = base::parse_host_port(address, std::nullopt, 0);
  if (!place) return Failure("the address to listen at: " + place.error());
  const auto addresses = resolve(*place);
  if (!addresses) return Failure(addresses.error());
  if (token.empty() && !std::all_of(addresses->begin(), addresses->end(), is_loopback)) {
    return Failure("other machines can call " + text_of(*place) +
                   ", and an agent works for whoever knows its token: give it one, or let it "
                   "listen at 127.0.0.1");
  }
  int error = 0;
  for (const auto& each : *addresses) {
    Descriptor socket = socket_for(each);
    error = socket.get() < 0 ? errno : listen_at(socket.get(), each);
    if (error != 0) continue;
    Address bound;
    if (::getsockname(socket.get(), bound.raw(), &bound.size) != 0) continue;
    return AgentListener(std::move(socket), text_of(bound), std::move(token), bounds);
  }
  return Failure("cannot listen at " + text_of(*place) + ": " + std::strerror(error));
}

AgentListener::AgentListener(Descriptor socket, std::string address, std::string token,
                             Bounds bounds)
    : socket_(std::move(socket)),
      address_(std::move(address)),
      token_(std::make_unique<const std::string>(std::move(token))),
      bounds_(bounds) {}

void AgentListener::watch(std::vector<pollfd>& fds) const {
  if (pause_until_ns_ == 0) fds.push_back({socket_.get(), POLLIN, 0});
  for (const auto& caller : callers_) fds.push_back({caller.channel.fd(), POLLIN, 0});
}

std::uint64_t AgentListener::next_step_ns() const noexcept {
  const std::uint64_t first = callers_.empty() ? UINT64_MAX : callers_.front().until_ns;
  return pause_until_ns_ == 0 ? first : std::min(first, pause_until_ns_);
}

AgentListener::Step AgentListener::step(std::size_t most) {
  Step step;
  // Those that have waited before new ones take their place.
  for (auto caller = callers_.begin(); caller != callers_.end();) {
    const bool is_welcome = step.greeted.size() < most;
    caller = is_done(*caller, is_welcome, step) ? callers_.erase(caller) : std::next(caller);
  }
  accept_all(step);
  return step;
}

void AgentListener::accept_all(Step& step) {
  if (pause_until_ns_ > monotonic_ns()) return;
  pause_until_ns_ = 0;
  // Those that greet already have their turn, however many call.
  for (std::size_t i = 0; i < bounds_.most_greeting; ++i) {
    Address peer;
    const int fd = ::accept4(socket_.get(), peer.raw(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && is_lack(errno)) pause_until_ns_ = monotonic_after(kPause);
    if (fd < 0) return;
    add(Descriptor(fd), peer, step);
  }
}

void AgentListener::add(Descriptor socket, const Address& peer, Step& step) {
  prepare_link(socket.get());
  Caller caller{text_of(peer), Channel(std::move(socket)), AgentGreeting(*token_),
                monotonic_after(bounds_.greeting)};
  caller.channel.set_most_line_bytes(kMostGreetingBytes);
  if (!caller.channel.send(caller.greeting.hello(), milliseconds(0))) return;
  if (callers_.size() >= bounds_.most_greeting) {
    step.dropped.push_back(callers_.front().peer + " did not greet before too many others called");
    callers_.pop_front();
  }
  callers_.push_back(std::move(caller));
}

/// True when it is no longer to be greeted; then `step` says what became of it.
bool AgentListener::is_done(Caller& caller, bool is_welcome, Step& step) {
  const auto drop = [&](const std::string& why) {
    step.dropped.push_back(caller.peer + " " + why);
    return true;
  };
  const auto line = caller.channel.receive(0);
  if (!line) return drop("did not greet: " + line.error());
  if (!*line) {
    const bool is_late = monotonic_ns() >= caller.until_ns;
    return is_late && drop("did not greet within " + seconds(bounds_.greeting));
  }
  const auto answer = caller.greeting.answer(**line, is_welcome);
  const bool is_sent = answer.line.empty() || caller.channel.send(answer.line, milliseconds(0));
  if (!answer.why.empty()) return drop(answer.why);
  if (!is_sent) return drop("did not wait for an answer to its greeting");
  caller.channel.set_most_line_bytes(Channel::kMostLineBytes);
  step.greeted.push_back({std::move(caller.peer), std::move(caller.channel)});
  return true;
}

}  // namespace chat::bench
