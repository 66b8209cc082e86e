#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chat/base/ids.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/limits.hpp"
#include "chat/wire/message.hpp"

namespace chat::wire {

/// How a connection speaks: docs/protocol.md.
enum class Dialect : std::uint8_t { plain, v1 };
constexpr std::size_t kDialects = 2;

// ---- client → server (chat.v1)

struct Hello {
  std::string client;  ///< the secret; empty = none given
  std::string name;    ///< as asked; empty = none given
  std::optional<Cursor> since;
  std::string token;
  /// What is refused for now holds back every Send behind it, until one is `first`.
  bool ordered = false;
};
struct Send {
  std::uint64_t n = 0;
  bool first = false;  ///< the sender knows of every refusal, and goes on from here
  std::string body;    ///< the raw JSON of `message`
};
struct Rename {
  std::string name;
};
struct Typing {};
struct HistoryRequest {
  std::optional<base::Seq> before;
  std::optional<base::Seq> after;  ///< at most one of the two
  std::size_t limit = 50;          ///< ≥ 1; the server cuts it to limits.history_page
};
using ClientFrame = std::variant<Hello, Send, Rename, Typing, HistoryRequest>;

// ---- server → client (chat.v1)

/// What is missing when a resume could not be whole.
struct Missing {
  base::Epoch epoch;                                       ///< set: that log is gone
  std::optional<std::pair<base::Seq, base::Seq>> between;  ///< set: (after, before) were trimmed
};
struct Welcome {
  base::RoomName room;
  std::string name;
  base::ClientId client;
  base::Epoch epoch;
  base::Seq head;
  std::optional<bool> recovered;
  std::optional<Missing> missing;
  std::vector<std::string> members;
  std::size_t count = 0;
  std::string guarantee = {};  ///< "at-most-once"; empty: what docs/protocol.md promises
  Limits limits;
};
struct Ack {
  std::uint64_t n = 0;
  base::Seq seq;
  bool repeat = false;
};
struct Presence {
  std::vector<std::string> joined;
  std::vector<std::string> left;
  std::vector<std::pair<std::string, std::string>> renamed;  ///< (from, to)
  std::size_t count = 0;
};
struct HistoryPage {
  std::optional<base::Seq> before;
  std::optional<base::Seq> after;
  std::vector<MessagePtr> messages;  ///< oldest first
  bool more = false;
};

}  // namespace chat::wire
