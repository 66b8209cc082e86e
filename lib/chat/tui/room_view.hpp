#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::tui {

/// One thing that a room shows, in the order of showing.
struct Row {
  enum class Kind : std::uint8_t {
    message,
    notice,    ///< `text` for the reader alone
    renamed,   ///< `name` is called `text` from here on
    presence,  ///< who came and went, folded
    gap,       ///< something is missing here
    pending,   ///< our own, not acknowledged; these stand at the end
    failed,    ///< our own, refused; `note` says why
  };
  /// How far a pending one has come.
  enum class Way : std::uint8_t { waiting, sending, acknowledged };
  Kind kind = Kind::notice;
  std::uint64_t id = 0;  ///< no other row of the room has it; what waits keeps it when it is there
  Way way = Way::waiting;
  base::Seq seq;
  base::WallMs at = 0;
  std::string name;
  std::string text;
  std::string note;
  std::uint64_t n = 0;
  bool is_own = false;
  bool is_action = false;
  bool is_mention = false;
  bool is_replaced = false;  ///< of a gap: there is a new history; else it is not kept any more
  std::set<std::string> joined;
  std::set<std::string> left;
};

/// What one room's window knows: rows, who is there, what was not read. Pure; thread: one loop.
///
/// Bounded: kMostRows, the oldest go first (they can be read again).
class RoomView {
 public:
  static constexpr std::size_t kMostRows = 5000;

  explicit RoomView(base::RoomName room) : room_(std::move(room)) {}

  // ---- what happens

  /// `read_to`: the newest that was read in an earlier life; what is behind it is new.
  void set_read_to(std::optional<wire::Cursor> read_to) { read_to_ = std::move(read_to); }
  void on_joined(const wire::Welcome& welcome);
  /// The next message. True when it mentions us.
  bool on_message(const wire::Message& message, const base::Epoch& epoch);
  void on_older(const wire::HistoryPage& page);
  void on_presence(const wire::Presence& presence, base::WallMs now);
  void on_typing(const std::string& name, base::TimePoint now);
  void on_renamed(const std::string& name);
  void on_gap(const wire::Missing& missing);
  void on_lost();
  void notice(std::string text, base::WallMs now);
  void add_pending(std::uint64_t n, std::string text, base::WallMs now);
  /// `n` is safe; its message itself is still to come.
  void on_acked(std::uint64_t n);
  void on_failed(std::uint64_t n, std::string why);
  /// Asks of each that waits whether it is on its way.
  void see_on_its_way(const std::function<bool(std::uint64_t)>& is_on_its_way);
  /// Everything is read: the reader looks at its end.
  void read_all();
  /// The reader does not see what comes from now on.
  void look_away() { is_read_ = false; }
  /// The same, and is done with what was new: the next new message gets a new line.
  void leave();
  void clear();
  /// Hides what `name`, in any case, says, or shows it again; true when it is hidden now.
  bool toggle_ignored(const std::string& name);

  // ---- what is shown

  const base::RoomName& room() const noexcept { return room_; }
  const std::deque<Row>& rows() const noexcept { return rows_; }
  const std::string& name() const noexcept { return name_; }
  const std::set<std::string>& members() const noexcept { return members_; }
  /// Names for completion: who spoke last comes first.
  std::vector<std::string> names() const;
  std::size_t count() const noexcept { return count_; }
  std::size_t unread() const noexcept { return unread_; }
  bool has_mention() const noexcept { return has_mention_; }
  /// The first row that was not read when the reader looked away; none: all was.
  std::optional<base::Seq> unread_from() const noexcept { return unread_from_; }
  std::vector<std::string> typing(base::TimePoint now) const;
  bool is_ignored(const std::string& name) const;
  std::vector<std::string> ignored() const;
  bool has_older() const noexcept { return has_older_; }
  /// Our own that have neither come back nor failed, in the order of sending.
  std::vector<Row> pending() const;
  /// Those of them that are not acknowledged.
  std::vector<Row> unsent() const;
  /// The oldest message shown; none when there is none.
  std::optional<base::Seq> oldest() const;
  /// The newest message told, to go on from.
  const std::optional<wire::Cursor>& cursor() const noexcept { return cursor_; }

 private:
  Row row_of(const wire::Message& message);
  void add(Row row);

  const base::RoomName room_;
  std::deque<Row> rows_;
  std::size_t waiting_ = 0;  // of rows_: pending
  std::uint64_t last_id_ = 0;
  std::string name_;
  base::ClientId client_;
  std::set<std::string> members_;
  std::size_t count_ = 0;
  std::vector<std::string> speakers_;              // the last one last
  std::map<std::string, base::TimePoint> typing_;  // until when it is shown
  std::map<std::string, std::string> ignored_;     // by their folded names
  std::optional<wire::Cursor> read_to_;
  std::optional<wire::Cursor> cursor_;
  std::optional<base::Seq> unread_from_;
  std::size_t unread_ = 0;
  bool has_mention_ = false;
  bool is_read_ = false;
  bool has_older_ = true;
  bool had_messages_ = true;  // the log that we have been in, as far as is known
  bool has_messages_ = true;  // the one that the last welcome told of
};

}  // namespace chat::tui
