#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/broker/calls.hpp"
#include "chat/broker/presence.hpp"

namespace chat::broker {

/// One worker's part of the rooms' presence.
struct PresenceShard {
  base::Executor& executor;  ///< the worker's loop
  Presence& presence;        ///< all calls on that loop
};

/// The presence of all workers' rooms, as one worker sees it; rooms are spread as ShardedBroker
/// spreads them.
/// Thread: one loop, that of shard `self`. The shards, and all ShardedPresences over them, must
/// outlive the runs of all loops.
class ShardedPresence final : public Presence {
 public:
  ShardedPresence(std::size_t self, const std::vector<PresenceShard>& shards);
  ~ShardedPresence() override;

  void enter(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
             PresenceSink& sink, EnterDone done) override;
  void rename(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
              RenameDone done) override;
  void leave(const base::RoomName& room, base::MemberKey key, PresenceSink& sink) override;
  void typing(const base::RoomName& room, const std::string& name) override;
  void members(const base::RoomName& room, MembersDone done) override;
  void counts(CountsDone done) override;

 private:
  class Route;
  class Link;
  using Links = std::vector<std::shared_ptr<Link>>;
  struct Gathering;

  /// The way to a room's shard; null when that is the own.
  Route* route_of(const base::RoomName& room) const;
  std::shared_ptr<Link> find_link(const base::RoomName& room, const PresenceSink& sink) const;
  std::shared_ptr<Link> link_for(const base::RoomName& room, PresenceSink& sink, Route& route);
  void drop_link(const Link& link);

  Presence& own_;
  std::vector<std::unique_ptr<Route>> routes_;  // by shard; null for the own
  std::unordered_map<base::RoomName, Links> links_;
  Calls<wire::Result<Entered>> enters_;
  Calls<wire::Result<std::string>> renames_;
  Calls<wire::Result<Members>> members_;
};

}  // namespace chat::broker
