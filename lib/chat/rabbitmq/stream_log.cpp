#include "chat/rabbitmq/stream_log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "chat/base/log.hpp"
#include "chat/broker/holds.hpp"
#include "chat/rabbitmq/bytes.hpp"

namespace chat::rabbitmq {
namespace {

/// Records of one partition that are being kept by the workers; the rest waits at RabbitMQ.
constexpr std::uint16_t kPrefetch = 64;
/// Kept records that are acknowledged in one go: far fewer than what makes RabbitMQ wait.
constexpr std::size_t kAckedAtOnce = kPrefetch / 4;
constexpr const char* kMetaTag = "meta";
constexpr auto kWatchInterval = std::chrono::seconds(1);
/// Without a confirm while RabbitMQ does not say that it is blocked.
constexpr auto kConfirmTimeout = std::chrono::seconds(30);
/// Without a delivery although our hello is in the stream, or the record where it was left should
/// be.
constexpr auto kDeafTimeout = std::chrono::seconds(3);
constexpr auto kRetryRefused = std::chrono::milliseconds(200);

Arguments from_offset(std::optional<std::int64_t> offset) {
  if (offset) return {{"x-stream-offset", *offset}};
  return {{"x-stream-offset", std::string("first")}};
}

}  // namespace

struct StreamLog::Lane {
  /// What a worker asks for.
  struct Said {
    struct ToWrite {
      StreamLog* log;
      std::size_t lane;
      std::uint64_t call;
      Entry entry;
      void operator()() { log->take(lane, std::move(entry), call); }
    };
    std::variant<ToWrite, base::Task> what;
    void operator()() {
      std::visit([](auto& call) { call(); }, what);
    }
  };

  Lane(base::Executor& own, base::Executor& log, LogReader& reader_)
      : reader(reader_), to_log(own, log), to_lane(log, own) {}

  LogReader& reader;
  broker::Mailbox<Said> to_log;
  broker::Mailbox<base::Task> to_lane;
  bool was_refused = false;  // with busy, and was not told yet that it may go on
  broker::Holds holds;
};

struct StreamLog::Partition {
  /// Who waits for a hello that is written after record `behind`.
  struct Sync {
    CallId call;
    std::uint64_t behind;
  };

  Partition(const NodeId& node, const std::function<base::Epoch()>& make_epoch)
      : reader(node), kept(node), writer(node, make_epoch) {}

  PartitionReader reader;
  PartitionReader kept;  // as far as all workers have kept it
  PartitionWriter writer;
  base::Seq floor;
  std::uint64_t attachment = 0;      // names the subscription; 0: none
  bool attached = false;             // … which RabbitMQ has answered
  bool heard = false;                // … and which has delivered
  bool greeted = false;              // … and for which a hello is on its way, or has come back
  std::uint64_t greeted_behind = 0;  // that hello has a higher number
  bool from_first = false;           // … and which is at the stream's first record
  bool caught_up = false;
  std::uint64_t generation = 1;  // counts its logs
  bool is_kept = false;          // what the workers' stores hold belongs to this log
  bool unsaved = false;
  bool told_caught_up = false;  // … and that they have been told all of it
  bool told = false;            // the workers know this log
  bool returned = false;        // the record in flight found no stream
  bool refused = false;         // the record in flight is sent again after a pause
  std::vector<Sync> syncs;
  base::TimePoint attached_at{};
  base::TimePoint sent_at{};  // the record in flight
  std::uint64_t sent_as = 0;  // its publish number on this writing connection
};

/// The connection that reads.
class StreamLog::Reading final : public AmqpChannel::Listener {
 public:
  Reading(StreamLog& log, AmqpConnector& connector, Line::Options options)
      : log_(log), line(log.executor_, connector, std::move(options), *this) {}

  void on_open() override { log_.on_reading(); }
  void on_lost(const Failure&) override { log_.on_reading_lost(); }
  void on_deliveries(std::vector<Delivery>& deliveries) override { log_.on_deliveries(deliveries); }
  void on_confirmed(std::uint64_t, bool, bool) override {}
  void on_returned(const std::string&, const std::string&) override {}
  void on_cancelled(const std::string& consumer) override {
    line.restart("RabbitMQ ended the subscription " + consumer);
  }
  void on_blocked(bool, const std::string&) override {}

 private:
  StreamLog& log_;

