#include "chat/broker/sharded_broker.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "chat/base/digest.hpp"
#include "chat/broker/mailbox.hpp"

namespace chat::broker {

std::size_t shard_of(const base::RoomName& room, std::size_t shards) noexcept {
  return static_cast<std::size_t>(base::stable_hash(room.value()) % shards);
}

/// The way back from another shard to this worker.
class ShardedBroker::Route {
 public:
  Route(Shard& shard, base::Executor& worker) : shard_(shard), mailbox_(shard.executor, worker) {}

  Shard& shard() noexcept { return shard_; }
  /// Of this worker's senders. Thread: the shard's.
  Holds& holds() noexcept { return holds_; }

  /// Runs `answer` on the worker's loop, behind all that was delivered before. Thread: the shard's.
  void answer(base::Task answer) { mailbox_.add({nullptr, nullptr, std::move(answer)}); }
  void deliver(Link& link, const wire::MessagePtr& message) {
    shard_.backlog.fetch_add(message->cost(), std::memory_order_relaxed);
    mailbox_.add({&link, message, nullptr});
  }

 private:
  /// A delivery, or an answer.
  struct Item {
    Link* link;
    wire::MessagePtr message;
    base::Task answer;
    void operator()() const;
  };

  Shard& shard_;
  Holds holds_;
  Mailbox<Item> mailbox_;
};

/// A sink's subscription to a room of another shard: its stand-in there.
///
/// Alive until the worker has taken everything that was delivered to it: the last to hold it is an
/// answer behind the last delivery.
class ShardedBroker::Link final : public Sink {
 public:
  Link(base::RoomName room, Sink& sink, SubscribeDone done, Route& route)
      : room_(std::move(room)), sink_(&sink), done_(std::move(done)), route_(route) {}

  const base::RoomName& room() const noexcept { return room_; }
  Route& route() noexcept { return route_; }

  // On the worker's loop.
  Sink& sink() const noexcept { return *sink_; }
  bool serves(const Sink& sink) const noexcept { return sink_ == &sink; }
  void cut() {
    sink_ = nullptr;
    done_ = nullptr;
  }
  bool is_cut() const noexcept { return sink_ == nullptr; }
  SubscribeDone take_done() { return std::exchange(done_, nullptr); }
  void take(const wire::MessagePtr& message) {
    route_.shard().backlog.fetch_sub(message->cost(), std::memory_order_relaxed);
    if (sink_ != nullptr) sink_->on_message(room_, message);
  }

  // On the shard's loop.
  void on_message(const base::RoomName&, const wire::MessagePtr& message) override {
    route_.deliver(*this, message);
  }
  void on_restart(const base::RoomName&, const RoomHead& head) override {
    route_.answer([this, head] {
      if (sink_ != nullptr) sink_->on_restart(room_, head);
    });
  }
  void on_ready(const base::RoomName&) override {
    route_.answer([this] {
      if (sink_ != nullptr) sink_->on_ready(room_);
    });
  }

 private:
  const base::RoomName room_;
  Sink* sink_;
  SubscribeDone done_;
  Route& route_;
};

void ShardedBroker::Route::Item::operator()() const {
  if (link != nullptr) {
    link->take(message);
  } else {
    answer();
  }
}

/// The lists of all shards, on their way into one.
struct ShardedBroker::Gathering {
  std::size_t missing;
  wire::Result<std::vector<history::Store::Listed>> rooms;
  RoomsDone done;

  /// A shard's part has come.
  void add(wire::Result<std::vector<history::Store::Listed>> listed);
};

void ShardedBroker::Gathering::add(wire::Result<std::vector<history::Store::Listed>> listed) {
  if (!listed) {
    rooms = std::move(listed);
  } else if (rooms) {
    std::move(listed->begin(), listed->end(), std::back_inserter(*rooms));
  }
  if (--missing > 0) return;
  const auto by_name = [](const auto& a, const auto& b) { return a.room < b.room; };
  if (rooms) std::sort(rooms->begin(), rooms->end(), by_name);
  std::exchange(done, nullptr)(std::move(rooms));  // destroyed here, not with the last reference
}

ShardedBroker::ShardedBroker(std::size_t self, std::vector<Shard*> shards, Options options)
    : self_(self), shards_(std::move(shards)), options_(options) {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    routes_.push_back(i == self_ ? nullptr
                                 : std::make_unique<Route>(*shards_[i], shards_[self_]->executor));
  }
}

ShardedBroker::~ShardedBroker() = default;

std::size_t ShardedBroker::home_of(const base::RoomName& room) const noexcept {
  return shard_of(room, shards_.size());
}

