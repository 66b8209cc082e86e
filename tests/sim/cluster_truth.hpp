#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "support/fake_amqp.hpp"

namespace chat::tests {

/// What the partitions' streams say, read as the headers of chat::rabbitmq promise it and as simply
/// as can be: the truth that all nodes are held against.
///
/// It keeps what was trimmed and deleted since, so `collect` must be called before either.
class ClusterTruth {
 public:
  struct Message {
    base::Seq seq;
    base::ClientId client;
    std::uint64_t n = 0;
    base::WallMs at = 0;
    std::string body;
  };
  using Room = std::vector<Message>;
  /// One life of a partition's stream.
  struct Log {
    base::Epoch epoch;  ///< empty: no hello is in it
    std::map<base::RoomName, Room> rooms;
    base::Seq trimmed;        ///< what has a seq up to here was dropped by retention; 0: nothing
    std::size_t skipped = 0;  ///< records that say nothing: repeats, of another log
  };

  ClusterTruth(const FakeAmqp& amqp, std::size_t partitions);

  void collect(base::TimePoint now);
  /// The partition's stream was deleted, after `collect`.
  void deleted(std::size_t partition) { lives_[partition].emplace_back(); }
  /// Retention may leave out what lies before an offset that is above `above` and not behind
  /// `until`: what is left is of this log then, and begins to name it before `before`.
  struct Trim {
    std::int64_t above = -1;
    std::int64_t until = -1;
  };
  Trim may_trim(std::size_t partition, base::TimePoint before) const;
  /// The bodies of each record that the present stream has had, by offset.
  std::map<std::int64_t, std::vector<std::string>> bodies(std::size_t partition) const;

  /// Reads what has been collected.
  void interpret();
  /// All logs that the partition has had, the present one last.
  const std::vector<Log>& logs(std::size_t partition) const { return logs_[partition]; }
  /// nullptr when no log of the partition has that name.
  const Log* find(std::size_t partition, const base::Epoch& epoch) const;

 private:
  struct Life {
    std::vector<FakeAmqp::Record> records;
    std::vector<base::TimePoint> collected;  // when each was seen first
    std::int64_t first = 0;                  // the first offset that is kept
  };
  static Log interpret(const Life& life);

  const FakeAmqp& amqp_;
  std::vector<std::vector<Life>> lives_;
  std::vector<std::vector<Log>> logs_;
};

}  // namespace chat::tests
