#include "chat/rabbitmq/partition_writer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::rabbitmq {

void PartitionWriter::add(Entry entry, CallId call) {
  ++messages_;
  bytes_ += entry.cost();
  waiting_.push_back({std::move(entry), call, ++last_order_});
}

/// The oldest tells: what is written later is never for an older log.
bool PartitionWriter::awaits_older(const base::Epoch& epoch) const {
  const auto oldest = std::find_if(unseen_.begin(), unseen_.end(), [](const auto& entry) {
    return !entry.second.messages.empty();
  });
  if (oldest == unseen_.end()) return false;
  return oldest->first <= unsure_through_ || oldest->second.epoch != epoch;
}

const std::string* PartitionWriter::next(const base::Epoch& epoch) {
  if (in_flight_) return nullptr;
  const bool may_send = !epoch.value().empty() && !waiting_.empty() && !awaits_older(epoch);
  if (!wants_hello_ && !may_send) return nullptr;
  in_flight_ = Sent{};
  in_flight_->number = ++last_number_;
  in_flight_->epoch = epoch;
  if (!std::exchange(wants_hello_, false)) in_flight_->messages = take_batch();
  encode_attempt(*in_flight_);
  return &in_flight_->bytes;
}

const std::string* PartitionWriter::again() {
  if (!in_flight_) return nullptr;
  encode_attempt(*in_flight_);
  return &in_flight_->bytes;
}

std::vector<PartitionWriter::Waiting> PartitionWriter::take_batch() {
  std::vector<Waiting> batch;
  std::size_t bytes = 0;
  while (!waiting_.empty() && batch.size() < kMostEntries && bytes < kRecordBytes) {
    const std::size_t cost = waiting_.front().entry.cost();
    if (bytes > 0 && bytes + cost > kRecordBytes) break;
    bytes += cost;
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void PartitionWriter::encode_attempt(Sent& sent) const {
  Record record;
  record.node = node_;
  record.number = sent.number;
  record.attempt = ++sent.attempt;
  record.epoch = sent.epoch;
  if (sent.messages.empty()) record.proposal = propose_();
  // Lent, not copied.
  record.entries.reserve(sent.messages.size());
  for (auto& message : sent.messages) record.entries.push_back(std::move(message.entry));
  sent.bytes = encode_record(record);
  for (std::size_t i = 0; i < sent.messages.size(); ++i) {
    sent.messages[i].entry = std::move(record.entries[i]);
  }
}

void PartitionWriter::confirmed() {
  if (!in_flight_) return;
  in_flight_->bytes = {};
  const auto number = in_flight_->number;
  unseen_.emplace(number, std::move(*in_flight_));
  in_flight_.reset();
}

std::vector<CallId> PartitionWriter::seen(std::uint64_t number) {
  if (in_flight_ && in_flight_->number == number) confirmed();
  const auto found = unseen_.find(number);
  if (found == unseen_.end()) return {};
  std::vector<CallId> calls;
  calls.reserve(found->second.messages.size());
  for (const auto& message : found->second.messages) calls.push_back(message.call);
  forget(found->second);
  // The earlier ones would have come before it.
  take_back_before(found);
  unseen_.erase(found);
  return calls;
}

void PartitionWriter::forget(const Sent& sent) {
  messages_ -= sent.messages.size();
  for (const auto& message : sent.messages) bytes_ -= message.entry.cost();
}

void PartitionWriter::foreign(std::uint64_t number) {
  if (in_flight_ && in_flight_->number == number) confirmed();
  const auto found = unseen_.find(number);
  if (found == unseen_.end()) return;
  const bool was_hello = found->second.messages.empty();
  take_back(std::move(found->second.messages));
  unseen_.erase(found);
  wants_hello_ = wants_hello_ || was_hello;
}

void PartitionWriter::begin_anew() {
  confirmed();
  unsure_through_ = last_number_;
}

void PartitionWriter::take_back_before(Unseen::iterator end) {
  std::vector<Waiting> messages;
  for (auto sent = unseen_.begin(); sent != end; ++sent) {
    auto& earlier = sent->second.messages;
    std::move(earlier.begin(), earlier.end(), std::back_inserter(messages));
  }
  unseen_.erase(unseen_.begin(), end);
  take_back(std::move(messages));
}

void PartitionWriter::take_back(std::vector<Waiting> messages) {
  const auto by_order = [](const Waiting& a, const Waiting& b) { return a.order < b.order; };
  std::sort(messages.begin(), messages.end(), by_order);
  std::deque<Waiting> merged;
  std::merge(std::make_move_iterator(messages.begin()), std::make_move_iterator(messages.end()),
             std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()),
             std::back_inserter(merged), by_order);
  waiting_ = std::move(merged);
}

}  // namespace chat::rabbitmq
