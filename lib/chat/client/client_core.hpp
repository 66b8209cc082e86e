#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/token_bucket.hpp"
#include "chat/client/backlog.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::client {

// What a client wants done; carried out by its owner in the order given.

/// Connect to one of the servers, speaking chat.v1. Answered by on_open or on_lost.
struct Connect {
  std::size_t server = 0;
};
struct Transmit {
  std::string frame;
};
/// Ask for a sign of life: a ping. Answered by on_alive.
struct Probe {};
/// Close politely with 1000; nothing is expected after it.
struct Disconnect {};
/// Let go of a connection that does not answer; nothing is expected after it.
struct Abandon {};

// What its user is told.

struct Joined {
  wire::Welcome welcome;
};
/// The next message of the room.
struct Received {
  wire::MessagePtr message;
};
/// Everything has been told that was there at the first welcome; once.
struct CaughtUp {};
/// Messages are missing before those that are told next.
struct Gap {
  wire::Missing missing;
};
/// Message n is safe.
struct Acked {
  std::uint64_t n = 0;
  base::Seq seq;
};
/// Message n was refused for good, or (`may_be_there`) it cannot be known whether it was taken.
struct Failed {
  std::uint64_t n = 0;
  wire::ErrorFrame error;
  bool may_be_there = false;
};
/// Presence, names, typing, a page that the user asked for, an error that answers no message.
struct Told {
  wire::ServerFrame frame;
};
/// The connection is gone; the next is tried at `retry_at`.
struct Lost {
  std::string why;  ///< for people; what a server said in it is escaped
  base::TimePoint retry_at;
  std::uint16_t close = 0;  ///< the server's close code; 0: it said none
};
/// It is over: nothing more is done. `exit`: a process exit code (docs/protocol.md).
struct Ended {
  std::string why;  ///< as in Lost
  int exit = 0;
  std::uint16_t close = 0;  ///< as in Lost
};

using Action = std::variant<Connect, Transmit, Probe, Disconnect, Abandon, Joined, Received,
                            CaughtUp, Gap, Acked, Failed, Told, Lost, Ended>;
using Actions = std::vector<Action>;

/// How a connection, or the attempt to make one, ended.
struct Loss {
  std::uint16_t close = 0;  ///< the peer's close code; 0: it said none
  int http_status = 0;      ///< of a handshake that was refused
  base::Duration retry_after{};
  bool may_pass = true;    ///< false: trying again is useless (a certificate, a name that is wrong)
  bool timed_out = false;  ///< nothing was heard
  std::string why;
};

/// One member of one room: connects, says hello, resumes behind what it has told, sends and sends
/// again what was not acknowledged, comes back with full jitter or as the server asks, and ends
/// where the server says so. No IO: feed it what happened, do what it says. Pure: time is an
/// argument, randomness a function.
///
/// Messages get their n in the order of `send`, from 1 (the secret is new). At most
/// limits.inflight, and no more frames a second than the server takes, are on their way at once;
/// what was refused for the moment is sent again before anything else is.
/// Thread: one loop.
class ClientCore {
 public:
  struct Options {
    std::string secret;  ///< docs/protocol.md; new for each ClientCore
    std::string name;    ///< as wished; empty: the server's choice
    std::string token;
    ReadFrom from;
    std::size_t servers = 1;  ///< tried in turn
    /// Goes on trying although it has never been in the room.
    bool persistent = false;
    std::function<std::uint64_t()> random;
  };

  explicit ClientCore(Options options);

  void start(base::TimePoint now, Actions& actions);
  void on_open(base::TimePoint now, Actions& actions);
  /// A whole text frame.
  void on_text(std::string_view text, base::TimePoint now, Actions& actions);
  /// A sign of life, whatever it says.
  void on_alive(base::TimePoint now) noexcept;
  void on_lost(const Loss& loss, base::TimePoint now, Actions& actions);
  /// To be called at `deadline`; earlier does no harm.
  void on_time(base::TimePoint now, Actions& actions);
  base::TimePoint deadline() const noexcept;

  /// Queues a message (`body`: one JSON value) and answers its n.
  std::uint64_t send(std::string body, base::TimePoint now, Actions& actions);
  /// Asks for another name, for what is sent from now on: what was sent before is acknowledged
  /// first, and nothing goes until it is answered. Of several in a row the last counts. Without a
  /// connection, or when it is lost before the answer, the next hello asks where nothing is open.
  void rename(std::string name, base::TimePoint now, Actions& actions);
  void typing(Actions& actions);
  /// False when it is not in the room or too many are unanswered.
  bool ask_history(const wire::HistoryRequest& request, base::TimePoint now, Actions& actions);
  /// Tries at once instead of at `retry_at`.
  void retry_now(base::TimePoint now, Actions& actions);
  /// Leaves. What was not acknowledged stays so.
  void leave(Actions& actions);

