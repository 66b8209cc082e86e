#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/hub/hub.hpp"

namespace chat::tests {

/// What a hub did against its contract.
class BrokenLaw : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// A member that knows which frames it is still to get, and takes no others.
class ModelMember final : public hub::Member {
 public:
  using Frame = std::shared_ptr<const std::string>;

  ModelMember(base::RoomName room, wire::Dialect dialect)
      : hub::Member(dialect), room_name(std::move(room)) {}

  void deliver(const base::BlockRef& frames) override {
    const auto before = missing.size();
    take(frames->bytes());
    handed += before - missing.size();
  }

  void take(std::string_view bytes) {
    if (bytes.empty()) problem = "an empty block";
    while (!bytes.empty() && problem.empty()) {
      if (missing.empty()) {
        problem = "a frame that is not for it";
      } else if (const auto& next = *missing.front(); bytes.substr(0, next.size()) != next) {
        problem = "not the next of its frames";
      } else {
        bytes.remove_prefix(next.size());
        missing.pop_front();
      }
    }
  }

  base::RoomName room_name;
  base::Seq reached;             // catching up: what it has of the room
  std::size_t missed_bytes = 0;  // catching up: of the messages delivered behind that
  bool catching_up = false;
  std::deque<Frame> missing;
  std::uint64_t handed = 0;
  std::string problem;
};

/// A hub, and beside it the plainest account of what each member is to get: the frames delivered to
/// its room while it was in, each once, in order. Played by pairs of bytes, so that a fuzzer, a
/// property test and a corpus file speak the same language. Throws BrokenLaw.
class HubModel {
 public:
  /// Does what one pair of bytes says, or nothing where it makes no sense.
  void apply(std::uint8_t code, std::uint8_t argument) {
    switch (code % 10) {
      case 0: join(argument); break;
      case 1: leave(argument); break;
      case 2:
      case 3: deliver(room_name(argument), std::string(argument / kRooms % 8, 'x')); break;
      case 4: deliver(room_name(argument), std::string(512U * argument, 'y')); break;
      case 5: broadcast(argument); break;
      case 6: flush(argument % 6U); break;
      case 7: drop(room_name(argument)); break;
      case 8: begin_catch_up(argument); break;
      default: end_catch_up(argument); break;
    }
    check();
  }

