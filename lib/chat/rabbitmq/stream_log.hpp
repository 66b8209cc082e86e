#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/broker/mailbox.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/rabbitmq/line.hpp"
#include "chat/rabbitmq/log_reader.hpp"
#include "chat/rabbitmq/partition_reader.hpp"
#include "chat/rabbitmq/partition_writer.hpp"
#include "chat/rabbitmq/topology.hpp"

namespace chat::rabbitmq {

/// The log that all nodes share: RabbitMQ's streams, one for each partition of the rooms. Brings
/// messages into it and tells the workers what it says, their own messages included.
///
/// Two connections: one publishes with confirms, one reads. When the reading one is there, the
/// vhost's objects are looked at, and made where they are missing and the user may; then every
/// partition is read on from where it was left, and a hello is written into it: all are caught up
/// when their hellos have come back. Whatever is not known to be in the log is published again when
/// a connection is back, in its order, under its numbers.
///
/// Thread: one loop, the executor's, except where it is said otherwise. All references must outlive
/// it.
class StreamLog final {
 public:
  /// By partition, opaque.
  using Marks = std::map<std::size_t, std::string>;
  struct Options {
    std::vector<Endpoint> endpoints;
    NodeId node;
    std::uint64_t random_seed = 0;
    std::size_t partitions = kDefaultPartitions;  ///< of a vhost that has none yet
    /// Not read back yet, over all partitions; past it a message is refused with busy, and who
    /// was is told when there is half of it left.
    std::size_t queue_messages = 65'536;
    std::size_t queue_bytes = 128U << 20;
    std::function<base::Epoch()> make_epoch;
    /// Where reading goes on, by partition, as `save` was given it; for workers whose stores
    /// outlive the process.
    Marks marks;
    /// Where the workers' stores are; called every second or so with what has changed. May be
    /// empty.
    std::function<void(const Marks&)> save;
  };
  /// What there is to say of it.
  struct Status {
    bool publishing = false;  ///< connected
    bool reading = false;     ///< connected, and all partitions are attached
    bool blocked = false;     ///< RabbitMQ takes no messages for now
    std::size_t partitions = 0;
    std::size_t behind = 0;  ///< partitions that are not caught up
    std::size_t queued_messages = 0;
    std::size_t queued_bytes = 0;
    std::uint64_t connections_lost = 0;
    std::uint64_t records_published = 0;
    std::uint64_t records_republished = 0;
    std::uint64_t records_read = 0;
    std::uint64_t records_skipped = 0;  ///< repeats, of another log, not readable
    std::uint64_t refused = 0;          ///< messages, with busy
    std::uint64_t restarts = 0;         ///< partitions that began anew
  };

  StreamLog(base::Executor& executor, AmqpConnector& connector, Options options);
  ~StreamLog();
  StreamLog(const StreamLog&) = delete;
  StreamLog& operator=(const StreamLog&) = delete;

  /// A worker that reads. Before `start`. Returns its number.
  std::size_t add_lane(base::Executor& executor, LogReader& reader);
  /// Which lane a room lives in. Before `start`.
  void set_lane_of(std::function<std::size_t(const base::RoomName&)> lane_of) {
    lane_of_ = std::move(lane_of);
  }
  void start();

  /// Thread: the lane's loop. Answered by LogReader::on_batch with the call's number, or by
  /// on_refused.
  void publish(std::size_t lane, Entry entry, std::uint64_t call);
  /// Thread: the lane's loop. Answered by LogReader::on_synced, once all that is in the partition
  /// now has been told and is kept; while RabbitMQ is away, when it is back.
  void sync(std::size_t lane, std::size_t partition, std::uint64_t call);
  /// Thread: the lane's loop. The messages of a batch are kept.
  void applied(std::size_t lane, std::uint64_t ticket);

  /// Calls Options::save now with what has changed.
  void save();

  Status status() const;
  /// Caught up, reading and publishing. Thread: any.
  bool ready() const noexcept { return ready_.load(std::memory_order_relaxed); }

 private:
  class Reading;
  class Writing;
  struct Lane;
  struct Partition;
  struct Outstanding {
    std::uint64_t tag = 0;
    std::uint64_t connection = 0;  // of which reading connection `tag` is
    std::size_t lanes = 0;         // that have not kept it yet
    std::size_t partition = 0;
    std::uint64_t generation = 0;  // of the partition's log
    std::int64_t offset = 0;
    RecordId record;
    bool is_hello = false;  // own: the partition is caught up with it
  };

  // reading
  void on_reading();
  void on_reading_lost();
  void ask_for_record();
  void on_meta(const Delivery& delivery);
  void declare_partitions();
  void on_declared(std::size_t partition, bool was_made,
                   const AmqpResult<AmqpChannel::Declared>& outcome);
  void make_partition(std::size_t partition);
  void attach(std::size_t partition, bool from_first);
  void on_attached(std::size_t partition, std::uint64_t attachment,
                   const AmqpResult<void>& outcome);
  void greet(std::size_t partition);
  void on_deliveries(std::vector<Delivery>& deliveries);
  void on_delivery(std::size_t partition, Delivery& delivery);
  void hand_out(std::size_t partition, std::int64_t offset, Record& record,
                Outstanding& outstanding);
  void tell_log(std::size_t partition);
  void begin_anew(std::size_t partition);
  void settle_later();
  void settle();
  void acknowledge();
  void keep(const Outstanding& kept);
  void restore(std::size_t partition);
  void on_hello(std::size_t partition, std::uint64_t number);
  static constexpr std::size_t kNone = ~std::size_t{0};
  std::size_t partition_of_tag(const std::string& tag) const;

  // writing
  void on_writing();
  void on_writing_lost();
  void on_confirmed(std::uint64_t number, bool multiple, bool stored);
  void settle_publish(std::size_t partition, std::uint64_t number, bool stored);
  void on_returned(const std::string& stream);
  void on_blocked(bool blocked);
  void take(std::size_t lane, Entry entry, std::uint64_t call);
  void refuse(std::size_t lane, const Entry& entry, std::uint64_t call, wire::Code code);
  void tell_accepting();
  void pump_later();
  void pump();
  void pump(std::size_t partition);
  void send(std::size_t partition, const std::string& bytes);
  bool send_again(std::size_t partition);
  bool may_publish(const Partition& partition);

  void later(base::Duration delay, base::Task task);
  void watch();
  void update_ready();

  base::Executor& executor_;
  const Options options_;
  std::unique_ptr<Reading> reading_;
  std::unique_ptr<Writing> writing_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::function<std::size_t(const base::RoomName&)> lane_of_;
  std::vector<std::unique_ptr<Partition>> partitions_;

  std::size_t undeclared_ = 0;
  bool record_known_ = false;  // on this reading connection
  std::uint64_t connection_ = 0;
  std::uint64_t attachments_ = 0;
  std::deque<Outstanding> outstanding_;  // in the order of their deliveries
  std::uint64_t first_ticket_ = 1;       // of outstanding_.front()
  std::uint64_t kept_tag_ = 0;           // the newest that may be acknowledged; 0: none
  std::size_t unacknowledged_ = 0;       // up to that one
  std::uint64_t last_published_ = 0;     // on this writing connection
  std::map<std::uint64_t, std::size_t> unconfirmed_;  // publish number → partition
  std::size_t queued_messages_ = 0;
  std::size_t queued_bytes_ = 0;
  base::TimerId watch_timer_ = 0;
  bool pumping_ = false;
  bool settling_ = false;
  bool blocked_ = false;
  Status counted_;
  std::atomic<bool> ready_{false};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace chat::rabbitmq