 public:
  Line line;
};

/// The connection that publishes.
class StreamLog::Writing final : public AmqpChannel::Listener {
 public:
  Writing(StreamLog& log, AmqpConnector& connector, Line::Options options)
      : log_(log), line(log.executor_, connector, std::move(options), *this) {}

  void on_open() override { log_.on_writing(); }
  void on_lost(const Failure&) override { log_.on_writing_lost(); }
  void on_deliveries(std::vector<Delivery>&) override {}
  void on_confirmed(std::uint64_t number, bool multiple, bool stored) override {
    log_.on_confirmed(number, multiple, stored);
  }
  void on_returned(const std::string&, const std::string& key) override { log_.on_returned(key); }
  void on_cancelled(const std::string&) override {}
  void on_blocked(bool blocked, const std::string&) override { log_.on_blocked(blocked); }

 private:
  StreamLog& log_;

 public:
  Line line;
};

StreamLog::StreamLog(base::Executor& executor, AmqpConnector& connector, Options options)
    : executor_(executor), options_(std::move(options)) {
  Line::Options reading;
  reading.endpoints = options_.endpoints;
  reading.purpose = "reading";
  reading.random_seed = options_.random_seed;
  Line::Options writing = reading;
  writing.purpose = "publishing";
  writing.random_seed = options_.random_seed + 1;
  for (auto& endpoint : reading.endpoints) endpoint.name += " reading";
  for (auto& endpoint : writing.endpoints) {
    endpoint.name += " publishing";
    endpoint.confirms = true;
  }
  reading_ = std::make_unique<Reading>(*this, connector, std::move(reading));
  writing_ = std::make_unique<Writing>(*this, connector, std::move(writing));
}

StreamLog::~StreamLog() { executor_.cancel(watch_timer_); }

std::size_t StreamLog::add_lane(base::Executor& executor, LogReader& reader) {
  lanes_.push_back(std::make_unique<Lane>(executor, executor_, reader));
  return lanes_.size() - 1;
}

void StreamLog::start() {
  reading_->line.start();
  writing_->line.start();
  watch();
}

// ---- the vhost's objects

void StreamLog::on_reading() {
  ++connection_;
  kept_tag_ = 0;
  unacknowledged_ = 0;
  record_known_ = false;
  AmqpChannel* channel = reading_->line.channel();
  QueueSpec meta = meta_spec();
  meta.passive = true;
  channel->declare(meta, [this](const AmqpResult<AmqpChannel::Declared>& outcome) {
    if (reading_->line.channel() == nullptr) return;
    if (outcome) return ask_for_record();
    if (outcome.error().kind != Failure::Kind::not_found)
      return reading_->line.restart(outcome.error());
    reading_->line.channel()->declare(meta_spec(), [this](const auto& made) {
      if (!made) return reading_->line.restart(made.error());
      base::Log::info("RabbitMQ: made what was missing", {{"stream", kMetaStream}});
      ask_for_record();
    });
  });
}

void StreamLog::ask_for_record() {
  AmqpChannel* channel = reading_->line.channel();
  ConsumeSpec consumer;
  consumer.queue = kMetaStream;
  consumer.tag = kMetaTag;
  consumer.prefetch = 1;
  consumer.arguments = from_offset(std::nullopt);
  channel->consume(consumer, [this](const AmqpResult<void>& outcome) {
    if (!outcome) return reading_->line.restart(outcome.error());
    // Only the first record counts: where there is one already, this is passed over by everybody.
    later(kDeafTimeout, [this, connection = connection_] {
      if (connection != connection_ || record_known_ || reading_->line.channel() == nullptr) return;
      reading_->line.restart("chat.meta says nothing");
    });
    later(kRetryRefused, [this, connection = connection_] {
      AmqpChannel* reading = reading_->line.channel();
      if (connection != connection_ || record_known_ || reading == nullptr) return;
      VhostRecord record;
      record.partitions = partitions_.empty() ? options_.partitions : partitions_.size();
      Outgoing message;
      message.key = kMetaStream;
      message.body = encode_vhost_record(record);
      message.persistent = true;
      reading->publish(std::move(message));
    });
  });
}

void StreamLog::on_meta(const Delivery& delivery) {
  if (record_known_) return;
  const auto record = decode_vhost_record(delivery.body);
  Failure failure;
  failure.kind = Failure::Kind::differs;
  if (!record) {
    failure.text = "the first record of chat.meta cannot be read";
    return reading_->line.restart(failure);
  }
  if (record->format != kFormat) {
    failure.text = "the vhost has format " + std::to_string(record->format) + ", this chat knows " +
                   std::to_string(kFormat);
    return reading_->line.restart(failure);
  }
  if (!partitions_.empty() && record->partitions != partitions_.size()) {
    failure.text = "the vhost has " + std::to_string(record->partitions) +
                   " partitions now, it had " + std::to_string(partitions_.size()) +
                   "; restart this node";
    return reading_->line.restart(failure);
  }
  record_known_ = true;
  reading_->line.channel()->cancel(kMetaTag, [](const AmqpResult<void>&) {});
  while (partitions_.size() < record->partitions) {
    partitions_.push_back(std::make_unique<Partition>(options_.node, options_.make_epoch));
    restore(partitions_.size() - 1);
  }
  declare_partitions();
}

void StreamLog::restore(std::size_t index) {
  const auto mark = options_.marks.find(index);
  if (mark == options_.marks.end()) return;
  Partition& partition = *partitions_[index];
  ByteReader in(mark->second);
  const base::Seq floor(in.number());
  const auto snapshot = in.rest();
  if (!partition.reader.restore(snapshot)) {
    base::Log::warn("where reading was left is not known; it begins anew",
                    {{"stream", partition_stream(index)}});
    return;
  }
  partition.kept.restore(snapshot);
  partition.floor = floor;
  partition.is_kept = true;
}

void StreamLog::save() {
  Marks marks;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = *partitions_[i];
    if (!std::exchange(partition.unsaved, false)) continue;
    put_number(marks[i], partition.floor.value());
    marks[i] += partition.kept.snapshot();
  }
  if (options_.save && !marks.empty()) options_.save(marks);
}

