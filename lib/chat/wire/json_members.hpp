#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chat/wire/error.hpp"

namespace chat::wire {

/// The members that a client's frames may have; all others are passed over.
enum class Field : std::uint8_t {
  type,
  client,
  name,
  token,
  n,
  message,
  before,
  after,
  limit,
  since,
  since_epoch,
  since_seq,
  ordered,
  first,
};
constexpr std::size_t kFields = 14;

/// What came for one Field; of a repeated one the last counts.
struct Member {
  enum class Kind : std::uint8_t { absent, string, natural, boolean, object, other };
  Kind kind = Kind::absent;
  std::string text;           ///< of a string, unescaped; not kept for `message`
  std::uint64_t natural = 0;  ///< of an integer that is not negative; 1: true
};

using Members = std::array<Member, kFields>;

/// Checks that `text` is one JSON object, nested at most kMaxNesting deep, and gives the members
/// that a frame may use; bad_json or bad_frame otherwise. Pure.
Result<Members> parse_members(std::string_view text);

/// True when `text` is one JSON value with nothing before or behind it, and flat enough for a frame
/// around it: what a client can have sent as a message. Pure.
bool is_message_value(std::string_view text);
/// Why it is none, for people ("it is no JSON value"); empty when it is one. Pure.
std::string_view problem_of_message_value(std::string_view text);

}  // namespace chat::wire
