#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chat/bench/run/plan.hpp"
#include "chat/bench/verifier.hpp"

namespace chat::bench {

constexpr std::uint32_t kNoSender = UINT32_MAX;

/// A member that a worker has to play.
struct Part {
  std::size_t member;  ///< over all workers and rooms
  std::uint32_t room;
  std::uint32_t sender;  ///< over all rooms; kNoSender: it only listens
  std::uint32_t server;  ///< its first, in plan.servers
  bool is_affected;      ///< is cut, stalls, or comes and goes
};

/// Who is in which room and who plays whom: the same for each worker that has the same plan, so
/// that nobody has to be told. Pure.
///
/// The members of a room, and rooms, take turns at workers and servers, so that a room is spread
/// over all of them, its senders too.
struct Layout {
  std::vector<RoomSize> rooms;  ///< all members, all senders; none where nothing is sent
  std::vector<RoomSize> here;   ///< the members that this worker plays, all senders
  std::vector<Part> parts;      ///< those members, in the order of the rooms
  std::vector<std::uint32_t> worker_of_sender;
  std::size_t senders = 0;
};
Layout layout_of(const Plan& plan);

/// What the room is called: letters, digits and `_`.
std::string room_name(const Plan& plan, std::size_t room);

}  // namespace chat::bench
