#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chat/broker/broker.hpp"
#include "chat/history/store.hpp"
#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

/// A message with its place in the log.
struct Placed {
  broker::Publish publish;  ///< with seq and at
  std::uint64_t call =
      0;  ///< the number of the worker that waits for it, where that is the reader; else 0
};

/// What the log says to a worker of the rooms that live there. Thread: the worker's loop.
class LogReader {
 public:
  virtual ~LogReader() = default;
  /// Partition `partition` of `partitions` is the log `log.epoch` from now on. What is kept of its
  /// rooms belongs to it when `is_kept`; otherwise they begin anew: at the start, when the stream
  /// is another one, and when there is a hole.
  virtual void on_log(std::size_t partition, std::size_t partitions, const history::Birth& log,
                      bool is_kept) = 0;
  /// The next messages of a partition, in their order. Once they are kept, StreamLog::applied is
  /// called with `ticket`.
  virtual void on_batch(std::uint64_t ticket, std::vector<Placed> messages) = 0;
  /// Everything that was in the partition when reading it began has been told; once for each log.
  virtual void on_caught_up(std::size_t partition) = 0;
  /// All that was in the log when this worker asked (StreamLog::sync) has been told.
  virtual void on_synced(std::uint64_t call) = 0;
  /// A message of this worker was not taken; with `busy`, on_accepting follows.
  virtual void on_refused(std::uint64_t call, const base::RoomName& room,
                          const wire::Error& error) = 0;
  /// Messages were refused with `busy`, and there is space again for many.
  virtual void on_accepting() = 0;
};

}  // namespace chat::rabbitmq