void StreamLog::declare_partitions() {
  undeclared_ = partitions_.size();
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    QueueSpec stream = partition_spec(i);
    stream.passive = true;
    reading_->line.channel()->declare(
        stream, [this, i](const auto& outcome) { on_declared(i, false, outcome); });
  }
}

void StreamLog::on_declared(std::size_t partition, bool was_made,
                            const AmqpResult<AmqpChannel::Declared>& outcome) {
  if (reading_->line.channel() == nullptr) return;
  if (!outcome) {
    const bool is_missing = outcome.error().kind == Failure::Kind::not_found && !was_made;
    if (!is_missing) return reading_->line.restart(outcome.error());
    return make_partition(partition);
  }
  // Subscribing comes last: a refused question would end subscriptions.
  if (--undeclared_ > 0) return;
  for (std::size_t i = 0; i < partitions_.size(); ++i) attach(i, false);
}

void StreamLog::make_partition(std::size_t partition) {
  reading_->line.channel()->declare(partition_spec(partition), [this, partition](const auto& made) {
    if (made) {
      base::Log::info("RabbitMQ: made what was missing", {{"stream", partition_stream(partition)}});
    }
    on_declared(partition, true, made);
  });
}

// ---- reading

void StreamLog::on_reading_lost() {
  ++connection_;
  for (auto& partition : partitions_) {
    partition->attachment = 0;
    partition->attached = false;
    partition->caught_up = false;
  }
  update_ready();
}

void StreamLog::attach(std::size_t index, bool from_first) {
  Partition& partition = *partitions_[index];
  partition.attachment = ++attachments_;
  partition.attached = false;
  partition.heard = false;
  partition.caught_up = false;
  partition.greeted = false;
  partition.from_first = from_first;
  ConsumeSpec consumer;
  consumer.queue = partition_stream(index);
  consumer.tag = std::to_string(index) + "." + std::to_string(partition.attachment);
  consumer.prefetch = kPrefetch;
  consumer.arguments = from_offset(partition.reader.attach(from_first));
  reading_->line.channel()->consume(
      consumer, [this, index, attachment = partition.attachment](const AmqpResult<void>& outcome) {
        on_attached(index, attachment, outcome);
      });
}

void StreamLog::on_attached(std::size_t index, std::uint64_t attachment,
                            const AmqpResult<void>& outcome) {
  Partition& partition = *partitions_[index];
  if (partition.attachment != attachment) return;
  if (!outcome) return reading_->line.restart(outcome.error());
  partition.attached = true;
  partition.attached_at = executor_.now();
  // Whoever goes on somewhere says so once it is sure that it is still there.
  if (partition.from_first || !partition.reader.position() || partition.heard) greet(index);
  update_ready();
}

