#include "chat/rabbitmq/partition_reader.hpp"

#include <algorithm>
#include <utility>

#include "chat/rabbitmq/bytes.hpp"

namespace chat::rabbitmq {
namespace {

/// Nodes whose last number is remembered; the one that wrote longest ago goes first.
constexpr std::size_t kMostNodes = 4096;
constexpr char kSnapshotFormat = 2;
constexpr std::size_t kMostBytes = 64;

}  // namespace

std::optional<std::int64_t> PartitionReader::attach(bool from_first) {
  attaching_ = true;
  from_first_ = from_first || !position_;
  searching_ = position_.has_value();
  if (from_first_) return std::nullopt;
  return position_->offset;
}

void PartitionReader::begin_anew() {
  epoch_ = {};
  first_proposal_ = {};
  position_.reset();
  last_.clear();
  from_start_ = false;
  searching_ = false;
}

std::optional<std::int64_t> PartitionReader::position() const noexcept {
  if (!position_) return std::nullopt;
  return position_->offset;
}

const base::Epoch& PartitionReader::epoch() const noexcept {
  return searching_ ? unknown_ : epoch_;
}

PartitionReader::Read PartitionReader::take(std::int64_t offset,
                                            const std::optional<Record>& record) {
  Read read;
  if (is_other_log(offset, record)) {
    read.verdict = Verdict::other_log;
    return read;
  }
  if (std::exchange(attaching_, false) && !position_) {
    from_start_ = offset == 0;
    if (!from_start_) read.floor = base::Seq(seq_of(offset, 0).value() - 1);
  }
  if (position_ && offset <= position_->offset) {  // read before
    if (offset == position_->offset) searching_ = false;
    return read;
  }
  const bool repeats = record && is_repeat(*record);
  advance(offset, record ? record->id() : RecordId());
  if (!record) return read;
  learn_name(*record, read);
  const bool is_own = record->node == self_;
  if (repeats) return read;
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
  const RecordId id = record ? record->id() : RecordId();
  return offset == position_->offset && id == position_->record;
}

bool PartitionReader::is_other_log(std::int64_t offset, const std::optional<Record>& record) const {
  if (!position_) return false;
  const bool is_on_the_way = from_first_ && offset < position_->offset;
  if (searching_ && !is_on_the_way) return !is_position(offset, record);
  return offset <= position_->offset && is_new(record);
}

/// No record of the node had this number, or a higher one.
bool PartitionReader::is_new(const std::optional<Record>& record) const {
  if (!record) return false;
  const auto found = last_.find(record->node);
  return found == last_.end() || record->number > found->second.number;
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

bool PartitionReader::is_repeat(const Record& record) const {
  const auto found = last_.find(record.node);
  return found != last_.end() && record.number <= found->second.number;
}

void PartitionReader::advance(std::int64_t offset, const RecordId& record) {
  position_ = Position{offset, record};
  if (record.node.empty()) return;
  const auto [found, first] = last_.try_emplace(record.node, Last{record.number, offset});
  if (!first && record.number > found->second.number) found->second = {record.number, offset};
  if (last_.size() > kMostNodes) {
    const auto older = [](const auto& a, const auto& b) {
      return a.second.offset < b.second.offset;
    };
    last_.erase(std::min_element(last_.begin(), last_.end(), older));
  }
}

std::string PartitionReader::snapshot() const {
  std::string out(1, kSnapshotFormat);
  put_text(out, epoch_.value());
  put_number(out, position_ ? 1 : 0);
  if (position_) {
    put_number(out, static_cast<std::uint64_t>(position_->offset));
    put_text(out, position_->record.node);
    put_number(out, position_->record.number);
    put_number(out, position_->record.attempt);
  }
  put_number(out, last_.size());
  for (const auto& [node, last] : last_) {
    put_text(out, node);
    put_number(out, last.number);
    put_number(out, static_cast<std::uint64_t>(last.offset));
  }
  return out;
}

bool PartitionReader::restore(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kSnapshotFormat) return false;
  ByteReader in(bytes.substr(1));
  PartitionReader restored(self_);
  restored.epoch_ = base::Epoch(std::string(in.text(kMostBytes)));
  if (in.number() == 1) {
    Position position;
    position.offset = static_cast<std::int64_t>(in.number());
    position.record.node = std::string(in.text(kMostBytes));
    position.record.number = in.number();
    position.record.attempt = in.number();
    restored.position_ = std::move(position);
  }
  const auto count = in.number();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    NodeId node(in.text(kMostBytes));
    const auto number = in.number();
    const auto offset = static_cast<std::int64_t>(in.number());
    restored.last_[std::move(node)] = {number, offset};
  }
  if (!in.ok() || !in.at_end() || !restored.position_ || restored.epoch_.value().empty())
    return false;
  epoch_ = std::move(restored.epoch_);
  position_ = std::move(restored.position_);
  last_ = std::move(restored.last_);
  return true;
}

}  // namespace chat::rabbitmq
