#pragma once

#include <cstddef>
#include <vector>

#include "chat/base/ids.hpp"
#include "chat/history/store.hpp"
#include "chat/rabbitmq/topology.hpp"

namespace chat::rabbitmq {

/// What a worker knows of each partition's log: as what its rooms begin. Thread: the worker's loop.
class LogStates {
 public:
  std::size_t partitions() const noexcept { return logs_.size(); }
  /// The room's partition; there must be partitions.
  std::size_t partition(const base::RoomName& room) const noexcept {
    return partition_of(room, logs_.size());
  }
  /// The log of the room's partition has a name.
  bool knows(const base::RoomName& room) const noexcept {
    return !logs_.empty() && !logs_[partition(room)].epoch.value().empty();
  }
  /// … and all that it said when reading began is known.
  bool is_current(const base::RoomName& room) const noexcept {
    return !logs_.empty() && current_[partition(room)];
  }
  history::Birth birth(const base::RoomName& room) const {
    return knows(room) ? logs_[partition(room)] : history::Birth();
  }

  /// `is_kept`: what is known of its rooms stays.
  void set(std::size_t partition, std::size_t partitions, const history::Birth& log, bool is_kept) {
    logs_.resize(partitions);
    current_.resize(partitions);
    logs_[partition] = log;
    if (!is_kept) current_[partition] = false;
  }
  /// True when it was not current before.
  bool set_current(std::size_t partition) {
    const bool was = current_[partition];
    current_[partition] = true;
    return !was;
  }
  /// A room was forgotten: what it had up to `head` is not known any more.
  void forgotten(const base::RoomName& room, base::Seq head) {
    if (!logs_.empty()) raise(logs_[partition(room)].floor, head);
  }

 private:
  static void raise(base::Seq& floor, base::Seq to) {
    if (floor < to) floor = to;
  }

  std::vector<history::Birth> logs_;  // by partition
  std::vector<bool> current_;
};

}  // namespace chat::rabbitmq