void StreamLog::greet(std::size_t index) {
  Partition& partition = *partitions_[index];
  partition.greeted = true;
  partition.greeted_behind = partition.writer.last_number();
  partition.writer.want_hello();
  // What was in flight when the stream went away may have found none: it is sent again.
  const bool is_lost = partition.returned || partition.sent_at == base::TimePoint{};
  if (is_lost && may_publish(partition)) send_again(index);
  pump(index);
}

std::size_t StreamLog::partition_of_tag(const std::string& tag) const {
  const auto dot = tag.find('.');
  if (dot == std::string::npos) return kNone;
  const std::size_t index = std::stoul(tag);
  const bool is_current = index < partitions_.size() &&
                          tag.substr(dot + 1) == std::to_string(partitions_[index]->attachment);
  return is_current ? index : kNone;
}

void StreamLog::on_deliveries(std::vector<Delivery>& deliveries) {
  const std::uint64_t connection = connection_;
  for (auto& delivery : deliveries) {
    if (connection != connection_) return;  // one of them has ended it
    if (delivery.consumer == kMetaTag) {
      on_meta(delivery);
      continue;
    }
    const std::size_t partition = partition_of_tag(delivery.consumer);
    if (partition != kNone) on_delivery(partition, delivery);
  }
  settle_later();
}

void StreamLog::on_delivery(std::size_t index, Delivery& delivery) {
  using Verdict = PartitionReader::Verdict;
  Partition& partition = *partitions_[index];
  partition.heard = true;
  ++counted_.records_read;
  auto record = decode_record(delivery.body);
  const auto read = partition.reader.take(delivery.offset, record);
  if (read.verdict == Verdict::other_log) return begin_anew(index);
  if (read.floor) {
    if (partition.told) {
      base::Log::warn(
          "RabbitMQ: messages are gone that this node has not read; its rooms begin anew",
          {{"stream", partition_stream(index)}});
    }
    partition.floor = *read.floor;
    partition.told = false;
    partition.is_kept = false;
  }
  const bool stays_unnamed =
      read.verdict == Verdict::hello && partition.reader.epoch().value().empty();
  if (stays_unnamed) partition.reader.name(partition.reader.first_proposal());
  if (!partition.told && !partition.reader.epoch().value().empty()) tell_log(index);
  Outstanding outstanding;
  outstanding.tag = delivery.tag;
  outstanding.connection = connection_;
  outstanding.partition = index;
  outstanding.generation = partition.generation;
  outstanding.offset = delivery.offset;
  if (record) outstanding.record = record->id();
  switch (read.verdict) {
    case Verdict::batch: hand_out(index, delivery.offset, *record, outstanding); break;
    case Verdict::hello:
      partition.writer.seen(record->number);
      outstanding.is_hello = true;
      pump(index);
      break;
    case Verdict::foreign:
      partition.writer.foreign(record->number);
      ++counted_.records_skipped;
      pump_later();
      break;
    case Verdict::skip: ++counted_.records_skipped; break;
    case Verdict::other_log: break;
  }
  outstanding_.push_back(std::move(outstanding));
  if (partition.attached && !partition.greeted) greet(index);
}

void StreamLog::hand_out(std::size_t index, std::int64_t offset, Record& record,
                         Outstanding& outstanding) {
  Partition& partition = *partitions_[index];
  std::vector<CallId> calls;
  if (record.node == options_.node) {
    const std::size_t messages = partition.writer.messages();
    const std::size_t bytes = partition.writer.bytes();
    calls = partition.writer.seen(record.number);
    queued_messages_ -= messages - partition.writer.messages();
    queued_bytes_ -= bytes - partition.writer.bytes();
    tell_accepting();
    pump_later();
  }
  std::vector<std::vector<Placed>> by_lane(lanes_.size());
  for (std::size_t i = 0; i < record.entries.size(); ++i) {
    Entry& entry = record.entries[i];
    const std::size_t lane = lane_of_(entry.room);
    Placed placed;
    placed.publish.room = std::move(entry.room);
    placed.publish.name = std::move(entry.name);
    placed.publish.client = std::move(entry.client);
    placed.publish.n = entry.n;
    placed.publish.body = std::move(entry.body);
    placed.publish.at = entry.at;
    placed.publish.seq = seq_of(offset, i);
    if (i < calls.size()) placed.call = calls[i].number;
    by_lane[lane].push_back(std::move(placed));
  }
  const std::uint64_t ticket = first_ticket_ + outstanding_.size();
  for (std::size_t i = 0; i < by_lane.size(); ++i) {
    if (by_lane[i].empty()) continue;
    ++outstanding.lanes;
    Lane& lane = *lanes_[i];
    auto batch = std::make_shared<std::vector<Placed>>(std::move(by_lane[i]));
    lane.to_lane.add([&lane, ticket, batch] { lane.reader.on_batch(ticket, std::move(*batch)); });
  }
}

