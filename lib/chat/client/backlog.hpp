#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "chat/wire/server_frame.hpp"

namespace chat::client {

/// Which messages of a room a reader wants to begin with.
struct ReadFrom {
  enum class Kind : std::uint8_t {
    now,     ///< only what comes
    newest,  ///< the newest `count`, then what comes
    cursor,  ///< everything behind `cursor`
    time,    ///< everything that the server took at `at` or later
    all,     ///< everything that is kept
  };
  Kind kind = Kind::now;
  std::size_t count = 0;
  wire::Cursor cursor;
  base::WallMs at = 0;
};

/// Turns what a server sends of a room, live messages and pages of its history, into what a reader
/// is told: each message once, in order, without a hole that is not named. (What a server drops of
/// its log while it is being read goes unnamed: pages do not tell.) Pure.
///
/// Where to begin is looked for backwards, page by page, keeping none; from there it is read
/// forwards. Meanwhile live messages are only counted: they come with a later page. A log that was
/// replaced is read from its beginning.
class Backlog {
 public:
  explicit Backlog(ReadFrom from);

  /// What to say as `since` in the hello; none before the first message or welcome.
  const std::optional<wire::Cursor>& cursor() const noexcept { return cursor_; }

  void on_welcome(const wire::Welcome& welcome);
  /// True when the reader is told this live message.
  bool on_message(const wire::Message& message);
  /// The page of history to ask for now; one is asked for at a time.
  std::optional<wire::HistoryRequest> next_request(std::size_t page);
  /// True when `page` answers the request that is out.
  bool awaits(const wire::HistoryPage& page) const noexcept;
  /// What of it the reader is told.
  std::vector<wire::MessagePtr> on_page(const wire::HistoryPage& page);
  /// Its request failed, or its connection is gone.
  void on_request_lost() noexcept { asked_.reset(); }

  /// Everything has been told that was there at the first welcome.
  bool caught_up() const noexcept;

 private:
  enum class State : std::uint8_t { starting, seeking, filling, live };

  void begin(const wire::Welcome& welcome);
  void fill_from(base::Seq after);
  /// Goes on looking for the beginning in an older page.
  void seek(const wire::HistoryPage& page);
  bool tell(const wire::Message& message);

  ReadFrom from_;
  State state_ = State::starting;
  std::optional<wire::Cursor> cursor_;  // everything up to here has been told
  base::Seq newest_;                    // that is known of
  base::Seq newest_asked_;              // … when the page was asked for
  std::optional<wire::Cursor> goal_;    // the head at the first welcome
  base::Seq before_;                    // seeking: everything from here on is wanted
  std::size_t wanted_ = 0;              // seeking the newest: how many more
  std::optional<wire::HistoryRequest> asked_;
};

}  // namespace chat::client