void ShardedBroker::subscribe(const base::RoomName& room, Sink& sink, SubscribeDone done) {
  const std::size_t home = home_of(room);
  if (home == self_) return shards_[self_]->broker.subscribe(room, sink, std::move(done));

  auto link = std::make_shared<Link>(room, sink, std::move(done), *routes_[home]);
  links_[room].push_back(link);
  shards_[home]->executor.post([this, link] {
    Route& route = link->route();
    route.shard().broker.subscribe(link->room(), *link, [this, link](wire::Result<RoomHead> head) {
      link->route().answer([this, link, head = std::move(head)] {
        if (link->is_cut()) return;
        const auto answer = link->take_done();
        if (!head) take_link(link->room(), link->sink());
        answer(head);
      });
    });
  });
}

void ShardedBroker::unsubscribe(const base::RoomName& room, Sink& sink) {
  const std::size_t home = home_of(room);
  if (home == self_) return shards_[self_]->broker.unsubscribe(room, sink);

  auto link = take_link(room, sink);
  if (link == nullptr) return;
  link->cut();
  shards_[home]->executor.post([link = std::move(link)] {
    Route& route = link->route();
    route.shard().broker.unsubscribe(link->room(), *link);
    route.answer([link] {});
  });
}

std::shared_ptr<ShardedBroker::Link> ShardedBroker::take_link(const base::RoomName& room,
                                                              const Sink& sink) {
  const auto links = links_.find(room);
  if (links == links_.end()) return nullptr;
  const auto serves = [&sink](const auto& link) { return link->serves(sink); };
  const auto found = std::find_if(links->second.begin(), links->second.end(), serves);
  if (found == links->second.end()) return nullptr;
  auto link = std::move(*found);
  links->second.erase(found);
  if (links->second.empty()) links_.erase(links);
  return link;
}

void ShardedBroker::publish(Publish publish, PublishDone done) {
  const std::size_t home = home_of(publish.room);
  Shard& shard = *shards_[home];
  const auto overloaded = [&shard, limit = options_.backlog_bytes] {
    return shard.backlog.load(std::memory_order_relaxed) > limit;
  };
  if (overloaded()) return done(wire::fail(wire::Code::busy));
  if (home == self_) return shard.broker.publish(std::move(publish), std::move(done));

  shard.executor.post([this, &route = *routes_[home], publish = std::move(publish),
                       call = publishes_.begin(std::move(done))]() mutable {
    const auto sender = Holds::sender(publish.room, publish.client);
    if (route.holds().hold(sender)) {
      return refuse(route, sender, call, wire::error_of(wire::Code::busy));
    }
    route.shard().broker.publish(std::move(publish), [this, &route, call, sender](auto published) {
      if (!published) return refuse(route, sender, call, std::move(published.error()));
      route.answer([this, call, published = std::move(published)]() mutable {
        publishes_.answer(call, std::move(published));
      });
    });
  });
}

void ShardedBroker::refuse(Route& route, Holds::Sender sender, std::uint64_t call,
                           wire::Error error) {
  const bool holds = route.holds().add(sender, error);
  route.answer([this, &route, call, holds, sender, error = std::move(error)]() mutable {
    publishes_.answer(call, tl::unexpected<wire::Error>(std::move(error)));
    if (holds) route.shard().executor.post([&route, sender] { route.holds().release(sender); });
  });
}

void ShardedBroker::read(const base::RoomName& room, const base::Epoch& epoch, history::Range range,
                         ReadDone done) {
  const std::size_t home = home_of(room);
  if (home == self_) return shards_[self_]->broker.read(room, epoch, range, std::move(done));

  shards_[home]->executor.post(
      [this, &route = *routes_[home], room, epoch, range, call = reads_.begin(std::move(done))] {
        route.shard().broker.read(room, epoch, range, [this, &route, call](auto read) {
          route.answer([this, call, read = std::move(read)]() mutable {
            reads_.answer(call, std::move(read));
          });
        });
      });
}

void ShardedBroker::rooms(RoomsDone done) {
  if (options_.shared_store) return shards_[self_]->broker.rooms(std::move(done));

  auto gathering = std::make_shared<Gathering>();
  gathering->missing = shards_.size();
  gathering->done = std::move(done);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (i == self_) continue;
    shards_[i]->executor.post([&route = *routes_[i], gathering] {
      route.shard().broker.rooms([&route, gathering](auto listed) {
        route.answer([gathering, listed = std::move(listed)] { gathering->add(listed); });
      });
    });
  }
  shards_[self_]->broker.rooms([gathering](auto listed) { gathering->add(std::move(listed)); });
}

}  // namespace chat::broker
