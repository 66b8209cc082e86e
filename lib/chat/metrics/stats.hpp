#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "chat/base/histogram.hpp"

namespace chat::metrics {

/// What a node that shares its rooms over RabbitMQ says of that. Fields that end in a plural noun
/// are counted since the start, but for `nodes`, `partitions…` and `queued_…`.
struct BrokerStats {
  bool publishing = false;
  bool reading = false;
  bool signalling = false;
  bool blocked = false;
  std::uint64_t nodes = 0;  ///< that are known now, this one included
  std::uint64_t partitions = 0;
  std::uint64_t partitions_behind = 0;
  std::uint64_t queued_messages = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t connections_lost = 0;
  std::uint64_t records_published = 0;
  std::uint64_t records_republished = 0;
  std::uint64_t records_read = 0;
  std::uint64_t records_skipped = 0;
  std::uint64_t refused = 0;
  std::uint64_t restarts = 0;
  std::uint64_t signals_sent = 0;
  std::uint64_t signals_received = 0;
  std::uint64_t signals_dropped = 0;
};

/// What a node that shares rooms with Django Channels has counted since the start.
struct ChannelsStats {
  bool connected = false;  ///< now, all workers
  std::uint64_t connections_lost = 0;
  std::uint64_t published = 0;
  std::uint64_t nacked = 0;    ///< of these: some node's queue was full
  std::uint64_t unsure = 0;    ///< … they have not come back
  std::uint64_t received = 0;  ///< of other nodes
  std::uint64_t skipped = 0;   ///< received, and no message of a room
};

/// What one worker has counted since the start (…_total) and what it has now. A plain value: kept
/// by the worker's loop, copied out for an exposition. Bounded labels only.
struct WorkerStats {
  // now
  std::uint64_t connections = 0;
  std::uint64_t members_plain = 0;
  std::uint64_t members_v1 = 0;
  std::uint64_t rooms = 0;
  std::uint64_t queue_bytes = 0;
  // since the start
  std::uint64_t accepted = 0;
  std::uint64_t handshakes = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t published = 0;
  std::uint64_t repeats = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t writes = 0;
  std::uint64_t slow_closes = 0;
  std::uint64_t descriptors_exhausted = 0;
  std::uint64_t resumes_recovered = 0;
  std::uint64_t resumes_trimmed = 0;
  std::uint64_t resumes_other_epoch = 0;
  std::map<std::string, std::uint64_t> errors_by_code;
  std::map<std::string, std::uint64_t> closes_by_code;
  base::Histogram delivery_ns;  ///< from reading a message off its socket to the end of its fan-out
  base::Histogram loop_lag_ns;  ///< how late the loop's timer ran
  std::optional<BrokerStats> broker;      ///< of the node; one worker brings it
  std::optional<ChannelsStats> channels;  ///< the same

  /// Adds another worker's.
  void add(const WorkerStats& other);
};

}  // namespace chat::metrics