  /// The n that the next message gets.
  std::uint64_t next_n() const noexcept { return last_n_ + 1; }
  /// Messages that are not answered for good.
  std::size_t unacknowledged() const noexcept { return outgoing_.size(); }
  /// Message n left at least once: it may have arrived.
  bool was_sent(std::uint64_t n) const noexcept;
  /// Message n has left on this connection, and is not answered yet.
  bool is_on_its_way(std::uint64_t n) const noexcept;
  bool joined() const noexcept { return state_ == State::joined; }
  const std::string& name() const noexcept { return name_; }
  const Backlog& backlog() const noexcept { return backlog_; }
  const wire::Limits& limits() const noexcept { return limits_; }

 private:
  enum class State : std::uint8_t { idle, connecting, greeting, joined, waiting, ended };
  struct Outgoing {
    std::uint64_t n;
    std::string body;
    bool is_sent;
    bool was_sent;  // on any connection
  };
  struct Rename {
    std::string name;
    std::uint64_t behind;  // the n of the last message under the former name
  };

  void on_frame(wire::Welcome& welcome, base::TimePoint now, Actions& actions);
  void on_frame(wire::MessagePtr& message, base::TimePoint now, Actions& actions);
  void on_frame(wire::Ack& ack, base::TimePoint now, Actions& actions);
  void on_frame(wire::HistoryPage& page, base::TimePoint now, Actions& actions);
  void on_frame(wire::ErrorFrame& error, base::TimePoint now, Actions& actions);
  void on_frame(wire::Renamed& renamed, base::TimePoint now, Actions& actions);
  void on_frame(wire::Ready& ready, base::TimePoint now, Actions& actions);
  void on_frame(wire::Closing& closing, base::TimePoint now, Actions& actions);
  template <class Frame>
  void on_frame(Frame& frame, base::TimePoint now, Actions& actions);

  void connect(base::TimePoint now, Actions& actions);
  void pump(base::TimePoint now, Actions& actions);
  void tell_caught_up(Actions& actions);
  void on_refused(std::uint64_t n, const wire::ErrorFrame& error, base::TimePoint now,
                  Actions& actions);
  void end(std::string why, const Loss& loss, Actions& actions);
  bool awaits_answer() const noexcept;
  base::Duration patience() const noexcept;
  void abandon(base::TimePoint now, Actions& actions);
  base::Duration wait_after(const Loss& loss, base::TimePoint now);
  const Outgoing* find(std::uint64_t n) const noexcept;
  Outgoing* find(std::uint64_t n) noexcept {
    return const_cast<Outgoing*>(std::as_const(*this).find(n));
  }
  void forget(const Outgoing& message);
  void pause(const wire::ErrorFrame& error, base::TimePoint now);
  bool is_open_up_to(std::uint64_t n) const noexcept;
  void ask_name(base::TimePoint now, Actions& actions);
  void transmit(std::string frame, base::TimePoint now, Actions& actions);

  Options options_;
  Backlog backlog_;
  State state_ = State::idle;
  wire::Limits limits_;
  std::string name_;
  std::string told_;  // the last frame, when it was an error that answers nothing; escaped

  // the connection
  std::size_t server_ = 0;
  unsigned attempts_ = 0;
  unsigned fruitless_ = 0;    // attempts before the first welcome
  std::size_t hopeless_ = 0;  // servers in a row of which each is not to be tried again
  bool was_joined_ = false;
  bool has_told_caught_up_ = false;
  base::TimePoint joined_at_{};
  base::TimePoint heard_at_{};
  base::TimePoint retry_at_{};
  std::optional<base::TimePoint> not_before_;  // as the server said
  std::size_t pages_asked_ = 0;                // by the user
  std::optional<std::string> asked_name_;
  std::deque<Rename> renames_;  // to be asked for, each in its turn
  bool is_probing_ = false;

  // what is sent
  std::deque<Outgoing> outgoing_;  // by n
  std::size_t next_ = 0;           // of outgoing_, the first that is not sent
  std::size_t in_flight_ = 0;
  std::uint64_t last_n_ = 0;
  base::TokenBucket pace_{0, 1, {}};
  base::TimePoint paused_until_{};
  base::TimePoint wake_ = base::TimePoint::max();  // when more may be sent
  unsigned pauses_ = 0;
  bool go_back_ = false;  // something was refused: nothing new until all on its way is answered
  bool goes_on_ = false;  // … which it is: the next one says so
};

}  // namespace chat::client