  /// Flushes to the end: now everybody has everything.
  void finish() {
    for (std::size_t turns = 0; flush_due_; ++turns) {
      if (turns > 10'000) throw BrokenLaw("flushing does not end");
      flush(3);
      check();
    }
    for (const auto& member : members_) {
      if (!member->catching_up && !member->missing.empty()) throw BrokenLaw("a frame was lost");
    }
    flush(1);
    check();
  }

 private:
  using Frame = ModelMember::Frame;
  struct RoomModel {
    base::Seq head;
    std::size_t catching_up = 0;
  };

  static constexpr std::size_t kRooms = 3;
  static constexpr std::size_t kMostMembers = 40;

  static base::RoomName room_name(std::uint8_t argument) {
    return base::RoomName(std::string(1, static_cast<char>('a' + argument % kRooms)));
  }
  static wire::Dialect dialect_of(std::uint8_t argument) {
    return argument / kRooms % 2 == 0 ? wire::Dialect::plain : wire::Dialect::v1;
  }
  static std::string text_of(const wire::Message& message, wire::Dialect dialect) {
    const std::string start = dialect == wire::Dialect::plain ? "p" : "v";
    return start + std::to_string(message.seq.value()) + message.body + ";";
  }

  base::BlockRef encode(const wire::Message& message, wire::Dialect dialect) {
    ++encoded_;
    return base::Block::copy_of(text_of(message, dialect));
  }

  hub::Room& open(const base::RoomName& name) {
    rooms_.try_emplace(name);
    return hub_.open(name);
  }

  ModelMember& add_member(std::uint8_t argument) {
    members_.push_back(std::make_unique<ModelMember>(room_name(argument), dialect_of(argument)));
    return *members_.back();
  }

  void join(std::uint8_t argument) {
    if (members_.size() == kMostMembers) return;
    hub::Room& room = open(room_name(argument));
    hub_.join(room, add_member(argument));
  }

  void leave(std::uint8_t argument) {
    if (members_.empty()) return;
    const auto at = members_.begin() + static_cast<std::ptrdiff_t>(argument % members_.size());
    ModelMember& member = **at;
    if (member.catching_up) stop_catching_up(member);
    hub_.leave(member);
    if (member.room() != nullptr) throw BrokenLaw("who left is still in a room");
    hub_.leave(member);
    member.missing.clear();
    gone_.push_back(std::move(*at));
    members_.erase(at);
  }

  void deliver(const base::RoomName& name, std::string body) {
    hub::Room* room = hub_.find(name);
    if (room == nullptr) return;
    auto message = std::make_shared<wire::Message>();
    message->seq = base::Seq(++last_seq_);
    message->body = std::move(body);
    std::array<bool, wire::kDialects> spoken{};
    std::array<Frame, wire::kDialects> frames;
    for (std::size_t i = 0; i < wire::kDialects; ++i) {
      frames[i] = std::make_shared<std::string>(text_of(*message, static_cast<wire::Dialect>(i)));
    }
    for (const auto& member : members_) {
      if (member->room_name != name) continue;
      const auto dialect = static_cast<std::size_t>(member->dialect());
      member->missing.push_back(frames[dialect]);
      if (member->catching_up) member->missed_bytes += message->cost();
      spoken[dialect] = spoken[dialect] || !member->catching_up;
    }
    encoded_ = 0;
    hub_.deliver(*room, message);
    rooms_.at(name).head = message->seq;
    if (encoded_ != static_cast<std::size_t>(std::count(spoken.begin(), spoken.end(), true))) {
      throw BrokenLaw("not encoded once for each dialect that is spoken");
    }
  }

  void broadcast(std::uint8_t argument) {
    const auto name = room_name(argument);
    hub::Room* room = hub_.find(name);
    if (room == nullptr) return;
    const auto frame = std::make_shared<std::string>("b" + std::to_string(++last_seq_) + ";");
    for (const auto& member : members_) {
      if (member->room_name != name || member->dialect() != dialect_of(argument)) continue;
      if (!member->catching_up) member->missing.push_back(frame);
    }
    hub_.broadcast(*room, dialect_of(argument), base::Block::copy_of(*frame));
  }

  void flush(std::size_t budget) {
    std::vector<std::size_t> missing;
    for (const auto& member : members_) missing.push_back(member->missing.size());
    flush_due_ = hub_.flush(budget);
    std::size_t served = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i]->missing.size() != missing[i]) ++served;
    }
    if (served > budget) throw BrokenLaw("more members were served than the budget allows");
  }

  void drop(const base::RoomName& name) {
    hub::Room* room = hub_.find(name);
    if (room == nullptr) return;
    const bool idle = is_idle(name);
    hub_.drop_if_idle(*room);
    if (idle) rooms_.erase(name);
  }

  void begin_catch_up(std::uint8_t argument) {
    if (members_.size() == kMostMembers) return;
    hub::Room& room = open(room_name(argument));
    hub_.begin_catch_up(room);
    ModelMember& member = add_member(argument);
    member.catching_up = true;
    member.reached = room.head();
    ++rooms_.at(member.room_name).catching_up;
  }

  /// One of those who catch up joins on to what was remembered for it, or to the whole history.
  void end_catch_up(std::uint8_t argument) {
    std::vector<ModelMember*> catching_up;
    for (const auto& member : members_) {
      if (member->catching_up) catching_up.push_back(member.get());
    }
    if (catching_up.empty()) return;
    ModelMember& member = *catching_up[argument % catching_up.size()];
    hub::Room& room = *hub_.find(member.room_name);
    auto recent = hub_.recent_after(room, member.reached);
    if (recent.has_value() != (member.missed_bytes <= hub::Hub::kRecentBytes)) {
      throw BrokenLaw("what was delivered during a catch-up is not remembered up to the bound");
    }
    if (!recent) {
      member.missing.clear();
      recent = hub_.recent_after(room, room.head());
      if (!recent) throw BrokenLaw("who has read everything cannot join");
    }
    for (const auto& message : *recent) member.take(text_of(*message, member.dialect()));
    if (!member.missing.empty()) throw BrokenLaw("a catch-up has a gap");
    hub_.join(room, member);
    stop_catching_up(member);
  }

  void stop_catching_up(ModelMember& member) {
    member.catching_up = false;
    hub_.end_catch_up(*hub_.find(member.room_name));
    --rooms_.at(member.room_name).catching_up;
  }

  std::size_t joined(const base::RoomName& name) const {
    return static_cast<std::size_t>(std::count_if(
        members_.begin(), members_.end(),
        [&](const auto& member) { return member->room_name == name && !member->catching_up; }));
  }
  bool is_idle(const base::RoomName& name) const {
    return joined(name) == 0 && rooms_.at(name).catching_up == 0;
  }

  void check() {
    std::uint64_t handed = 0;
    for (const auto* all : {&members_, &gone_}) {
      for (const auto& member : *all) {
        if (!member->problem.empty()) throw BrokenLaw("a member got " + member->problem);
        handed += member->handed;
      }
    }
    if (handed != hub_.deliveries()) throw BrokenLaw("deliveries are miscounted");
    for (const auto& member : members_) {
      const bool waits = !member->catching_up && !member->missing.empty();
      if (waits && !flush_due_) throw BrokenLaw("frames wait and no flush is asked for");
    }
    if (hub_.room_count() != rooms_.size()) throw BrokenLaw("rooms are miscounted");
    for (const auto& [name, model] : rooms_) {
      const hub::Room* room = hub_.find(name);
      if (room == nullptr) throw BrokenLaw("a room is gone");
      if (room->size() != joined(name)) throw BrokenLaw("members are miscounted");
      if (room->head() != model.head) throw BrokenLaw("a room's head is not its newest message");
      if (hub::Hub::is_idle(*room) != is_idle(name)) throw BrokenLaw("idle is not what it is");
    }
  }

  std::vector<std::unique_ptr<ModelMember>> members_;
  std::vector<std::unique_ptr<ModelMember>> gone_;
  std::map<base::RoomName, RoomModel> rooms_;
  std::uint64_t last_seq_ = 0;
  std::size_t encoded_ = 0;
  bool flush_due_ = false;
  hub::Hub hub_{[this](const auto& message, auto dialect) { return encode(message, dialect); },
                [this] { flush_due_ = true; }};
};

}  // namespace chat::tests
