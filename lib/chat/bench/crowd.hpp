#pragma once

#include <cstddef>
#include <vector>

namespace chat::bench {

/// A room of a test; the first of its members are its senders. Both are numbered over all rooms, in
/// the order of the rooms. Where several processes share a room, each has `members` of its own, and
/// `senders` of the whole room.
struct RoomSize {
  std::size_t members;
  std::size_t senders;
};

/// How many members each of `rooms` rooms has (both ≥ 1), the largest room first: `members` each on
/// the average, at least one in each. With `exponent` 0 all are alike; else the r-th is to the
/// first as 1 to r^exponent (Zipf's law; 1 is usual for rooms and channels). Their sum is exactly
/// rooms * members.
std::vector<std::size_t> room_sizes(std::size_t rooms, std::size_t members, double exponent);

/// The same rooms, with `senders` of the members of each, or all where it has no more; 0: all of
/// every room. When every sender sends as often, a room is as loud as it has senders: with 0 a
/// large one louder, with 1 each alike.
std::vector<RoomSize> crowd(std::size_t rooms, std::size_t members, double exponent,
                            std::size_t senders);

}  // namespace chat::bench