void StreamLog::tell_log(std::size_t index) {
  Partition& partition = *partitions_[index];
  partition.told = true;
  partition.kept.name(partition.reader.epoch());
  const history::Birth log{partition.reader.epoch(), partition.floor};
  const bool is_kept = std::exchange(partition.is_kept, true);
  partition.told_caught_up = false;
  for (auto& owned : lanes_) {
    Lane& lane = *owned;
    lane.to_lane.add([&lane, index, log, is_kept, count = partitions_.size()] {
      lane.reader.on_log(index, count, log, is_kept);
    });
  }
}

void StreamLog::begin_anew(std::size_t index) {
  Partition& partition = *partitions_[index];
  base::Log::warn("RabbitMQ: a stream is not where it was left; its rooms begin anew",
                  {{"stream", partition_stream(index)}});
  ++counted_.restarts;
  ++partition.generation;
  partition.is_kept = false;
  partition.reader.begin_anew();
  partition.kept.begin_anew();
  partition.writer.begin_anew();
  partition.floor = {};
  partition.told = false;
  partition.returned = false;
  const auto tag = std::to_string(index) + "." + std::to_string(partition.attachment);
  reading_->line.channel()->cancel(tag, [](const AmqpResult<void>&) {});
  attach(index, true);
}

void StreamLog::applied(std::size_t lane, std::uint64_t ticket) {
  lanes_[lane]->to_log.add({[this, ticket] {
    --outstanding_[static_cast<std::size_t>(ticket - first_ticket_)].lanes;
    settle_later();
  }});
}

void StreamLog::settle_later() {
  if (std::exchange(settling_, true)) return;
  executor_.defer([this] {
    settling_ = false;
    settle();
    update_ready();
  });
}

void StreamLog::settle() {
  while (!outstanding_.empty() && outstanding_.front().lanes == 0) {
    const Outstanding front = std::move(outstanding_.front());
    outstanding_.pop_front();
    ++first_ticket_;
    keep(front);
    if (front.connection != connection_) continue;
    kept_tag_ = front.tag;
    ++unacknowledged_;
    if (front.is_hello) on_hello(front.partition, front.record.number);
  }
  if (unacknowledged_ >= kAckedAtOnce) acknowledge();
}

/// All that the workers have kept. Each acknowledgement wakes a thread here and costs RabbitMQ, so
/// single ones wait for the watch.
void StreamLog::acknowledge() {
  unacknowledged_ = 0;
  const auto tag = std::exchange(kept_tag_, 0U);
  AmqpChannel* channel = reading_->line.channel();
  if (tag > 0 && channel != nullptr) channel->ack(tag, true);
}

void StreamLog::keep(const Outstanding& kept) {
  Partition& partition = *partitions_[kept.partition];
  if (kept.generation != partition.generation) return;
  const auto position = partition.kept.position();
  if (position && kept.offset <= *position) return;
  partition.kept.advance(kept.offset, kept.record);
  partition.unsaved = true;
}

void StreamLog::sync(std::size_t lane, std::size_t index, std::uint64_t call) {
  lanes_[lane]->to_log.add({[this, lane, index, call] {
    Partition& partition = *partitions_[index];
    partition.syncs.push_back({{lane, call}, partition.writer.last_number()});
    partition.writer.want_hello();
    pump_later();
  }});
}

