#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/calls.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/history/memory_store.hpp"
#include "chat/rabbitmq/log_reader.hpp"
#include "chat/rabbitmq/log_states.hpp"
#include "chat/rabbitmq/stream_log.hpp"

namespace chat::rabbitmq {

/// A worker's rooms, whose order is made by a log that all nodes share.
///
/// What is published goes into the log and nowhere else; what comes out of it is given, with its
/// place, to a LocalBroker, which judges repeats, keeps the messages and delivers them: the same on
/// every node. A publish is answered when its message has come back and is kept. What is asked
/// before the log is known is refused with `unavailable`; later, rooms stay readable while RabbitMQ
/// is away, and what is published waits. Thread: one loop, the executor's. All references must
/// outlive it.
class StreamBroker final : public broker::Broker, private LogReader {
 public:
  StreamBroker(base::Executor& executor, StreamLog& log, broker::LocalBroker& rooms,
               history::MemoryStore& store, LogStates& states);
  ~StreamBroker() override;
  StreamBroker(const StreamBroker&) = delete;
  StreamBroker& operator=(const StreamBroker&) = delete;

  /// Its number at the log.
  std::size_t lane() const noexcept { return lane_; }

  void subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) override;
  void unsubscribe(const base::RoomName& room, broker::Sink& sink) override;
  void publish(broker::Publish publish, PublishDone done) override;
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override;
  void rooms(RoomsDone done) override;

 private:
  void on_log(std::size_t partition, std::size_t partitions, const history::Birth& log) override;
  void on_batch(std::uint64_t ticket, std::vector<Placed> messages) override;
  void on_caught_up() override;
  void on_refused(std::uint64_t call, const wire::Error& error) override;
  void answer(std::uint64_t call, wire::Result<broker::Published> outcome);
  /// What is missing before a room's calls can be taken; empty when nothing is.
  std::string problem_with(const base::RoomName& room) const;

  base::Executor& executor_;
  StreamLog& log_;
  broker::LocalBroker& rooms_;
  history::MemoryStore& store_;
  LogStates& states_;
  const std::size_t lane_;
  broker::Calls<wire::Result<broker::Published>> publishes_;
  std::unordered_map<std::uint64_t, base::TimePoint> received_;  // by call
  bool caught_up_ = false;
};

}  // namespace chat::rabbitmq
