#include "chat/bench/run/agent.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "chat/bench/run/address.hpp"
#include "chat/bench/run/agent_link.hpp"
#include "chat/bench/run/clock.hpp"
#include "chat/bench/run/greeting.hpp"

namespace chat::tests {
namespace {

using namespace std::chrono_literals;
using bench::Agent;
using bench::Channel;
using bench::connect_agent;
using Catch::Contains;

std::string line_of(Channel& channel) {
  auto got = channel.receive(bench::monotonic_after(30s));
  if (!got) return "failed: " + got.error();
  return *got ? **got : "nothing came";
}

/// Tells its process, then answers each line, until the coordinator is gone or wants a status.
int echo(Channel& channel) {
  channel.send(std::to_string(::getpid()));
  for (;;) {
    const auto got = channel.receive(UINT64_MAX);
    if (!got || !*got) return 0;
    const auto& line = **got;
    if (line == "die") ::raise(SIGKILL);
    if (line == "ignore SIGTERM") ::signal(SIGTERM, SIG_IGN);
    if (line.rfind("return ", 0) == 0) return std::stoi(line.substr(7));
    channel.send("did " + line);
  }
}

/// An agent in a process of its own, as `chat bench agent` is.
class AgentProcess {
 public:
  explicit AgentProcess(Agent::Bounds bounds = {}) {
    auto listener = bench::AgentListener::open("127.0.0.1:0", "token");
    REQUIRE(listener);
    address = listener->address();
    auto pair = Channel::pair();
    REQUIRE(pair);
    std::fflush(nullptr);  // not to be written twice
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::dup2(pair->second.fd(), STDERR_FILENO);
      { const auto closed = std::move(*pair); }
      const auto result = Agent(std::move(*listener), echo, bounds).run();
      ::_exit(result ? 0 : 1);
    }
    said_ = std::move(pair->first);
  }
  ~AgentProcess() {
    if (pid_ > 0) end(SIGKILL);
  }
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  /// The next line on stderr with that in it.
  std::string said(const std::string& words) {
    for (;;) {
      auto line = line_of(said_);
      if (line.find(words) != std::string::npos) return line;
      if (line.rfind("chat bench agent: ", 0) != 0) FAIL("\"" << words << "\": " << line);
    }
  }
  /// Neither the agent nor any worker lives: nobody has its stderr.
  bool all_are_gone() {
    for (;;) {
      const auto line = line_of(said_);
      if (line == "failed: the other side has ended the connection") return true;
      if (line.rfind("chat bench agent: ", 0) != 0) return false;
    }
  }
  void signal(int signal) const { ::kill(pid_, signal); }
  /// Until SIGCONT.
  void stop() const {
    signal(SIGSTOP);
    REQUIRE(::waitpid(pid_, nullptr, WUNTRACED) == pid_);
  }
  /// The agent's status as waitpid has it.
  int end(int with) {
    signal(with);
    return wait();
  }
  int wait() {
    int status = -1;
    REQUIRE(::waitpid(std::exchange(pid_, -1), &status, 0) > 0);
    return status;
  }
  Channel call() const {
    auto channel = connect_agent(address, "token", 30s);
    REQUIRE(channel);
    return std::move(*channel);
  }

  std::string address;

