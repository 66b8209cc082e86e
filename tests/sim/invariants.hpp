#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "chat/wire/message.hpp"
#include "sim/findings.hpp"
#include "sim/world.hpp"

namespace chat::tests {

using Json = nlohmann::ordered_json;

/// Holds what one chat.v1 member is sent against what was stored: all of it, in order, each once,
/// from where it stands; and what it is told to be missing against what is.
class Reading {
 public:
  Reading(std::string reader, base::RoomName room, DurableStore& store, Findings& findings)
      : reader_(std::move(reader)), room_(std::move(room)), store_(store), findings_(findings) {}

  /// `since`: what the hello said.
  void welcome(const Json& frame, const std::optional<wire::Cursor>& since);
  void message(const Json& frame);
  /// A history page. What is asked for by `after` or `before` is in the frame.
  void page(const Json& frame);
  /// `body`: what this member sent as (client, n).
  void ack(const Json& frame, const std::string& client, const std::string& body);

  /// nullopt before the first welcome.
  const std::optional<wire::Cursor>& position() const noexcept { return position_; }
  bool has_all() const;
  std::size_t messages() const noexcept { return messages_; }
  std::size_t gaps() const noexcept { return gaps_; }

 private:
  void welcome_back(const Json& frame, const wire::Cursor& since);
  void missing_between(const Json& missing, const wire::Cursor& since);
  bool equals(const Json& frame, const wire::Message& stored) const;
  void check_stored(const Json& frame, const char* where);
  void wrong(const std::string& what);

  const std::string reader_;
  const base::RoomName room_;
  DurableStore& store_;
  Findings& findings_;
  std::optional<wire::Cursor> position_;
  std::size_t messages_ = 0;
  std::size_t gaps_ = 0;
};

/// As Reading, for a member of the plain dialect: it has no seqs, so its messages are found in the
/// log by their bodies.
class PlainReading {
 public:
  PlainReading(std::string reader, base::RoomName room, DurableStore& store, Findings& findings)
      : reader_(std::move(reader)), room_(std::move(room)), store_(store), findings_(findings) {}

  /// A new connection, to a server over that generation of the store: it may have missed anything.
  void begin(std::size_t generation) {
    generation_ = generation;
    position_.reset();
  }
  void message(const std::string& body);
  std::size_t messages() const noexcept { return messages_; }

 private:
  const std::string reader_;
  const base::RoomName room_;
  DurableStore& store_;
  Findings& findings_;
  std::size_t generation_ = 0;
  std::optional<wire::Cursor> position_;
  std::size_t messages_ = 0;
};

/// No queue of the server is over its bound.
void check_bounds(const World& world, Findings& findings);

}  // namespace chat::tests
