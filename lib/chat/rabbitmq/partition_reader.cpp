#include "chat/rabbitmq/partition_reader.hpp"

#include <algorithm>

namespace chat::rabbitmq {
namespace {

/// Nodes whose last number is remembered; the one that wrote longest ago goes first.
constexpr std::size_t kMostNodes = 4096;

}  // namespace

std::optional<std::int64_t> PartitionReader::attach(bool from_first) {
  attaching_ = true;
  from_first_ = from_first || !position_;
  if (from_first_) return std::nullopt;
  return position_->offset;
}

void PartitionReader::begin_anew() {
  epoch_ = {};
  first_proposal_ = {};
  position_.reset();
  last_.clear();
  from_start_ = false;
}

std::optional<std::int64_t> PartitionReader::position() const noexcept {
  if (!position_) return std::nullopt;
  return position_->offset;
}

PartitionReader::Read PartitionReader::take(std::int64_t offset,
                                            const std::optional<Record>& record) {
  Read read;
  if (attaching_) {
    attaching_ = false;
    if (is_other_log(offset, record)) {
      read.verdict = Verdict::other_log;
      return read;
    }
    const bool is_gap = position_ && offset > position_->offset;
    if (!position_) from_start_ = offset == 0;
    // Whoever begins behind the first record, or finds that what was read is gone, has a hole.
    if ((!position_ && offset > 0) || is_gap) read.floor = base::Seq(seq_of(offset, 0).value() - 1);
  }
  if (position_ && offset <= position_->offset) return read;  // read before
  position_ = Position{offset, record ? record->node : NodeId(), record ? record->number : 0};
  if (!record) return read;
  learn_name(*record, read);
  const bool is_own = record->node == self_;
  if (is_repeat(offset, *record)) return read;
  if (record->is_hello()) {
    if (is_own) read.verdict = Verdict::hello;
    return read;
  }
  if (epoch_.value().empty() || record->epoch != epoch_) {
    if (is_own) read.verdict = Verdict::foreign;
    return read;
  }
  read.verdict = Verdict::batch;
  return read;
}

bool PartitionReader::is_position(std::int64_t offset, const std::optional<Record>& record) const {
  if (offset != position_->offset) return false;
  if (!record) return position_->node.empty();
  return record->node == position_->node && record->number == position_->number;
}

bool PartitionReader::is_other_log(std::int64_t offset, const std::optional<Record>& record) const {
  if (!position_) return false;
  if (!from_first_) return offset <= position_->offset && !is_position(offset, record);
  if (!record) return false;
  if (offset == 0 && record->is_hello()) {
    return !epoch_.value().empty() && record->proposal != epoch_;
  }
  return !record->epoch.value().empty() && record->epoch != epoch_;
}

void PartitionReader::learn_name(const Record& record, Read& read) {
  if (record.is_hello() && first_proposal_.value().empty()) first_proposal_ = record.proposal;
  if (!epoch_.value().empty()) return;
  if (from_start_) {
    // The log begins with its first hello; a batch before that is a late one of another log.
    if (!record.is_hello()) return;
    epoch_ = record.proposal;
  } else {
    if (record.epoch.value().empty()) return;
    epoch_ = record.epoch;
  }
  read.named = true;
}

bool PartitionReader::is_repeat(std::int64_t offset, const Record& record) {
  const auto [found, first] = last_.try_emplace(record.node, Last{record.number, offset});
  if (!first) {
    if (record.number <= found->second.number) return true;
    found->second = {record.number, offset};
  }
  if (last_.size() > kMostNodes) {
    const auto older = [](const auto& a, const auto& b) {
      return a.second.offset < b.second.offset;
    };
    last_.erase(std::min_element(last_.begin(), last_.end(), older));
  }
  return false;
}

}  // namespace chat::rabbitmq
