#include "chat/rabbitmq/topology.hpp"

#include <charconv>

#include "chat/base/digest.hpp"

namespace chat::rabbitmq {
namespace {

/// Retention drops whole segments: small enough that a partition is near its bound, large enough
/// that a segment's bookkeeping is nothing beside it.
constexpr std::int64_t kSegmentBytes = 64LL << 20;
constexpr const char* kDefaultMaxAge = "7D";
constexpr std::int64_t kNodeQueueExpiresMs = 60'000;
constexpr std::int64_t kNodeQueueMessages = 100'000;
constexpr std::int64_t kNodeQueueBytes = 64LL << 20;
constexpr std::size_t kNumberDigits = 2;

std::string number_text(std::size_t number) {
  auto text = std::to_string(number);
  if (text.size() < kNumberDigits) text.insert(0, kNumberDigits - text.size(), '0');
  return text;
}

/// The digits after `prefix` as a number; nullopt when it is anything else.
std::optional<std::size_t> number_behind(std::string_view text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return std::nullopt;
  text.remove_prefix(prefix.size());
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string partition_stream(std::size_t partition) { return kLogPrefix + number_text(partition); }

std::optional<std::size_t> partition_of_stream(std::string_view stream) {
  const auto number = number_behind(stream, kLogPrefix);
  if (!number || *number >= kMostPartitions || partition_stream(*number) != stream)
    return std::nullopt;
  return number;
}

std::size_t partition_of(const base::RoomName& room, std::size_t partitions) noexcept {
  return static_cast<std::size_t>(base::stable_hash(room.value()) % partitions);
}

std::string node_queue(std::string_view node) { return "chat.node." + std::string(node); }

std::string signal_key(std::size_t partition) { return number_text(partition); }

QueueSpec stream_spec(const std::string& name, const std::string& max_age,
                      std::uint64_t max_bytes) {
  QueueSpec queue;
  queue.name = name;
  queue.durable = true;
  queue.arguments.emplace_back("x-queue-type", std::string("stream"));
  queue.arguments.emplace_back("x-stream-max-segment-size-bytes", kSegmentBytes);
  if (!max_age.empty()) queue.arguments.emplace_back("x-max-age", max_age);
  if (max_bytes > 0) {
    queue.arguments.emplace_back("x-max-length-bytes", static_cast<std::int64_t>(max_bytes));
  }
  return queue;
}

QueueSpec partition_spec(std::size_t partition) {
  return stream_spec(partition_stream(partition), kDefaultMaxAge, 0);
}

QueueSpec meta_spec() { return stream_spec(kMetaStream, {}, 0); }

ExchangeSpec signal_exchange_spec() {
  ExchangeSpec exchange;
  exchange.name = kSignalExchange;
  exchange.durable = true;
  return exchange;
}

QueueSpec node_queue_spec(std::string_view node) {
  QueueSpec queue;
  queue.name = node_queue(node);
  queue.arguments.emplace_back("x-expires", kNodeQueueExpiresMs);
  queue.arguments.emplace_back("x-max-length", kNodeQueueMessages);
  queue.arguments.emplace_back("x-max-length-bytes", kNodeQueueBytes);
  queue.arguments.emplace_back("x-overflow", std::string("drop-head"));
  return queue;
}

std::string encode_vhost_record(const VhostRecord& record) {
  return "{\"format\":" + std::to_string(record.format) +
         ",\"partitions\":" + std::to_string(record.partitions) + "}";
}

std::optional<VhostRecord> decode_vhost_record(std::string_view body) {
  // It is written by `encode_vhost_record` alone, so its form is fixed.
  constexpr std::string_view kBegin = "{\"format\":";
  constexpr std::string_view kMiddle = ",\"partitions\":";
  const auto middle = body.find(kMiddle);
  if (middle == std::string_view::npos || body.empty() || body.back() != '}') return std::nullopt;
  const auto format = number_behind(body.substr(0, middle), kBegin);
  const auto partitions = number_behind(body.substr(middle, body.size() - middle - 1), kMiddle);
  if (!format || !partitions || *format < 1 || *format > 1'000'000 || *partitions < 1 ||
      *partitions > kMostPartitions) {
    return std::nullopt;
  }
  VhostRecord record;
  record.format = static_cast<int>(*format);
  record.partitions = *partitions;
  return record;
}

}  // namespace chat::rabbitmq
