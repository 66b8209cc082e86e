#include "chat/bench/run/channel.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "chat/bench/run/clock.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;
using bench::Channel;
using bench::Descriptor;

std::pair<Channel, Channel> ends() {
  auto made = Channel::pair();
  REQUIRE(made);
  return std::move(*made);
}

/// One end, and the bare socket of the other.
struct Halves {
  Halves() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    channel = Channel(Descriptor(fds[0]));
    peer = Descriptor(fds[1]);
  }
  void write(const std::string& bytes) const {
    REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  Channel channel{Descriptor()};
  Descriptor peer;
};

/// What is received within a bound that no test reaches.
std::string line_of(Channel& channel) {
  auto got = channel.receive(bench::monotonic_after(30s));
  if (!got) return "failed: " + got.error();
  return *got ? **got : "nothing came";
}

bool is_silent(Channel& channel) {
  const auto got = channel.receive(0);
  return got && !*got;
}

TEST_CASE("bench channel: lines come as they were sent, both ways, empty ones too",
          "[bench][channel]") {
  auto [a, b] = ends();
  CHECK(a.send("one"));
  CHECK(a.send(""));
  CHECK(a.send("{\"three\":3}"));
  CHECK(b.send("back"));
  CHECK(line_of(b) == "one");
  CHECK(line_of(b) == "");
  CHECK(line_of(b) == "{\"three\":3}");
  CHECK(is_silent(b));
  CHECK(line_of(a) == "back");
}

TEST_CASE("bench channel: a line that has not come whole is waited for until then",
          "[bench][channel]") {
  Halves halves;
  CHECK(is_silent(halves.channel));
  halves.write("ha");
  const auto until = bench::monotonic_after(5ms);
  const auto got = halves.channel.receive(until);
  REQUIRE(got);
  CHECK_FALSE(*got);
  CHECK(bench::monotonic_ns() >= until);
  halves.write("lf\nmo");
  CHECK(line_of(halves.channel) == "half");
  halves.write("re\n");
  CHECK(line_of(halves.channel) == "more");
}

TEST_CASE("bench channel: what was read already is told of, the socket says nothing of it",
          "[bench][channel]") {
  Halves halves;
  halves.write("a\nb\n");
  CHECK_FALSE(halves.channel.is_ready());
  CHECK(line_of(halves.channel) == "a");
  pollfd look{halves.channel.fd(), POLLIN, 0};
  CHECK(::poll(&look, 1, 0) == 0);
  CHECK(halves.channel.is_ready());
  CHECK(line_of(halves.channel) == "b");
  CHECK_FALSE(halves.channel.is_ready());
}

TEST_CASE("bench channel: long lines come whole, and what follows them", "[bench][channel]") {
  auto pair = ends();
  std::string large(20'000'000, 'x');
  large.back() = 'y';
  std::thread sender([&] {
    pair.first.send(large);
    for (int i = 0; i < 10'000; ++i) pair.first.send(std::to_string(i));
    pair.first.send(large);
  });
  const bool is_first = line_of(pair.second) == large;
  int in_order = 0;
  for (int i = 0; i < 10'000; ++i) in_order += line_of(pair.second) == std::to_string(i) ? 1 : 0;
  const bool is_last = line_of(pair.second) == large;
  sender.join();
  CHECK(is_first);
  CHECK(in_order == 10'000);
  CHECK(is_last);
}

TEST_CASE("bench channel: who is gone is told behind the last line, again and again",
          "[bench][channel]") {
  Halves halves;
  SECTION("at a line's end") {
    halves.write("last\n");
    halves.peer = Descriptor();
    CHECK(line_of(halves.channel) == "last");
    for (int i = 0; i < 2; ++i) {
      CHECK(line_of(halves.channel) == "failed: the other side has ended the connection");
    }
    CHECK(halves.channel.is_ready());
  }
  SECTION("within a line") {
    halves.write("last\nha");
    halves.peer = Descriptor();
    CHECK(line_of(halves.channel) == "last");
    CHECK(line_of(halves.channel) ==
          "failed: the other side has ended the connection within a line");
  }
  SECTION("with something that it has not read") {
    CHECK(halves.channel.send("unread"));
    halves.write("last\n");
    halves.peer = Descriptor();
    CHECK(line_of(halves.channel) == "last");
    CHECK(line_of(halves.channel) == "failed: the connection broke: Connection reset by peer");
  }
}

TEST_CASE("bench channel: sending to who is gone fails without a signal; what it said is there",
          "[bench][channel]") {
  Halves halves;
  halves.write("why it went\n");
  halves.peer = Descriptor();
  CHECK_FALSE(halves.channel.send("to nobody"));
  CHECK_FALSE(halves.channel.send("to nobody"));
  CHECK(line_of(halves.channel) == "why it went");
}

TEST_CASE("bench channel: who reads nothing is waited for no longer than the bound",
          "[bench][channel]") {
  auto [a, b] = ends();
  const auto until = bench::monotonic_after(5ms);
  CHECK_FALSE(a.send(std::string(8'000'000, 'x'), 5ms));
  CHECK(bench::monotonic_ns() >= until);
  CHECK_FALSE(a.send("more", 5ms));
  CHECK(line_of(b) == "failed: the other side has ended the connection within a line");
}

TEST_CASE("bench channel: a line that is too long ends it before it has come whole",
          "[bench][channel]") {
  Halves halves;
  halves.channel.set_most_line_bytes(10);
  halves.write("0123456789\n0123456789");
  CHECK(line_of(halves.channel) == "0123456789");
  CHECK(is_silent(halves.channel));
  halves.write("0");
  CHECK(line_of(halves.channel) == "failed: a line is longer than 10 bytes");
  halves.write("\nfine\n");
  CHECK(line_of(halves.channel) == "failed: a line is longer than 10 bytes");
}

TEST_CASE("bench channel: what has a line break in it is not sent as two", "[bench][channel]") {
  auto [a, b] = ends();
  CHECK_FALSE(a.send("one\ntwo"));
  CHECK(line_of(b) == "failed: the other side has ended the connection");
}

TEST_CASE("bench channel: a forked child talks to its parent, and its end is seen",
          "[bench][channel]") {
  auto pair = ends();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    { const auto closed = std::move(pair.first); }
    auto got = pair.second.receive(bench::monotonic_after(30s));
    const bool is_sent = got && *got && pair.second.send("got " + **got);
    ::_exit(is_sent ? 0 : 1);
  }
  { const auto closed = std::move(pair.second); }
  CHECK(pair.first.send("work"));
  CHECK(line_of(pair.first) == "got work");
  CHECK(line_of(pair.first) == "failed: the other side has ended the connection");
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

}  // namespace
}  // namespace chat::tests
