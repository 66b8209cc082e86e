#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chat/base/ids.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/frame.hpp"

namespace chat::broker {

/// A member's place in its room.
struct Entered {
  std::string name;                  ///< what it is called
  std::vector<std::string> members;  ///< names, itself included, up to the limit
  std::size_t count = 0;
};
struct Members {
  std::vector<std::string> names;  ///< up to the limit
  std::size_t count = 0;
};
struct RoomCount {
  base::RoomName room;
  std::size_t count = 0;
};

/// What presence tells a worker. Thread: called on the loop of the worker that entered.
class PresenceSink {
 public:
  virtual ~PresenceSink() = default;
  virtual void on_presence(const base::RoomName& room, const wire::Presence& presence) = 0;
  virtual void on_typing(const base::RoomName& room, const std::string& name) = 0;
  /// A member of this worker has another name without having asked: somebody on another node had
  /// its name first. The room is told as of any rename.
  virtual void on_renamed(const base::RoomName& room, base::MemberKey key,
                          const std::string& name) = 0;
};

/// Who is where, under which name. Signals, not messages: never stored, may be gathered.
///
/// Contract (tests/contract/presence_contract.hpp)
///  - Names are unique in a room over all workers (room::Roster).
///  - A sink hears of a room while at least one member of its worker is in it, and never twice of
///  one
///    change; joins and leaves are gathered over `gather` and longer in large rooms.
///  - Answers may come before the call returns.
/// Thread: all calls on one loop; answers and signals on the same.
class Presence {
 public:
  using EnterDone = std::function<void(wire::Result<Entered>)>;
  using RenameDone = std::function<void(wire::Result<std::string>)>;
  using MembersDone = std::function<void(wire::Result<Members>)>;
  using CountsDone = std::function<void(wire::Result<std::vector<RoomCount>>)>;

  virtual ~Presence() = default;

  /// `wanted`: a valid name, or empty for a guest name.
  virtual void enter(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
                     PresenceSink& sink, EnterDone done) = 0;
  virtual void rename(const base::RoomName& room, base::MemberKey key, const std::string& wanted,
                      RenameDone done) = 0;
  /// Once for each `enter`, with the same sink; an enter still unanswered is answered all the same.
  virtual void leave(const base::RoomName& room, base::MemberKey key, PresenceSink& sink) = 0;
  virtual void typing(const base::RoomName& room, const std::string& name) = 0;
  virtual void members(const base::RoomName& room, MembersDone done) = 0;
  virtual void counts(CountsDone done) = 0;
};

}  // namespace chat::broker
