#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace chat::base {

/// A value of type `T` that cannot be mistaken for another with the same representation.
/// Thread: as `T`.
template <class Tag, class T>
class StrongId {
 public:
  using value_type = T;

  StrongId() = default;
  explicit StrongId(T value) : value_(std::move(value)) {}

  const T& value() const noexcept { return value_; }

  friend bool operator==(const StrongId& a, const StrongId& b) { return a.value_ == b.value_; }
  friend bool operator!=(const StrongId& a, const StrongId& b) { return a.value_ != b.value_; }
  friend bool operator<(const StrongId& a, const StrongId& b) { return a.value_ < b.value_; }
  friend bool operator<=(const StrongId& a, const StrongId& b) { return !(b.value_ < a.value_); }
  friend bool operator>(const StrongId& a, const StrongId& b) { return b.value_ < a.value_; }
  friend bool operator>=(const StrongId& a, const StrongId& b) { return !(a.value_ < b.value_); }
  friend std::ostream& operator<<(std::ostream& out, const StrongId& id) {
    return out << id.value_;
  }

 private:
  T value_{};
};

/// Position of a message in its room: strictly increasing, below 2^53, 0 = before the first.
using Seq = StrongId<struct SeqTag, std::uint64_t>;
/// Name of the log that gave a Seq: 1 to 32 characters of [A-Za-z0-9_-]; empty = none yet.
using Epoch = StrongId<struct EpochTag, std::string>;
/// A room's name, valid and in NFC (made by wire::parse_room_name alone).
using RoomName = StrongId<struct RoomNameTag, std::string>;
/// What the others see of a client: 11 characters derived from its secret; empty = gave none.
using ClientId = StrongId<struct ClientIdTag, std::string>;
/// One connection on this node, never used again while the process lives.
using MemberKey = StrongId<struct MemberKeyTag, std::uint64_t>;

}  // namespace chat::base

namespace std {
template <class Tag, class T>
struct hash<chat::base::StrongId<Tag, T>> {
  size_t operator()(const chat::base::StrongId<Tag, T>& id) const { return hash<T>()(id.value()); }
};
}  // namespace std
