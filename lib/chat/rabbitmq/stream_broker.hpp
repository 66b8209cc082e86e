#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/history/store.hpp"
#include "chat/rabbitmq/log_reader.hpp"
#include "chat/rabbitmq/log_states.hpp"
#include "chat/rabbitmq/stream_log.hpp"

namespace chat::rabbitmq {

/// A worker's rooms, whose order is made by a log that all nodes share.
///
/// What is published goes into the log and nowhere else; what comes out of it is given, with its
/// place, to a LocalBroker, which judges repeats, keeps the messages and delivers them: the same on
/// every node. A publish is answered when its message has come back and is kept. Who resumes behind
/// what this node has read, coming from another one that was ahead, waits until it has read that
/// far. What is asked before the log is known is refused with `unavailable`; later, rooms stay
/// readable while RabbitMQ is away, and what is published waits. What a store on disk could not
/// keep is given to it again, before anything else. Thread: one loop, the executor's. All
/// references must outlive it.
class StreamBroker final : public broker::Broker, private LogReader {
 public:
  StreamBroker(base::Executor& executor, StreamLog& log, broker::LocalBroker& rooms,
               history::Store& store, LogStates& states);
  ~StreamBroker() override;
  StreamBroker(const StreamBroker&) = delete;
  StreamBroker& operator=(const StreamBroker&) = delete;

  void subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) override;
  void unsubscribe(const base::RoomName& room, broker::Sink& sink) override;
  void publish(broker::Publish publish, PublishDone done) override;
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override;
  void rooms(RoomsDone done) override;

 private:
  struct NewLog {
    std::size_t partition;
    std::size_t partitions;
    history::Birth log;
    bool is_kept;
  };
  struct CaughtUp {
    std::size_t partition;
  };
  struct Synced {
    std::uint64_t call;
  };
  struct Batch;
  struct Held {
    Placed placed;
    Batch* batch;
    bool failed = false;
  };
  struct Batch {
    std::uint64_t ticket;
    std::vector<Held> messages;
    std::size_t failed = 0;  // of these
    std::size_t unanswered = 0;
  };
  using BatchRef = std::unique_ptr<Batch>;
  struct Publishing {
    PublishDone done;
    base::TimePoint received;
  };

  void on_log(std::size_t partition, std::size_t partitions, const history::Birth& log,
              bool is_kept) override;
  void on_batch(std::uint64_t ticket, std::vector<Placed> messages) override;
  void on_caught_up(std::size_t partition) override;
  void on_synced(std::uint64_t call) override;
  void on_refused(std::uint64_t call, const base::RoomName& room,
                  const wire::Error& error) override;
  void on_accepting() override;

  /// Reads once more when this node has come as far as the cursor, or as far as the log goes.
  void read_when_synced(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
                        ReadDone done);
  void go_on();
  void begin(BatchRef batch);
  void adopt(const NewLog& news);
  void adopt(const CaughtUp& news);
  void adopt(const Synced& news);
  void keep(Held& message);
  void on_kept(Held& message, wire::Result<broker::Published> outcome);
  void retry();
  void finish_kept();
  void answer(std::uint64_t call, wire::Result<broker::Published> outcome);
  /// What is missing before a room's calls can be taken; empty when nothing is.
  std::string problem_with(const base::RoomName& room) const;

  base::Executor& executor_;
  StreamLog& log_;
  broker::LocalBroker& rooms_;
  history::Store& store_;
  LogStates& states_;
  const std::size_t lane_;
  std::unordered_map<std::uint64_t, Publishing> publishes_;
  std::uint64_t last_publish_ = 0;
  std::unordered_map<std::uint64_t, std::function<void(bool synced)>> syncs_;
  std::uint64_t last_sync_ = 0;
  std::unordered_set<base::RoomName> busy_rooms_;  // a publish to them was refused
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::deque<std::variant<NewLog, CaughtUp, Synced, BatchRef>> news_;  // not begun with
  std::deque<BatchRef> under_way_;
  std::size_t unanswered_ = 0;  // messages of `under_way_` that the rooms have not answered
  base::TimerId retry_timer_ = 0;
  bool failed_ = false;  // a message could not be kept: nothing else goes on
  bool going_on_ = false;
};

}  // namespace chat::rabbitmq
