#include "chat/bench/run/greeting.hpp"

#include <array>
#include <cstdint>
#include <vector>

#include "chat/base/digest.hpp"
#include "chat/base/text.hpp"

namespace chat::bench {
namespace {

constexpr std::size_t kNonceCharacters = 43;  // 258 bits
constexpr std::string_view kProtocol = "chat-bench/";
constexpr std::string_view kNoProof = "-";
constexpr std::string_view kWelcome = "welcome ";
constexpr std::string_view kRefused = "refused ";
constexpr std::string_view kNoRoom = "as many workers as may be are at work here already";
constexpr std::size_t kShownBytes = 60;

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

/// Who proves it is part of it: a proof is of no use in the other direction.
std::string proof_of(std::string_view token, std::string_view who, std::string_view agent_nonce,
                     std::string_view coordinator_nonce) {
  if (token.empty()) return std::string(kNoProof);
  std::string said(kLinkVersion);
  for (const auto word : {who, agent_nonce, coordinator_nonce}) said.append(" ").append(word);
  const auto proof = base::hmac_sha256(token, said);
  return base::hex(proof.data(), proof.size());
}

/// Takes the same time wherever they differ.
bool is_same(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text, kShownBytes) + "\"";
}

/// Where the line is of this protocol, but not of this version.
bool is_other_version(const std::vector<std::string_view>& words) {
  return starts_with(words[0], kProtocol) && words[0] != kLinkVersion;
}

bool is_greeting(const std::vector<std::string_view>& words, std::string_view who) {
  return words.size() == 4 && words[0] == kLinkVersion && words[1] == who &&
         words[2].size() == kNonceCharacters;
}

std::string other_version(std::string_view other) {
  return "speaks " + quoted(other) + " and not " + std::string(kLinkVersion) +
         ": both sides need the same version of chat";
}

}  // namespace

AgentGreeting::AgentGreeting(std::string_view token)
    : token_(token), nonce_(base::random_token(kNonceCharacters)) {}

std::string AgentGreeting::hello() const {
  return std::string(kLinkVersion) + " agent " + nonce_ + (token_.empty() ? " open" : " token");
}

AgentGreeting::Answer AgentGreeting::answer(std::string_view line, bool has_room) const {
  const auto words = words_of(line);
  const auto refused = [](const std::string& why) { return std::string(kRefused) + why; };
  if (is_other_version(words)) {
    return {refused("another version: " + std::string(kLinkVersion) + " is spoken here"),
            other_version(words[0])};
  }
  if (!is_greeting(words, "coordinator")) return {{}, "is no coordinator: it said " + quoted(line)};
  if (!is_same(words[3], proof_of(token_, "coordinator", nonce_, words[2]))) {
    const auto why = token_.empty() ? "a token, and there is none here" : "another token";
    return {refused(why), std::string("has ") + why};
  }
  if (!has_room) return {refused(std::string(kNoRoom)), "was refused: " + std::string(kNoRoom)};
  return {std::string(kWelcome) + proof_of(token_, "agent", nonce_, words[2]), {}};
}

CoordinatorGreeting::CoordinatorGreeting(std::string_view token)
    : token_(token), nonce_(base::random_token(kNonceCharacters)) {}

std::string CoordinatorGreeting::on_hello(std::string_view hello, std::string& line) {
  const auto words = words_of(hello);
  if (is_other_version(words)) return other_version(words[0]);
  if (!is_greeting(words, "agent")) return "is not a chat bench agent: it said " + quoted(hello);
  if (words[3] == "token" && token_.empty()) return "wants a token";
  // Without a token of its own it cannot prove that it is not a stranger.
  if (words[3] != "token" && !token_.empty()) return "has no token, though one was given for it";
  agent_nonce_ = words[2];
  line = std::string(kLinkVersion) + " coordinator " + nonce_ + " " +
         proof_of(token_, "coordinator", agent_nonce_, nonce_);
  return {};
}

std::string CoordinatorGreeting::on_welcome(std::string_view welcome) const {
  if (starts_with(welcome, kRefused)) {
    return "refuses: " + base::escape_for_log(welcome.substr(kRefused.size()));
  }
  if (!starts_with(welcome, kWelcome)) {
    return "is not a chat bench agent: it said " + quoted(welcome);
  }
  const auto proof = welcome.substr(kWelcome.size());
  if (is_same(proof, proof_of(token_, "agent", agent_nonce_, nonce_))) return {};
  return "does not know the token: it is a stranger";
}

}  // namespace chat::bench
