#include "sim/cluster_truth.hpp"

#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "chat/rabbitmq/record.hpp"
#include "chat/rabbitmq/topology.hpp"

namespace chat::tests {
namespace {

using rabbitmq::Record;

constexpr std::uint64_t kEntriesPerOffset = 1024;

/// Its node has written this or a later number before.
bool is_repeat(const std::vector<std::optional<Record>>& before, const Record& record) {
  for (const auto& other : before) {
    if (other && other->node == record.node && other->number >= record.number) return true;
  }
  return false;
}

}  // namespace

ClusterTruth::ClusterTruth(const FakeAmqp& amqp, std::size_t partitions)
    : amqp_(amqp), lives_(partitions, std::vector<Life>(1)), logs_(partitions) {}

void ClusterTruth::collect(base::TimePoint now) {
  for (std::size_t i = 0; i < lives_.size(); ++i) {
    Life& life = lives_[i].back();
    for (auto& record : amqp_.stream("/", rabbitmq::partition_stream(i))) {
      if (life.records.empty() || record.offset > life.records.back().offset) {
        life.records.push_back(std::move(record));
        life.collected.push_back(now);
      }
    }
    const auto kept = amqp_.stream("/", rabbitmq::partition_stream(i));
    if (!kept.empty()) life.first = kept.front().offset;
  }
}

ClusterTruth::Trim ClusterTruth::may_trim(std::size_t partition, base::TimePoint before) const {
  const Life& life = lives_[partition].back();
  const Log log = interpret(life);
  Trim trim;
  for (std::size_t i = 0; i < life.records.size(); ++i) {
    const auto record = rabbitmq::decode_record(life.records[i].body);
    if (!record || record->epoch.value().empty()) continue;
    if (record->epoch != log.epoch) trim.above = life.records[i].offset;
    if (record->epoch == log.epoch && life.collected[i] < before) {
      trim.until = life.records[i].offset;
    }
  }
  return trim;
}

std::map<std::int64_t, std::vector<std::string>> ClusterTruth::bodies(std::size_t partition) const {
  std::map<std::int64_t, std::vector<std::string>> bodies;
  for (const auto& stored : lives_[partition].back().records) {
    const auto record = rabbitmq::decode_record(stored.body);
    auto& of_record = bodies[stored.offset];
    if (!record) continue;
    for (const auto& entry : record->entries) of_record.push_back(entry.body);
  }
  return bodies;
}

void ClusterTruth::interpret() {
  for (std::size_t i = 0; i < lives_.size(); ++i) {
    logs_[i].clear();
    for (const auto& life : lives_[i]) logs_[i].push_back(interpret(life));
  }
}

ClusterTruth::Log ClusterTruth::interpret(const Life& life) {
  Log log;
  if (life.first > 0) {
    log.trimmed = base::Seq((static_cast<std::uint64_t>(life.first) + 1) * kEntriesPerOffset - 1);
  }
  std::vector<std::optional<Record>> before;
  std::set<std::tuple<base::RoomName, base::ClientId, std::uint64_t>> taken;
  for (const auto& stored : life.records) {
    auto record = rabbitmq::decode_record(stored.body);
    if (record && record->is_hello() && log.epoch.value().empty()) log.epoch = record->proposal;
    const bool counts = record && !record->is_hello() && !log.epoch.value().empty() &&
                        record->epoch == log.epoch && !is_repeat(before, *record);
    if (record && !record->is_hello() && !counts) ++log.skipped;
    for (std::size_t i = 0; counts && i < record->entries.size(); ++i) {
      const auto& entry = record->entries[i];
      const bool has_client = !entry.client.value().empty();
      if (has_client && !taken.insert({entry.room, entry.client, entry.n}).second) continue;
      const base::Seq seq((static_cast<std::uint64_t>(stored.offset) + 1) * kEntriesPerOffset + i);
      log.rooms[entry.room].push_back({seq, entry.client, entry.n, entry.at, entry.body});
    }
    before.push_back(std::move(record));
  }
  return log;
}

const ClusterTruth::Log* ClusterTruth::find(std::size_t partition, const base::Epoch& epoch) const {
  for (const auto& log : logs_[partition]) {
    if (!epoch.value().empty() && log.epoch == epoch) return &log;
  }
  return nullptr;
}

}  // namespace chat::tests
