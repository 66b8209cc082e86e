#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"

namespace chat::rabbitmq {

/// Names a process of `chat serve` while it runs; a new one each time it starts.
using NodeId = std::string;

/// A message of a room inside a record.
struct Entry {
  base::RoomName room;
  std::string name;
  base::ClientId client;
  std::uint64_t n = 0;
  base::WallMs at = 0;
  std::string body;  ///< raw JSON

  /// Bytes that it takes in a record, nearly.
  std::size_t cost() const noexcept {
    return room.value().size() + name.size() + client.value().size() + body.size() + 32;
  }
};

/// One publish of a record. It is stored once at most, so this is at one place of one stream,
/// whatever was deleted and made again.
struct RecordId {
  NodeId node;  ///< empty: of what cannot be read
  std::uint64_t number = 0;
  std::uint64_t attempt = 0;

  friend bool operator==(const RecordId& a, const RecordId& b) {
    return a.node == b.node && a.number == b.number && a.attempt == b.attempt;
  }
};

/// One AMQP message of a partition's stream.
///
/// A hello says that a node has begun to read; it comes back to its sender behind all that was in
/// the stream before, and the first one of a new stream names the log. A batch holds what the node
/// published in one go.
struct Record {
  NodeId node;
  /// Of this node and partition, counted up with each record from 1; a record that was published
  /// again has the same, and is passed over when a later or the same one was read before.
  std::uint64_t number = 0;
  /// Counts how often it was published, from 1.
  std::uint64_t attempt = 1;
  /// Of the log that the node takes this to be; empty in the hello of a node that does not know it
  /// yet.
  base::Epoch epoch;
  /// A hello's: the epoch of this log, if it is its first record. Empty in a batch.
  base::Epoch proposal;
  std::vector<Entry> entries;

  RecordId id() const { return {node, number, attempt}; }
  bool is_hello() const noexcept { return entries.empty(); }
};

/// Positions of a record's entries are told apart by this many numbers.
constexpr std::size_t kMostEntries = 1024;
/// Entries are added to a record while it is smaller than this.
constexpr std::size_t kRecordBytes = 256U << 10;

/// The seq of entry `index` of the record at `offset`: grows along the stream, equal on every node.
base::Seq seq_of(std::int64_t offset, std::size_t index) noexcept;
/// The highest offset that has a seq below 2^53.
constexpr std::int64_t kMostOffset = (std::int64_t{1} << 43) - 2;

// Pure: a value to bytes and back. Numbers are LEB128, texts have their length in front.

std::string encode_record(const Record& record);
/// nullopt when the bytes are no record of this format (kFormat), hold a name or a message that no
/// client can have sent, or go on behind it: whoever may write to the stream can write anything. A
/// record has one encoding: encoded again it gives the same bytes.
std::optional<Record> decode_record(std::string_view bytes);

}  // namespace chat::rabbitmq
