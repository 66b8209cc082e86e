#include "chat/room/timeline.hpp"

#include <algorithm>
#include <utility>

namespace chat::room {

Timeline::Timeline(base::Epoch epoch, base::Seq head, base::Seq floor)
    : epoch_(std::move(epoch)), head_(std::max(head, floor)), floor_(floor) {}

base::Seq Timeline::allot() {
  head_ = base::Seq(head_.value() + 1);
  return head_;
}

void Timeline::applied(const base::ClientId& client, std::uint64_t n, base::Seq seq) {
  head_ = std::max(head_, seq);
  dedup_.record(client, n, seq);
}

void Timeline::trimmed(base::Seq seq) {
  floor_ = std::max(floor_, seq);
  head_ = std::max(head_, floor_);
}

Continuity Timeline::judge(const wire::Cursor& cursor) const {
  using Kind = Continuity::Kind;
  const bool other = !cursor.epoch.value().empty() && cursor.epoch != epoch_;
  if (other || cursor.seq > head_) return {Kind::other_epoch, {}};
  if (cursor.seq < floor_) return {Kind::trimmed, base::Seq(floor_.value() + 1)};
  return {Kind::whole, {}};
}

}  // namespace chat::room
