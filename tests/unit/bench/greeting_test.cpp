#include "chat/bench/run/greeting.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

namespace chat::tests {
namespace {

using bench::AgentGreeting;
using bench::CoordinatorGreeting;
using Catch::Contains;

/// What both say of each other; empty: they are content.
struct Outcome {
  std::string agent;
  std::string coordinator;
};

Outcome meet(const std::string& agent_token, const std::string& coordinator_token,
             bool has_room = true) {
  const AgentGreeting agent(agent_token);
  CoordinatorGreeting coordinator(coordinator_token);
  std::string line;
  const auto why = coordinator.on_hello(agent.hello(), line);
  if (!why.empty()) return {"never heard of it", why};
  const auto answer = agent.answer(line, has_room);
  return {answer.why, coordinator.on_welcome(answer.line)};
}

/// The words of a line, with one put in the place of another.
std::string with_word(std::string line, std::size_t place, const std::string& word) {
  std::size_t begin = 0;
  for (; place > 0; --place) begin = line.find(' ', begin) + 1;
  const auto end = line.find(' ', begin);
  return line.replace(begin, end == std::string::npos ? end : end - begin, word);
}

TEST_CASE("bench greeting: the same token on both sides, or none, and they are content",
          "[bench][greeting]") {
  for (const std::string token : {"", "a token", "a longer token with all that, ä and \n"}) {
    const auto outcome = meet(token, token);
    CHECK(outcome.agent.empty());
    CHECK(outcome.coordinator.empty());
  }
}

TEST_CASE("bench greeting: another token, or one on one side only, is refused in words",
          "[bench][greeting]") {
  auto outcome = meet("one", "other");
  CHECK(outcome.agent == "has another token");
  CHECK(outcome.coordinator == "refuses: another token");
  CHECK(meet("one", "").coordinator == "wants a token");
  CHECK(meet("", "one").coordinator == "has no token, though one was given for it");
  outcome = meet("one", "one", false);
  CHECK_THAT(outcome.agent, Contains("was refused: as many workers as may be"));
  CHECK_THAT(outcome.coordinator, Contains("refuses: as many workers as may be"));
}

TEST_CASE("bench greeting: the token is in nothing that is said, and nothing is said twice",
          "[bench][greeting]") {
  const std::string token = "secret";
  std::string said[2];
  for (auto& all : said) {
    const AgentGreeting agent(token);
    CoordinatorGreeting coordinator(token);
    std::string line;
    REQUIRE(coordinator.on_hello(agent.hello(), line).empty());
    const auto answer = agent.answer(line, true);
    REQUIRE(answer.why.empty());
    CHECK(agent.hello().size() < bench::kMostGreetingBytes);
    CHECK(line.size() < bench::kMostGreetingBytes);
    CHECK(answer.line.size() < bench::kMostGreetingBytes);
    CHECK_THAT(agent.hello() + line + answer.line, !Contains(token));
    all = answer.line;
  }
  CHECK(said[0] != said[1]);
}

TEST_CASE("bench greeting: what was said before, or to another, proves nothing",
          "[bench][greeting]") {
  const std::string token = "secret";
  const AgentGreeting agent(token);
  CoordinatorGreeting coordinator(token);
  std::string line;
  REQUIRE(coordinator.on_hello(agent.hello(), line).empty());
  const auto welcome = agent.answer(line, true).line;
  SECTION("a coordinator's line at another connection") {
    CHECK(AgentGreeting(token).answer(line, true).why == "has another token");
  }
  SECTION("an agent's proof for another nonce") {
    CoordinatorGreeting other(token);
    std::string other_line;
    REQUIRE(other.on_hello(agent.hello(), other_line).empty());
    CHECK_THAT(other.on_welcome(welcome), Contains("it is a stranger"));
  }
  SECTION("a proof that is sent back to who made it") {
    const auto proof = line.substr(line.rfind(' ') + 1);
    CHECK_THAT(coordinator.on_welcome("welcome " + proof), Contains("it is a stranger"));
  }
  SECTION("a stranger that welcomes everybody") {
    CHECK_THAT(coordinator.on_welcome("welcome -"), Contains("it is a stranger"));
    CHECK_THAT(coordinator.on_welcome("welcome "), Contains("it is a stranger"));
  }
  SECTION("a proof that is cut, or longer") {
    CHECK_FALSE(agent.answer(line.substr(0, line.size() - 1), true).why.empty());
    CHECK_FALSE(agent.answer(line + "0", true).why.empty());
    CHECK_FALSE(agent.answer(with_word(line, 3, "-"), true).why.empty());
  }
}

TEST_CASE("bench greeting: another version is told on both sides", "[bench][greeting]") {
  const AgentGreeting agent("");
  CoordinatorGreeting coordinator("");
  std::string line;
  CHECK(coordinator.on_hello(with_word(agent.hello(), 0, "chat-bench/2"), line) ==
        "speaks \"chat-bench/2\" and not chat-bench/1: both sides need the same version of chat");
  CHECK(line.empty());
  REQUIRE(coordinator.on_hello(agent.hello(), line).empty());
  const auto answer = agent.answer(with_word(line, 0, "chat-bench/2"), true);
  CHECK_THAT(answer.why, Contains("speaks \"chat-bench/2\" and not chat-bench/1"));
  CHECK(coordinator.on_welcome(answer.line) ==
        "refuses: another version: chat-bench/1 is spoken here");
}

TEST_CASE("bench greeting: who speaks something else is none, and is shown safely",
          "[bench][greeting]") {
  const AgentGreeting agent("token");
  const auto hello = agent.hello();
  for (const std::string& said :
       {std::string(), std::string("SSH-2.0-OpenSSH_9.2"), std::string("HTTP/1.1 400 Bad Request"),
        std::string("chat-bench/1"), std::string("chat-bench/1 agent x token"),
        std::string("chat-bench/1  agent"), hello + " more", with_word(hello, 1, "stranger"),
        std::string(400, ' '), std::string("\x1b[31m\0\xff", 7)}) {
    CAPTURE(said);
    CoordinatorGreeting coordinator("token");
    std::string line;
    const auto why = coordinator.on_hello(said, line);
    CHECK_THAT(why, Contains("is not a chat bench agent: it said"));
    CHECK_THAT(why, !Contains("\x1b"));
    CHECK(line.empty());
    const auto answer = agent.answer(said, true);
    CHECK_THAT(answer.why, Contains("is no coordinator: it said"));
    CHECK(answer.line.empty());
  }
  CoordinatorGreeting coordinator("");
  CHECK_THAT(coordinator.on_welcome("refused \x1b[31m"), !Contains("\x1b"));
  CHECK_THAT(coordinator.on_welcome("hello"), Contains("is not a chat bench agent"));
}

}  // namespace
}  // namespace chat::tests