void StreamLog::on_hello(std::size_t index, std::uint64_t number) {
  Partition& partition = *partitions_[index];
  const auto waits = [number](const Partition::Sync& sync) { return sync.behind >= number; };
  const auto begin = std::stable_partition(partition.syncs.begin(), partition.syncs.end(), waits);
  for (auto sync = begin; sync != partition.syncs.end(); ++sync) {
    Lane& lane = *lanes_[sync->call.lane];
    lane.to_lane.add([&lane, call = sync->call.number] { lane.reader.on_synced(call); });
  }
  partition.syncs.erase(begin, partition.syncs.end());
  // A late copy of an earlier hello says nothing of this stream's end.
  if (!partition.greeted || number <= partition.greeted_behind) return;
  partition.caught_up = partition.attached;
  if (!partition.told || std::exchange(partition.told_caught_up, true)) return;
  for (auto& owned : lanes_) {
    Lane& lane = *owned;
    lane.to_lane.add([&lane, index] { lane.reader.on_caught_up(index); });
  }
}

// ---- writing

void StreamLog::publish(std::size_t lane, Entry entry, std::uint64_t call) {
  lanes_[lane]->to_log.add({Lane::Said::ToWrite{this, lane, call, std::move(entry)}});
}

void StreamLog::take(std::size_t index, Entry entry, std::uint64_t call) {
  const std::size_t cost = entry.cost();
  const bool fits = queued_messages_ == 0 || (queued_messages_ < options_.queue_messages &&
                                              queued_bytes_ + cost <= options_.queue_bytes);
  const bool is_held = lanes_[index]->holds.hold(broker::Holds::sender(entry.room, entry.client));
  if (!fits || is_held) return refuse(index, entry, call, wire::Code::busy);
  if (partitions_.empty()) return refuse(index, entry, call, wire::Code::unavailable);
  ++queued_messages_;
  queued_bytes_ += cost;
  const std::size_t partition = partition_of(entry.room, partitions_.size());
  partitions_[partition]->writer.add(std::move(entry), {index, call});
  pump_later();
}

void StreamLog::refuse(std::size_t index, const Entry& entry, std::uint64_t call, wire::Code code) {
  ++counted_.refused;
  Lane& lane = *lanes_[index];
  lane.was_refused = lane.was_refused || code == wire::Code::busy;
  const auto sender = broker::Holds::sender(entry.room, entry.client);
  const bool holds = lane.holds.add(sender, wire::error_of(code));
  lane.to_lane.add([this, &lane, room = entry.room, call, code, holds, sender] {
    lane.reader.on_refused(call, room, wire::error_of(code));
    if (!holds) return;
    lane.to_log.add({[this, &lane, sender] {
      lane.holds.release(sender);
      tell_accepting();
    }});
  });
}

/// Not at the first free place: who is told sends all that was refused.
void StreamLog::tell_accepting() {
  const bool has_space =
      queued_messages_ <= options_.queue_messages / 2 && queued_bytes_ <= options_.queue_bytes / 2;
  if (!has_space) return;
  for (auto& owned : lanes_) {
    Lane& lane = *owned;
    if (!std::exchange(lane.was_refused, false)) continue;
    lane.to_lane.add([&lane] { lane.reader.on_accepting(); });
  }
}

void StreamLog::pump_later() {
  if (std::exchange(pumping_, true)) return;
  executor_.defer([this] {
    pumping_ = false;
    pump();
  });
}

void StreamLog::pump() {
  for (std::size_t i = 0; i < partitions_.size(); ++i) pump(i);
}

bool StreamLog::may_publish(const Partition& partition) {
  return partition.attached && !partition.refused && writing_->line.channel() != nullptr;
}

void StreamLog::pump(std::size_t index) {
  Partition& partition = *partitions_[index];
  if (partition.writer.in_flight() || !may_publish(partition)) return;
  const std::string* record = partition.writer.next(partition.reader.epoch());
  if (record == nullptr) return;
  ++counted_.records_published;
  send(index, *record);
}

void StreamLog::send(std::size_t index, const std::string& bytes) {
  Partition& partition = *partitions_[index];
  partition.returned = false;
  partition.sent_at = executor_.now();
  Outgoing message;
  message.key = partition_stream(index);
  message.body = bytes;
  message.persistent = true;
  message.mandatory = true;
  partition.sent_as = ++last_published_;
  unconfirmed_.emplace(partition.sent_as, index);
  writing_->line.channel()->publish(std::move(message));
}

