#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chat/broker/remote_presence.hpp"
#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

// What nodes tell each other through the signal exchange, and its bytes. Pure.

/// "I am here."
struct Beat {};
/// The node stops; its members are gone.
struct Bye {};
/// What has changed among the node's members, in order.
struct Changes {
  std::vector<broker::MemberChange> changes;
};
struct Typings {
  std::vector<broker::MemberTyping> typings;
};
/// Asks a node for all its members.
struct SyncRequest {
  std::string node;  ///< empty: every node
};
/// All members of the node, or a part of them. The parts follow each other; nothing else of the
/// node but beats comes in between.
struct SyncPart {
  bool first = false;
  bool last = false;
  std::vector<broker::MemberChange> members;  ///< each with a name
};
using SignalContent = std::variant<Beat, Bye, Changes, Typings, SyncRequest, SyncPart>;

struct Signal {
  std::string node;               ///< sender; is_node_id
  std::uint64_t incarnation = 0;  ///< another one for each start of the node's process
  std::uint64_t counter = 0;      ///< one more for each signal of an incarnation: shows a loss
  SignalContent content;
};

/// Signals are made to stay below this; a larger one is refused.
constexpr std::size_t kMaxSignalBytes = 64U << 10;

/// True when `text` can name a node: 1 to 64 characters of [A-Za-z0-9_.-].
bool is_node_id(std::string_view text) noexcept;

/// Version 1: "CS", 1, node, incarnation, counter, kind, content. Integers are varints (LEB128,
/// unsigned), texts have their length before them; members are grouped by rooms that follow each
/// other.
std::string encode_signal(const Signal& signal);
/// bad_frame with the reason when it is not one, whatever the bytes: another version, cut off or
/// too long, an invalid room, name or node, a number out of range. Names and rooms come out valid
/// (wire::parse_member_name, wire::parse_room_name).
wire::Result<Signal> decode_signal(std::string_view bytes);

/// At most so many bytes does a change or a member add to a signal.
std::size_t encoded_bound(const broker::MemberChange& change) noexcept;
std::size_t encoded_bound(const broker::MemberTyping& typing) noexcept;
/// At most so many bytes has everything around these.
constexpr std::size_t kSignalHeadBound = 128;

}  // namespace chat::rabbitmq
