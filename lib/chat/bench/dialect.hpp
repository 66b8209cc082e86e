#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace chat::bench {

/// A member of a room as a server is told of it; one for each connection, or for all that follow
/// each other (on_cut).
struct Seat {
  std::string room;     ///< letters, digits and `_`
  std::string name;     ///< what a server that wants one is told
  std::string secret;   ///< 16 characters of `A–Z a–z 0–9 - _`, of this member alone
  std::uint64_t n = 0;  ///< counts what it has asked for, where the protocol wants numbers
  bool joined = false;
  std::string epoch = {};   ///< of the room's log; empty: not known, it starts anew
  std::uint64_t seq = 0;    ///< the last of that log that this member has: behind it it resumes
  bool is_ordered = false;  ///< what is refused for now is to hold back what was sent behind it
};

/// How to speak to a server about rooms: its handshake, what joins a room, what publishes to it,
/// and what its frames mean. Messages of a test are told by their mark (mark.hpp), whatever is
/// around them, so a dialect hears only of the other frames. docs/bench.md says what each expects.
///
/// Contract (tests/unit/bench/dialect_test.cpp runs it over every one)
///  - `text` arguments are payloads of text frames, without masks or fragments.
///  - Whatever the server sends, nothing throws, and a frame is answered by a few frames at most.
///  - Nothing is kept but in the Seat; pure.
/// Thread: any, one at a time for a Seat.
class Dialect {
 public:
  /// The WebSocket handshake of RFC 6455 that the server wants.
  struct Handshake {
    std::string target;       ///< "/ws/lobby/"
    std::string subprotocol;  ///< empty: none
  };
  /// What to do next.
  struct Step {
    std::vector<std::string> send;  ///< text frames
    std::uint32_t acked = 0;  ///< so many messages of this seat are acknowledged by this frame
    /// Where the dialect deduplicates: the `n` of the message that this frame answers, be it
    /// acknowledged or refused, which need not be sent again; 0: none. At most one in a frame.
    std::uint64_t answered = 0;
    /// … and was refused only for now: it may be sent again, once every other has its answer.
    bool is_passing = false;
    std::string refused;   ///< what the server says is wrong, for people; empty: nothing
    bool is_over = false;  ///< … and it is of no use to go on
  };
  /// What a member has to say when it said nothing for that long.
  struct Heartbeat {
    std::chrono::milliseconds every;
    std::string frame;
  };

  virtual ~Dialect() = default;

  virtual Handshake handshake(const Seat& seat) const = 0;
  /// The connection is open. Sets seat.joined where there is nothing to wait for.
  virtual Step on_open(Seat& seat) const = 0;
  /// A frame that has no message of the test; where the server gathers, every frame. Sets
  /// seat.joined when the frame says that every message from now on reaches this member.
  virtual Step on_text(Seat& seat, std::string_view text) const = 0;
  /// Appends the frame that publishes `payload`, which needs no escape in JSON, to the seat's room.
  /// Where the dialect deduplicates, seat.n is this message's number behind the call.
  virtual void publish(Seat& seat, std::string_view payload, std::string& frame) const = 0;
  /// Whether the server tells a publisher that its message was taken.
  virtual bool acknowledges() const noexcept = 0;
  /// Whether a member gets its own messages, too.
  virtual bool echoes() const noexcept = 0;
  /// Whether one frame may hold several messages, and what is no message beside them.
  virtual bool gathers() const noexcept { return false; }
  /// Nothing by default.
  virtual std::optional<Heartbeat> heartbeat(Seat&) const { return std::nullopt; }

  // ---- members that are cut and come back

  /// Whether the server gives to a member that comes back what it has missed. When that is gone,
  /// the frame that joins tells it in Step::refused, and it is not over.
  virtual bool resumes() const noexcept { return false; }
  /// A frame with a message of the test, in the order in which they came: from where to resume.
  /// Needed for members that may be cut, and only where the dialect resumes.
  virtual void on_message(Seat&, std::string_view) const {}
  /// The connection is gone. On the next one on_open comes again, with this seat.
  virtual void on_cut(Seat& seat) const { seat.joined = false; }
  /// Whether a message that is sent again under its number is not delivered twice.
  virtual bool deduplicates() const noexcept { return false; }
  /// Appends the frame that publishes what was published as `n`, and had no answer when the
  /// connection was cut: again under that number where the dialect deduplicates, as a new message
  /// elsewhere. Before any new one, in the order of `n`, so that the order stays. `is_first`: it is
  /// the first that was refused for now, and all that follow it come again.
  virtual void publish_again(Seat& seat, std::uint64_t n, std::string_view payload, bool is_first,
                             std::string& frame) const;
};

/// Where a server differs from what its dialect takes for granted.
struct DialectOptions {
  std::string
      path;  ///< target instead of the dialect's own; `{room}` in it is the room, as in a URL
  std::string app_key;     ///< pusher
  std::string app_secret;  ///< pusher: signs the joins
};

/// "chat.v1", "plain", "raw", "centrifugo", "socket.io", "phoenix", "pusher".
const std::vector<std::string_view>& dialect_names();
/// What is wrong, for people, when there is none of that name or an option is missing.
tl::expected<std::unique_ptr<Dialect>, std::string> make_dialect(std::string_view name,
                                                                 const DialectOptions& options);

}  // namespace chat::bench
