#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.hpp"
#include "chat/room/dedup.hpp"
#include "chat/wire/message.hpp"

namespace chat::room {

/// How a resume or a read joins on to what is kept.
struct Continuity {
  enum class Kind {
    whole,        ///< everything after the cursor is kept
    trimmed,      ///< what lies between the cursor and `first` is gone
    other_epoch,  ///< the cursor is of another log, or ahead of this one
  };
  Kind kind = Kind::whole;
  base::Seq first;  ///< trimmed: the first kept seq (head + 1 when nothing is kept)
};

/// The order of one room: gives out seqs, recognises repeats, judges cursors. Pure; the messages
/// themselves are kept by a history::Store.
class Timeline {
 public:
  /// A room as its store knows it. `floor`: the highest seq that retention has dropped, 0 = none.
  Timeline(base::Epoch epoch, base::Seq head, base::Seq floor);

  const base::Epoch& epoch() const noexcept { return epoch_; }
  base::Seq head() const noexcept { return head_; }
  base::Seq floor() const noexcept { return floor_; }

  Dedup::Answer judge(const base::ClientId& client, std::uint64_t n) const {
    return dedup_.judge(client, n);
  }
  /// The seq of the next message; it is taken from now on.
  base::Seq allot();
  /// Notes a message of the log: one just allotted, or one read back (seq above head moves head).
  void applied(const base::ClientId& client, std::uint64_t n, base::Seq seq);
  /// Retention has dropped everything up to and including `seq`.
  void trimmed(base::Seq seq);

  /// How `cursor` joins on; an empty epoch in it means "this log".
  Continuity judge(const wire::Cursor& cursor) const;

  std::string dedup_snapshot() const { return dedup_.snapshot(); }
  bool restore_dedup(std::string_view bytes) { return dedup_.restore(bytes); }

 private:
  base::Epoch epoch_;
  base::Seq head_;
  base::Seq floor_;
  Dedup dedup_;
};

}  // namespace chat::room
