#include "chat/hub/hub.hpp"

#include <algorithm>
#include <cstring>

namespace chat::hub {
namespace {

/// Merged blocks stop growing here: a slow reader then holds little beyond its bound.
constexpr std::size_t kMergeBytes = 128U << 10;

base::BlockRef merge(const std::vector<base::BlockRef>& frames, std::size_t begin, std::size_t end,
                     std::size_t bytes) {
  if (end - begin == 1) return frames[begin];
  char* out = nullptr;
  base::BlockRef merged = base::Block::uninitialised(bytes, out);
  for (std::size_t i = begin; i < end; ++i) {
    const auto piece = frames[i]->bytes();
    std::memcpy(out, piece.data(), piece.size());
    out += piece.size();
  }
  return merged;
}

void merge_all(const std::vector<base::BlockRef>& frames, std::vector<base::BlockRef>& merged) {
  std::size_t begin = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::size_t size = frames[i]->size();
    if (i > begin && bytes + size > kMergeBytes) {
      merged.push_back(merge(frames, begin, i, bytes));
      begin = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (begin < frames.size()) merged.push_back(merge(frames, begin, frames.size(), bytes));
}

}  // namespace

Hub::Hub(Encoder encode, Schedule schedule)
    : encode_(std::move(encode)), schedule_(std::move(schedule)) {}

Hub::~Hub() = default;

Room& Hub::open(const base::RoomName& name) {
  auto& room = rooms_[name];
  if (!room) room = std::make_unique<Room>(name);
  return *room;
}

Room* Hub::find(const base::RoomName& name) noexcept {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.get();
}

bool Hub::is_idle(const Room& room) noexcept { return room.size() == 0 && room.catching_up_ == 0; }

void Hub::drop_if_idle(Room& room) {
  if (!is_idle(room)) return;
  for (Lane& lane : room.lanes_) {
    if (lane.queued) queue_.erase(std::find(queue_.begin(), queue_.end(), &lane));
  }
  rooms_.erase(base::RoomName(room.name_));
}

void Hub::join(Room& room, Member& member) {
  Lane& lane = room.lanes_[static_cast<std::size_t>(member.dialect_)];
  member.room_ = &room;
  member.from_ = lane.next_number;
  member.index_ = static_cast<std::uint32_t>(lane.members.size());
  lane.members.push_back(&member);
}

void Hub::leave(Member& member) {
  if (member.room_ == nullptr) return;
  Lane& lane = member.room_->lanes_[static_cast<std::size_t>(member.dialect_)];
  // Members before the cursor have got the frames being sent, the others have not: a gap among the
  // first is filled by the last of the first, and that one's place by the last of all.
  std::size_t gap = member.index_;
  const auto fill_from = [&lane, &gap](std::size_t place) {
    if (place == gap) return;
    lane.members[gap] = lane.members[place];
    lane.members[gap]->index_ = static_cast<std::uint32_t>(gap);
    gap = place;
  };
  if (gap < lane.cursor) fill_from(--lane.cursor);
  fill_from(lane.members.size() - 1);
  lane.members.pop_back();
  member.room_ = nullptr;
}

void Hub::begin_catch_up(Room& room) noexcept {
  if (++room.catching_up_ == 1) room.recent_floor_ = room.head_;
}

void Hub::end_catch_up(Room& room) noexcept {
  if (--room.catching_up_ > 0) return;
  room.recent_.clear();
  room.recent_bytes_ = 0;
}

std::optional<std::vector<wire::MessagePtr>> Hub::recent_after(const Room& room,
                                                               base::Seq seq) const {
  if (seq < room.recent_floor_) return std::nullopt;
  std::vector<wire::MessagePtr> missed;
  for (const auto& message : room.recent_) {
    if (message->seq > seq) missed.push_back(message);
  }
  return missed;
}

void Hub::restart(Room& room, base::Seq head) {
  room.head_ = head;
  room.recent_.clear();
  room.recent_bytes_ = 0;
  room.recent_floor_ = head;
}

void Hub::deliver(Room& room, const wire::MessagePtr& message) {
  room.head_ = message->seq;
  if (room.catching_up_ > 0) {
    room.recent_.push_back(message);
    room.recent_bytes_ += message->cost();
    while (room.recent_bytes_ > kRecentBytes) {
      room.recent_floor_ = room.recent_.front()->seq;
      room.recent_bytes_ -= room.recent_.front()->cost();
      room.recent_.pop_front();
    }
  }
  for (std::size_t dialect = 0; dialect < room.lanes_.size(); ++dialect) {
    Lane& lane = room.lanes_[dialect];
    if (lane.members.empty()) continue;
    gather(lane, encode_(*message, static_cast<wire::Dialect>(dialect)));
  }
}

void Hub::broadcast(Room& room, wire::Dialect dialect, base::BlockRef frame) {
  Lane& lane = room.lanes_[static_cast<std::size_t>(dialect)];
  if (!lane.members.empty()) gather(lane, std::move(frame));
}

void Hub::gather(Lane& lane, base::BlockRef frame) {
  lane.gathering.push_back(std::move(frame));
  ++lane.next_number;
  if (lane.queued) return;
  lane.queued = true;
  if (queue_.empty()) schedule_();
  queue_.push_back(&lane);
}

void Hub::begin_sending(Lane& lane) {
  lane.sending.swap(lane.gathering);
  lane.first_sending = lane.next_number - lane.sending.size();
  lane.cursor = 0;
  merge_all(lane.sending, lane.merged);
}

void Hub::hand_to(Lane& lane, Member& member) {
  if (member.from_ <= lane.first_sending) {
    for (const auto& block : lane.merged) member.deliver(block);
    deliveries_ += lane.sending.size();
    return;
  }
  // Joined while these were gathering: only the frames behind its join are for it.
  for (std::size_t i = member.from_ - lane.first_sending; i < lane.sending.size(); ++i) {
    member.deliver(lane.sending[i]);
    ++deliveries_;
  }
}

bool Hub::flush(std::size_t budget) {
  while (!queue_.empty() && budget > 0) {
    Lane& lane = *queue_.front();
    queue_.pop_front();
    if (lane.sending.empty()) begin_sending(lane);
    const std::size_t end = std::min(lane.members.size(), lane.cursor + budget);
    budget -= end - lane.cursor;
    for (; lane.cursor < end; ++lane.cursor) hand_to(lane, *lane.members[lane.cursor]);
    if (lane.cursor == lane.members.size()) {
      lane.sending.clear();
      lane.merged.clear();
      lane.cursor = 0;
    }
    lane.queued = !lane.sending.empty() || !lane.gathering.empty();
    if (lane.queued) queue_.push_back(&lane);
  }
  return !queue_.empty();
}

}  // namespace chat::hub
