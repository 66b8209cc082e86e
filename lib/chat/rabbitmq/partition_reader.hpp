#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "chat/base/ids.hpp"
#include "chat/rabbitmq/record.hpp"

namespace chat::rabbitmq {

/// Judges what comes out of a partition's stream: the same records give the same log on every node.
/// Pure.
///
/// Which log it is: the first hello of a stream proposes its name, and whoever begins to read
/// further on takes the name that the records give. A batch of another log (its sender had not
/// noticed that the stream was deleted and made again) is passed over, on every node. So is a
/// record whose number of its node has been read, or a later one.
///
/// Reading goes on at the record that was read last: when it comes back it shows that the stream is
/// still the same one. (Behind its end RabbitMQ would say nothing, and below what it keeps it would
/// begin elsewhere without a word: RabbitMQ documentation, "Streams".) Where it does not come back,
/// the stream is another one, or has lost what nobody here has read: nothing in it tells which, for
/// those who have not noticed that a stream was replaced write the old name into the new one. A new
/// record at an offset that was read before shows the same.
class PartitionReader {
 public:
  explicit PartitionReader(NodeId self) : self_(std::move(self)) {}

  enum class Verdict {
    skip,     ///< nothing of it is for the log
    batch,    ///< its entries come next in the log
    hello,    ///< own, read back
    foreign,  ///< own, but of another log: it must be sent again
    /// The stream is another one, or does not go on where it was left: begin again from its first
    /// record, with `begin_anew`.
    other_log,
  };
  struct Read {
    Verdict verdict = Verdict::skip;
    /// Set when reading has begun behind the log's first record: nothing is known of what has a seq
    /// up to here.
    std::optional<base::Seq> floor;
    bool named = false;  ///< this record has told the log's name
  };

  /// Where to attach: the offset, or none for the stream's first record. From now on `take` expects
  /// what comes from there. `from_first`: although a position is known, when nothing came from it.
  std::optional<std::int64_t> attach(bool from_first = false);
  /// The next delivery; `record` is none when its bytes are not a record. After `other_log` nothing
  /// more is to be given before `begin_anew` and `attach`.
  Read take(std::int64_t offset, const std::optional<Record>& record);
  /// Forgets the log.
  void begin_anew();
  /// Names the log when all that is kept of it are hellos of nodes that did not know its name
  /// either.
  void name(base::Epoch epoch) { epoch_ = std::move(epoch); }

  /// Notes that the record at `offset` was read (or kept, by whoever keeps a second reader for
  /// that).
  void advance(std::int64_t offset, const RecordId& record);
  /// What it has read so far as bytes, and back; restore is false, and nothing is changed, when the
  /// bytes are not a snapshot.
  std::string snapshot() const;
  bool restore(std::string_view bytes);

  /// Of the log that is being read. Empty until it is known, and from `attach` until the record at
  /// the position has come back: it may be another one.
  const base::Epoch& epoch() const noexcept;
  /// Of the first hello read; a name for the log where no record has one.
  const base::Epoch& first_proposal() const noexcept { return first_proposal_; }
  /// The last offset read; none: nothing yet.
  std::optional<std::int64_t> position() const noexcept;

 private:
  struct Position {
    std::int64_t offset;
    RecordId record;
  };
  struct Last {
    std::uint64_t number;
    std::int64_t offset;
  };

  bool is_position(std::int64_t offset, const std::optional<Record>& record) const;
  bool is_other_log(std::int64_t offset, const std::optional<Record>& record) const;
  bool is_new(const std::optional<Record>& record) const;
  bool is_repeat(const Record& record) const;
  void learn_name(const Record& record, Read& read);

  const NodeId self_;
  const base::Epoch unknown_;
  base::Epoch epoch_;
  base::Epoch first_proposal_;
  std::optional<Position> position_;
  std::unordered_map<NodeId, Last> last_;
  bool attaching_ = false;   // the next delivery is the first after `attach`
  bool from_first_ = false;  // … which was at the stream's first record
  bool searching_ = false;   // the record at the position has not come back since `attach`
  bool from_start_ = false;  // the stream is being read from offset 0
};

}  // namespace chat::rabbitmq
