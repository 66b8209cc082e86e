#include "chat/broker/sharded_presence.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "chat/broker/mailbox.hpp"
#include "chat/broker/sharded_broker.hpp"

namespace chat::broker {

/// The ways to another shard and back.
class ShardedPresence::Route {
 public:
  Route(const PresenceShard& shard, base::Executor& worker)
      : executor_(shard.executor), presence_(shard.presence), mailbox_(shard.executor, worker) {}

  /// Runs `task` on the shard's loop. Thread: the worker's.
  void post(base::Task task) { executor_.post(std::move(task)); }

  // On the shard's loop.
  Presence& presence() noexcept { return presence_; }
  /// Runs `task` on the worker's loop, behind all that was told before.
  void answer(base::Task task) { mailbox_.add(std::move(task)); }

 private:
  base::Executor& executor_;
  Presence& presence_;
  Mailbox<base::Task> mailbox_;
};

/// Stands in another shard for a sink with members in one of its rooms.
class ShardedPresence::Link final : public PresenceSink, public std::enable_shared_from_this<Link> {
 public:
  Link(base::RoomName room, PresenceSink& sink, Route& route)
      : room_(std::move(room)), sink_(&sink), route_(route) {}

  const base::RoomName& room() const noexcept { return room_; }
  Route& route() noexcept { return route_; }

  // On the worker's loop.
  bool serves(const PresenceSink& sink) const noexcept { return sink_ == &sink; }
  void add_member() noexcept { ++members_; }
  /// True when that was the last: the sink is told nothing more.
  bool remove_member() noexcept {
    if (--members_ > 0) return false;
    sink_ = nullptr;
    return true;
  }

  // On the shard's loop.
  void on_presence(const base::RoomName&, const wire::Presence& presence) override {
    route_.answer([link = shared_from_this(), presence] {
      if (link->sink_ != nullptr) link->sink_->on_presence(link->room_, presence);
    });
  }
  void on_typing(const base::RoomName&, const std::string& name) override {
    route_.answer([link = shared_from_this(), name] {
      if (link->sink_ != nullptr) link->sink_->on_typing(link->room_, name);
    });
  }
  void on_renamed(const base::RoomName&, base::MemberKey key, const std::string& name) override {
    route_.answer([link = shared_from_this(), key, name] {
      if (link->sink_ != nullptr) link->sink_->on_renamed(link->room_, key, name);
    });
  }

 private:
  const base::RoomName room_;
  PresenceSink* sink_;
  Route& route_;
  std::size_t members_ = 0;
};

/// The counts of all shards, on their way into one list.
struct ShardedPresence::Gathering {
  std::size_t missing;
  wire::Result<std::vector<RoomCount>> counts;
  CountsDone done;

  void add(wire::Result<std::vector<RoomCount>> part) {
    if (!part) {
      counts = std::move(part);
    } else if (counts) {
      std::move(part->begin(), part->end(), std::back_inserter(*counts));
    }
    if (--missing > 0) return;
    std::exchange(done, nullptr)(std::move(counts));  // destroyed here, not with the last reference
  }
};

ShardedPresence::ShardedPresence(std::size_t self, const std::vector<PresenceShard>& shards)
    : own_(shards[self].presence) {
  for (std::size_t i = 0; i < shards.size(); ++i) {
    routes_.push_back(i == self ? nullptr
                                : std::make_unique<Route>(shards[i], shards[self].executor));
  }
}

ShardedPresence::~ShardedPresence() = default;

ShardedPresence::Route* ShardedPresence::route_of(const base::RoomName& room) const {
  return routes_[shard_of(room, routes_.size())].get();
}

// ---- links

std::shared_ptr<ShardedPresence::Link> ShardedPresence::find_link(const base::RoomName& room,
                                                                  const PresenceSink& sink) const {
  const auto links = links_.find(room);
  if (links == links_.end()) return nullptr;
  const auto serves = [&sink](const auto& link) { return link->serves(sink); };
  const auto found = std::find_if(links->second.begin(), links->second.end(), serves);
  return found == links->second.end() ? nullptr : *found;
}

std::shared_ptr<ShardedPresence::Link> ShardedPresence::link_for(const base::RoomName& room,
                                                                 PresenceSink& sink, Route& route) {
  auto link = find_link(room, sink);
  if (link == nullptr) {
    link = std::make_shared<Link>(room, sink, route);
    links_[room].push_back(link);
  }
  return link;
}

void ShardedPresence::drop_link(const Link& link) {
  const auto links = links_.find(link.room());
  if (links == links_.end()) return;
  auto& all = links->second;
  const auto is_it = [&link](const auto& other) { return other.get() == &link; };
  all.erase(std::find_if(all.begin(), all.end(), is_it));
  if (all.empty()) links_.erase(links);
}

// ---- calls

void ShardedPresence::enter(const base::RoomName& room, base::MemberKey key,
                            const std::string& wanted, PresenceSink& sink, EnterDone done) {
  Route* route = route_of(room);
  if (route == nullptr) return own_.enter(room, key, wanted, sink, std::move(done));

  auto link = link_for(room, sink, *route);
  link->add_member();
  route->post([this, link = std::move(link), key, wanted, call = enters_.begin(std::move(done))] {
    Route& way = link->route();
    way.presence().enter(link->room(), key, wanted, *link, [this, &way, call](auto entered) {
      way.answer([this, call, entered = std::move(entered)]() mutable {
        enters_.answer(call, std::move(entered));
      });
    });
  });
}

void ShardedPresence::leave(const base::RoomName& room, base::MemberKey key, PresenceSink& sink) {
  Route* route = route_of(room);
  if (route == nullptr) return own_.leave(room, key, sink);

  auto link = find_link(room, sink);
  if (link == nullptr) return;
  if (link->remove_member()) drop_link(*link);
  route->post(
      [link = std::move(link), key] { link->route().presence().leave(link->room(), key, *link); });
}

void ShardedPresence::rename(const base::RoomName& room, base::MemberKey key,
                             const std::string& wanted, RenameDone done) {
  Route* route = route_of(room);
  if (route == nullptr) return own_.rename(room, key, wanted, std::move(done));

  route->post([this, route, room, key, wanted, call = renames_.begin(std::move(done))] {
    route->presence().rename(room, key, wanted, [this, route, call](auto name) {
      route->answer([this, call, name = std::move(name)]() mutable {
        renames_.answer(call, std::move(name));
      });
    });
  });
}

void ShardedPresence::typing(const base::RoomName& room, const std::string& name) {
  Route* route = route_of(room);
  if (route == nullptr) return own_.typing(room, name);
  route->post([route, room, name] { route->presence().typing(room, name); });
}

void ShardedPresence::members(const base::RoomName& room, MembersDone done) {
  Route* route = route_of(room);
  if (route == nullptr) return own_.members(room, std::move(done));

  route->post([this, route, room, call = members_.begin(std::move(done))] {
    route->presence().members(room, [this, route, call](auto members) {
      route->answer([this, call, members = std::move(members)]() mutable {
        members_.answer(call, std::move(members));
      });
    });
  });
}

void ShardedPresence::counts(CountsDone done) {
  auto gathering = std::make_shared<Gathering>();
  gathering->missing = routes_.size();
  gathering->done = std::move(done);
  for (const auto& way : routes_) {
    if (way == nullptr) continue;
    way->post([route = way.get(), gathering] {
      route->presence().counts([route, gathering](auto part) {
        route->answer([gathering, part = std::move(part)] { gathering->add(part); });
      });
    });
  }
  own_.counts([gathering](auto part) { gathering->add(std::move(part)); });
}

}  // namespace chat::broker
