#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chat::bench {

/// How an agent and a coordinator find out, before anything else is said, that the other is one, of
/// the same version, and knows the same token. Three lines:
///
///     agent        chat-bench/1 agent NONCE token          (or: open, when it has none)
///     coordinator  chat-bench/1 coordinator NONCE PROOF    (or: -, when it has none)
///     agent        welcome PROOF                           (or: welcome -, or: refused WHY)
///
/// A proof is HMAC-SHA-256 with the token over both nonces and who proves it, so the token is never
/// sent, nothing can be said again later, and neither can have the other prove for it. Who listens
/// on the network can still guess short tokens, and what follows is neither hidden nor sealed.
/// Pure but for the nonces. Thread: any.
constexpr std::string_view kLinkVersion = "chat-bench/1";
constexpr std::size_t kMostGreetingBytes = 512;

/// The agent's side, for one connection.
class AgentGreeting {
 public:
  /// What to do with a coordinator's line.
  struct Answer {
    std::string line;  ///< to send; empty: nothing
    std::string why;   ///< it is not wanted, for people; empty: it is welcome
  };

  /// `token`: empty: none. It must outlive this.
  explicit AgentGreeting(std::string_view token);
  std::string hello() const;
  /// `has_room`: a coordinator that knows the token is welcome.
  Answer answer(std::string_view line, bool has_room) const;

 private:
  std::string_view token_;
  std::string nonce_;
};

/// The coordinator's side, for one connection.
class CoordinatorGreeting {
 public:
  explicit CoordinatorGreeting(std::string_view token);
  /// Takes the agent's hello. Empty, then `line` is to be sent; or what is wrong, as the end of a
  /// sentence that begins with who it is.
  std::string on_hello(std::string_view hello, std::string& line);
  /// Takes what comes then; the same.
  std::string on_welcome(std::string_view welcome) const;

 private:
  std::string_view token_;
  std::string nonce_;
  std::string agent_nonce_;
};

}  // namespace chat::bench
