#include "chat/bench/run/agent_link.hpp"

#include <poll.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "chat/bench/run/address.hpp"
#include "chat/bench/run/clock.hpp"
#include "chat/bench/run/greeting.hpp"

namespace chat::bench {
namespace {

using Failure = tl::unexpected<std::string>;

/// errno, or 0 when it is connected; ETIMEDOUT when it is not until then.
int connect_until(int fd, const Address& address, std::uint64_t until_ns) {
  if (::connect(fd, address.raw(), address.size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  for (;;) {
    pollfd waiting{fd, POLLOUT, 0};
    const timespec left = time_until(until_ns);
    const int ready = ::ppoll(&waiting, 1, &left, nullptr);
    if (ready == 0) return ETIMEDOUT;
    if (ready < 0 && errno == EINTR) continue;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }
}

std::string why_not(const std::string& where, int error) {
  if (error == ECONNREFUSED) return "nobody listens at " + where;
  if (error == ETIMEDOUT) return "nothing answers at " + where + " in time";
  return "cannot connect to " + where + ": " + std::strerror(error);
}

/// The first address that answers. Each gets its share of the time.
tl::expected<Descriptor, std::string> connect_to(const base::HostPort& place,
                                                 std::uint64_t until_ns) {
  const auto addresses = resolve(place);
  if (!addresses) return Failure(addresses.error());
  int error = 0;
  std::uint64_t left = addresses->size();
  for (const auto& address : *addresses) {
    Descriptor socket = socket_for(address);
    const std::uint64_t now = monotonic_ns();
    const std::uint64_t share = now + (until_ns > now ? until_ns - now : 0) / left--;
    error = socket.get() < 0 ? errno : connect_until(socket.get(), address, share);
    if (error == 0) return socket;
  }
  return Failure(why_not(text_of(place), error));
}

/// Empty, or what is wrong with who is there.
std::string greet(Channel& channel, std::string_view token, std::uint64_t until_ns) {
  CoordinatorGreeting greeting(token);
  const auto line_of = [&](std::string& line) -> std::string {
    auto got = channel.receive(until_ns);
    if (!got) return "does not greet, is it a chat bench agent? " + got.error();
    if (!*got) return "does not greet in time; is it a chat bench agent?";
    line = std::move(**got);
    return {};
  };
  std::string heard;
  std::string answer;
  if (auto why = line_of(heard); !why.empty()) return why;
  if (auto why = greeting.on_hello(heard, answer); !why.empty()) return why;
  // What an agent says that ends the connection can still be read.
  channel.send(answer);
  if (auto why = line_of(heard); !why.empty()) return why;
  return greeting.on_welcome(heard);
}

}  // namespace

tl::expected<Channel, std::string> connect_agent(const std::string& address, std::string_view token,
                                                 std::chrono::milliseconds bound) {
  const std::uint64_t until = monotonic_after(bound);
  const auto place = base::parse_host_port(address, std::nullopt);
  if (!place) return Failure("an agent's address: " + place.error());
  auto socket = connect_to(*place, until);
  if (!socket) return Failure(std::move(socket.error()));
  prepare_link(socket->get());
  Channel channel(std::move(*socket));
  channel.set_most_line_bytes(kMostGreetingBytes);
  if (const auto why = greet(channel, token, until); !why.empty()) {
    return Failure("what listens at " + text_of(*place) + " " + why);
  }
  channel.set_most_line_bytes(Channel::kMostLineBytes);
  return channel;
}

}  // namespace chat::bench
