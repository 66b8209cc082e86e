#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/local_broker.hpp"
#include "chat/rabbitmq/amqp_channel.hpp"
#include "chat/rabbitmq/channels_message.hpp"
#include "chat/rabbitmq/line.hpp"

namespace chat::rabbitmq {

/// What a ChannelsBroker has counted since the start. Thread: any.
struct ChannelsCounters {
  std::atomic<bool> connected{false};
  std::atomic<std::uint64_t> connections_lost{0};
  std::atomic<std::uint64_t> published{0};  ///< to the exchange
  std::atomic<std::uint64_t> nacked{0};     ///< of these: some node's queue was full
  std::atomic<std::uint64_t> unsure{0};     ///< … they have not come back
  std::atomic<std::uint64_t> received{0};   ///< of other nodes
  std::atomic<std::uint64_t> skipped{0};    ///< received, and no message of a room
};

/// A worker's rooms, shared with the Django Channels nodes of a vhost: what is published goes to
/// their exchange, what comes from there is given to a LocalBroker, which makes this node's order
/// of it and keeps it.
///
/// At most once, as the original is: a message reaches each node that has room for it when it is
/// published, and none later. So nothing is sent twice:
///  - a publish is answered when its own copy has come back and is kept; a nack, which says that
///    some other node's queue was full, is counted and changes nothing;
///  - when the connection ends before that, or it does not come back in ten seconds, nobody knows
///    whom it has reached: it is kept and delivered here, and taken as published;
///  - what has gone out and cannot be kept here now (a disk that fails) is refused, and when its
///    client sends it again it is kept only;
///  - what its client sends again before the answer does not go out again;
///  - while there is no connection, or RabbitMQ takes no messages because its memory or disk is
///    full, publishes and joins are refused with `unavailable`.
/// What comes for a room that nobody is in here is dropped.
/// Members stay in their rooms over an outage; what other nodes said meanwhile is not there.
///
/// Rooms that the original cannot carry are refused with bad_room (problem_of_shared_room).
/// Thread: one loop, the executor's. All references must outlive it.
class ChannelsBroker final : public broker::Broker, private AmqpChannel::Listener {
 public:
  struct Options {
    Line::Options line;
    std::string node;                 ///< unlike any other node's or worker's in the vhost
    std::size_t most_pending = 4096;  ///< publishes on their way; past it busy
  };

  ChannelsBroker(base::Executor& executor, AmqpConnector& connector, broker::LocalBroker& rooms,
                 Options options, ChannelsCounters& counters);
  ~ChannelsBroker() override;
  ChannelsBroker(const ChannelsBroker&) = delete;
  ChannelsBroker& operator=(const ChannelsBroker&) = delete;

  /// Connects. Once.
  void start() { line_.start(); }

  void subscribe(const base::RoomName& room, broker::Sink& sink, SubscribeDone done) override;
  void unsubscribe(const base::RoomName& room, broker::Sink& sink) override;
  void publish(broker::Publish publish, PublishDone done) override;
  void read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
            ReadDone done) override;
  void rooms(RoomsDone done) override;

 private:
  struct Joining {
    broker::Sink* sink;
    SubscribeDone done;
  };
  struct Pending {
    broker::Publish publish;
    PublishDone done;
    base::TimePoint sent{};
  };
  using Said = std::tuple<base::RoomName, base::ClientId, std::uint64_t>;
  struct Group {
    std::set<broker::Sink*> sinks;
    std::vector<Joining> joining;  // until it is bound, as the next
    std::vector<Pending> waiting;
    std::size_t pending = 0;  // publishes that have not come back
    bool is_binding = false;
    bool is_bound = false;

    bool is_wanted() const noexcept {
      return !sinks.empty() || !joining.empty() || !waiting.empty() || pending > 0 || is_binding;
    }
  };

  // AmqpChannel::Listener
  void on_open() override;
  void on_lost(const Failure& failure) override;
  void on_deliveries(std::vector<Delivery>& deliveries) override;
  void on_confirmed(std::uint64_t number, bool multiple, bool stored) override;
  void on_returned(const std::string&, const std::string&) override {}
  void on_cancelled(const std::string& consumer) override;
  void on_blocked(bool blocked, const std::string& reason) override;

  /// It is connected, and RabbitMQ takes what it is sent.
  bool is_usable() const noexcept { return is_open_ && !is_blocked_; }
  /// Why it is not.
  wire::Error trouble() const;
  AmqpChannel::Done then(void (ChannelsBroker::*next)());
  void declare_queue();
  void bind_all();
  void consume();
  void opened();
  void bind(const base::RoomName& room, Group& group);
  void on_bound(const base::RoomName& room);
  void leave_when_empty(const base::RoomName& room);
  PublishDone for_all_repeats(const Said& said, PublishDone done);
  void send(Group& group, Pending pending);
  void take(ChannelsMessage message);
  void take_own(std::uint64_t number);
  void settle(std::map<std::uint64_t, Pending>::node_type own);
  void give_up_first();
  void give_up_late();
  void bind_again(const base::RoomName& room, Group& group);
  void place_own(Pending pending);
  void place(Pending pending);
  void tell_ready();

  base::Executor& executor_;
  broker::LocalBroker& rooms_;
  const Options options_;
  std::string queue_;  // of this connection: that of the one before may not be gone yet
  ChannelsCounters& counters_;
  Line line_;
  std::unordered_map<base::RoomName, Group> groups_;
  std::map<std::uint64_t, Pending> pending_;  // by number
  std::uint64_t last_number_ = 0;
  std::uint64_t connections_ = 0;
  std::uint64_t last_publish_ = 0;                      // of this channel, as confirms count
  std::set<std::uint64_t> unconfirmed_;                 // of these
  std::set<Said> gone_out_;                             // … and not kept here: bounded
  std::map<Said, std::vector<PublishDone>> under_way_;  // not answered yet, and those of repeats
  std::unordered_set<base::RoomName> busy_rooms_;
  base::TimerId watch_ = 0;  // for the first of pending_
  bool is_open_ = false;
  bool is_blocked_ = false;
};

}  // namespace chat::rabbitmq