 private:
  pid_t pid_ = -1;
  Channel said_{bench::Descriptor()};
};

TEST_CASE("bench agent: each coordinator has a worker of its own, and it is told who works",
          "[bench][agent]") {
  AgentProcess agent;
  CHECK_THAT(agent.said("listening"), Contains("listening at " + agent.address));
  Channel one = agent.call();
  Channel other = agent.call();
  const auto first = line_of(one);
  CHECK(first != line_of(other));
  CHECK_THAT(agent.said("started"), Contains("127.0.0.1:") && Contains("(process " + first + ")"));
  CHECK(other.send("this"));
  CHECK(one.send("that"));
  CHECK(line_of(other) == "did this");
  CHECK(line_of(one) == "did that");
  CHECK(one.send("return 3"));
  CHECK_THAT(agent.said("ended work"), Contains("(process " + first + "), with status 3"));
  CHECK(other.send("still"));
  CHECK(line_of(other) == "did still");
}

TEST_CASE("bench agent: a worker ends when its coordinator is gone, by itself", "[bench][agent]") {
  AgentProcess agent;
  std::string process;
  {
    Channel channel = agent.call();
    process = line_of(channel);
  }
  const auto said = agent.said("ended work");
  CHECK_THAT(said, Contains("(process " + process + ")"));
  CHECK_THAT(said, !Contains("status") && !Contains("signal"));
}

TEST_CASE("bench agent: a worker that dies is told, its coordinator sees it, others can call",
          "[bench][agent]") {
  AgentProcess agent;
  Channel channel = agent.call();
  line_of(channel);
  CHECK(channel.send("die"));
  CHECK_THAT(line_of(channel), Contains("failed: "));
  CHECK_THAT(agent.said("ended work"), Contains("killed by signal 9"));
  Channel next = agent.call();
  line_of(next);
  CHECK(next.send("work"));
  CHECK(line_of(next) == "did work");
}

TEST_CASE("bench agent: of two that greet at the same moment, neither worker has the other's line",
          "[bench][agent]") {
  AgentProcess agent;
  const auto place = base::parse_host_port(agent.address, std::nullopt);
  REQUIRE(place);
  std::vector<Channel> channels;
  std::vector<std::string> answers(2);
  for (auto& answer : answers) {
    const auto address = bench::resolve(*place)->front();
    bench::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(socket.get(), address.raw(), address.size) == 0);
    channels.emplace_back(std::move(socket));
    REQUIRE(bench::CoordinatorGreeting("token").on_hello(line_of(channels.back()), answer).empty());
  }
  agent.stop();
  for (std::size_t i = 0; i < 2; ++i) REQUIRE(channels[i].send(answers[i]));
  agent.signal(SIGCONT);
  for (auto& each : channels) {
    CHECK_THAT(line_of(each), Catch::StartsWith("welcome "));
    line_of(each);
  }
  const auto dies = GENERATE(0U, 1U);
  CHECK(channels[dies].send("die"));
  CHECK_THAT(line_of(channels[dies]), Contains("failed: "));
  CHECK(channels[1 - dies].send("still"));
  CHECK(line_of(channels[1 - dies]) == "did still");
}

TEST_CASE("bench agent: no more workers at a time than may be", "[bench][agent]") {
  AgentProcess agent({1, 5s});
  {
    const Channel first = agent.call();
    const auto second = connect_agent(agent.address, "token", 30s);
    REQUIRE_FALSE(second);
    CHECK_THAT(second.error(), Contains("refuses: as many workers as may be"));
    CHECK_THAT(agent.said("refused"), Contains("was refused: as many workers as may be"));
  }
  agent.said("ended work");
  agent.call();
}

TEST_CASE("bench agent: a signal ends it and its workers", "[bench][agent]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  AgentProcess agent({64, 60s});
  Channel one = agent.call();
  Channel other = agent.call();
  line_of(one);
  line_of(other);
  CHECK(agent.end(signal) == 0);
  CHECK_THAT(line_of(one), Contains("failed: "));
  CHECK_THAT(line_of(other), Contains("failed: "));
  CHECK_THAT(agent.said("ended work"), Contains("killed by signal 15"));
  CHECK(agent.all_are_gone());
  CHECK(connect_agent(agent.address, "token", 30s).error() == "nobody listens at " + agent.address);
}

TEST_CASE("bench agent: a worker that does not end when it is asked to is made to",
          "[bench][agent]") {
  const bool is_patient = GENERATE(false, true);
  AgentProcess agent({64, is_patient ? 60'000ms : 20ms});
  Channel channel = agent.call();
  line_of(channel);
  CHECK(channel.send("ignore SIGTERM"));
  CHECK(line_of(channel) == "did ignore SIGTERM");
  agent.signal(SIGTERM);
  if (is_patient) {
    // Its listener is closed before it asks: from then on a signal is the second.
    while (connect_agent(agent.address, "token", 30s)) {
    }
    agent.signal(SIGTERM);
  }
  CHECK(agent.wait() == 0);
  CHECK_THAT(agent.said("killed by signal 9"), Contains("ended work"));
  CHECK(agent.all_are_gone());
}

TEST_CASE("bench agent: workers die with an agent that was killed", "[bench][agent]") {
  AgentProcess agent;
  Channel channel = agent.call();
  line_of(channel);
  CHECK(WTERMSIG(agent.end(SIGKILL)) == SIGKILL);
  CHECK_THAT(line_of(channel), Contains("failed: "));
  CHECK(agent.all_are_gone());
}

TEST_CASE("bench agent: it starts where SIGCHLD is ignored, and sees its workers end all the same",
          "[bench][agent]") {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  AgentProcess agent;
  ::signal(SIGCHLD, before);
  agent.call();
  CHECK_THAT(agent.said("ended work"), Contains("(process "));
}

}  // namespace
}  // namespace chat::tests