/// The record in flight, when there is one.
bool StreamLog::send_again(std::size_t index) {
  const std::string* record = partitions_[index]->writer.again();
  if (record == nullptr) return false;
  ++counted_.records_republished;
  send(index, *record);
  return true;
}

void StreamLog::on_writing() {
  blocked_ = false;
  last_published_ = 0;
  unconfirmed_.clear();
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = *partitions_[i];
    if (!may_publish(partition)) continue;
    if (!send_again(i)) pump(i);
  }
  update_ready();
}

void StreamLog::on_writing_lost() {
  blocked_ = false;
  unconfirmed_.clear();
  for (auto& partition : partitions_) {
    partition->sent_at = {};
    partition->sent_as = 0;
  }
  update_ready();
}

void StreamLog::on_confirmed(std::uint64_t number, bool multiple, bool stored) {
  const auto end = unconfirmed_.upper_bound(number);
  const auto begin = multiple ? unconfirmed_.begin() : unconfirmed_.lower_bound(number);
  const std::map<std::uint64_t, std::size_t> settled(begin, end);
  unconfirmed_.erase(begin, end);
  for (const auto& [publish, partition] : settled) settle_publish(partition, publish, stored);
}

void StreamLog::settle_publish(std::size_t index, std::uint64_t number, bool stored) {
  Partition& partition = *partitions_[index];
  // The record may have been read back, and another be on its way: then this is told of the former.
  if (partition.sent_as != number || !partition.writer.in_flight()) return;
  if (partition.returned) return reading_->line.restart("a stream is missing");
  if (stored) {
    partition.writer.confirmed();
    return pump(index);
  }
  if (std::exchange(partition.refused, true)) return;
  later(kRetryRefused, [this, index] {
    Partition& refused = *partitions_[index];
    refused.refused = false;
    if (!may_publish(refused)) {
      refused.sent_at = {};
    } else if (!send_again(index)) {
      pump(index);
    }
  });
}

void StreamLog::on_returned(const std::string& stream) {
  const auto index = partition_of_stream(stream);
  if (index && *index < partitions_.size()) partitions_[*index]->returned = true;
}

void StreamLog::on_blocked(bool blocked) {
  blocked_ = blocked;
  update_ready();
}

// ---- the watch

void StreamLog::watch() {
  watch_timer_ = executor_.after(kWatchInterval, [this] { watch(); });
  save();
  acknowledge();
  const auto now = executor_.now();
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = *partitions_[i];
    const bool is_silent = partition.writer.in_flight() && partition.sent_at != base::TimePoint{} &&
                           now - partition.sent_at > kConfirmTimeout;
    if (is_silent && !blocked_ && writing_->line.channel() != nullptr) {
      return writing_->line.restart("no confirm for 30 s");
    }
    const bool expects_some = !partition.greeted || partition.writer.unseen() > 0;
    const bool is_deaf = partition.attached && !partition.heard && expects_some &&
                         now - partition.attached_at > kDeafTimeout;
    if (!is_deaf) continue;
    base::Log::warn("RabbitMQ: a stream is silent where it was left; it is read from its begin",
                    {{"stream", partition_stream(i)}});
    const auto tag = std::to_string(i) + "." + std::to_string(partition.attachment);
    reading_->line.channel()->cancel(tag, [](const AmqpResult<void>&) {});
    attach(i, true);
  }
}

/// The task is forgotten when this is gone.
void StreamLog::later(base::Duration delay, base::Task task) {
  executor_.after(delay, [alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
    if (!alive.expired()) task();
  });
}

void StreamLog::update_ready() {
  const auto now = status();
  ready_.store(now.publishing && now.reading && now.behind == 0 && now.partitions > 0,
               std::memory_order_relaxed);
}

StreamLog::Status StreamLog::status() const {
  Status status = counted_;
  status.publishing = writing_->line.channel() != nullptr;
  status.blocked = blocked_;
  status.partitions = partitions_.size();
  status.reading = reading_->line.channel() != nullptr && !partitions_.empty();
  for (const auto& partition : partitions_) {
    status.reading = status.reading && partition->attached;
    if (!partition->caught_up) ++status.behind;
  }
  status.queued_messages = queued_messages_;
  status.queued_bytes = queued_bytes_;
  status.connections_lost = reading_->line.losses() + writing_->line.losses();
  return status;
}

}  // namespace chat::rabbitmq
