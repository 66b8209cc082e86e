#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"

namespace chat::rabbitmq {

// The names and arguments of everything that `chat` has in a vhost. Pure. What `chat vhost create`
// makes and what `chat serve` uses are the same because both come from here. docs/operations.md has
// the table.

constexpr std::size_t kDefaultPartitions = 16;
constexpr std::size_t kMostPartitions = 256;

/// Names the format of records in the streams; nodes refuse to use a vhost of another one.
constexpr int kFormat = 1;

/// A stream whose first record says how many partitions the vhost has (`VhostRecord`); never
/// trimmed.
constexpr const char* kMetaStream = "chat.meta";
/// Direct, durable: presence, typing and leases; the key is `signal_key`.
constexpr const char* kSignalExchange = "chat.signal";
/// What all names of this program's queues begin with.
constexpr const char* kPrefix = "chat.";
/// What the names of partitions begin with.
constexpr const char* kLogPrefix = "chat.log.";

/// The stream of a partition: "chat.log.00". `partition` < kMostPartitions.
std::string partition_stream(std::size_t partition);
/// The partition that a stream's name means; nullopt for another name.
std::optional<std::size_t> partition_of_stream(std::string_view stream);
/// Where a room's messages are: the same on every node, for ever.
std::size_t partition_of(const base::RoomName& room, std::size_t partitions) noexcept;

/// The queue of a node for signals: "chat.node.ID".
std::string node_queue(std::string_view node);
/// The routing key of a partition's signals: "00".
std::string signal_key(std::size_t partition);

/// How a stream is declared. `max_age` and `max_bytes`: retention given with the declaration (a
/// node that makes what is missing; `chat vhost create` uses a policy, which can be changed later);
/// empty and 0: none.
QueueSpec stream_spec(const std::string& name, const std::string& max_age, std::uint64_t max_bytes);
QueueSpec partition_spec(std::size_t partition);  ///< kept for 7 days
QueueSpec meta_spec();
ExchangeSpec signal_exchange_spec();
/// Bounded, drops its oldest, goes away by itself a minute after its node.
QueueSpec node_queue_spec(std::string_view node);

/// What the first record of kMetaStream says.
struct VhostRecord {
  int format = kFormat;
  std::size_t partitions = kDefaultPartitions;
};
/// {"format":1,"partitions":16}
std::string encode_vhost_record(const VhostRecord& record);
/// nullopt when it is not one, or its numbers are out of range.
std::optional<VhostRecord> decode_vhost_record(std::string_view body);

}  // namespace chat::rabbitmq
