#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/base/ids.hpp"
#include "chat/base/token_bucket.hpp"
#include "chat/broker/broker.hpp"
#include "chat/broker/presence.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/frame.hpp"
#include "chat/wire/limits.hpp"

namespace chat::session {

// What a session wants done; carried out by its owner in the order given.

/// Take part in the room: subscribe, enter under `name` (empty = a guest name), and for a resume
/// read what was missed. Answered by Session::on_joined.
struct Join {
  std::string name;
  std::optional<wire::Cursor> since;
};
/// Answered by Session::on_published.
struct Publish {
  base::ClientId client;
  std::uint64_t n = 0;
  std::string body;
};
/// Answered by Session::on_renamed.
struct Rename {
  std::string name;
};
struct Typing {};
/// Answered by Session::on_page.
struct ReadHistory {
  wire::HistoryRequest request;
};
/// A frame for this client.
struct Reply {
  std::string text;
  std::optional<wire::Code> error;  ///< set when the frame tells one
};
/// Close with the code's close number; the error frame has been replied before.
struct Close {
  wire::Code code;
};

using Action = std::variant<Join, Publish, Rename, Typing, ReadHistory, Reply, Close>;
using Actions = std::vector<Action>;

/// The rules of one connection, with no IO: feed it what happened, do what it says. Pure: time is
/// an argument. Thread: one loop.
///
/// plain: opened → joined. chat.v1: opened → (hello) joining → joined. Anything but a hello before
/// the hello, and no hello within the owner's time, end the connection; other mistakes cost their
/// frame, and count against the rate as any frame does. After the end nothing is taken, and answers
/// that still come are not passed on.
class Session {
 public:
  /// `limits` must outlive it.
  Session(wire::Dialect dialect, const wire::Limits& limits, base::TimePoint now);

  void on_open(Actions& actions);
  /// A whole text frame (UTF-8).
  void on_text(std::string_view text, base::TimePoint now, Actions& actions);
  void on_binary(base::TimePoint now, Actions& actions);
  /// No hello came in its time.
  void on_hello_timeout(Actions& actions);

  /// The join is done; `welcome` as the owner knows it, without client and limits, is completed and
  /// replied (chat.v1).
  void on_joined(wire::Welcome welcome, Actions& actions);
  /// The join was refused; the connection ends.
  void on_join_failed(const wire::Error& error, Actions& actions);
  void on_published(std::uint64_t n, const wire::Result<broker::Published>& outcome,
                    Actions& actions);
  /// The room takes publishes that it refused with `busy`: replied once to who was refused
  /// (chat.v1).
  void on_ready(Actions& actions);
  void on_renamed(const wire::Result<std::string>& name, Actions& actions);
  /// It has another name without having asked; only when it has joined.
  void on_renamed_unasked(const std::string& name, Actions& actions);
  void on_page(const wire::HistoryRequest& request, const wire::Result<broker::ReadAnswer>& answer,
               Actions& actions);

  wire::Dialect dialect() const noexcept { return dialect_; }
  bool awaits_hello() const noexcept { return state_ == State::awaiting_hello; }
  bool joined() const noexcept { return state_ == State::joined; }
  const std::string& name() const noexcept { return name_; }
  const base::ClientId& client() const noexcept { return client_; }
  /// Publishes and reads that are not answered yet; a drain waits for them.
  std::size_t unanswered() const noexcept { return inflight_ + reads_; }

 private:
  enum class State : std::uint8_t { opened, awaiting_hello, joining, joined, ended };

  void on_frame(wire::Hello& hello, base::TimePoint now, Actions& actions);
  void on_frame(wire::Send& send, base::TimePoint now, Actions& actions);
  void on_frame(wire::Rename& rename, base::TimePoint now, Actions& actions);
  void on_frame(wire::Typing& typing, base::TimePoint now, Actions& actions);
  void on_frame(wire::HistoryRequest& request, base::TimePoint now, Actions& actions);
  void publish(base::ClientId client, std::uint64_t n, std::string body, Actions& actions);
  void on_mistake(const wire::Error& error, base::TimePoint now, Actions& actions);
  bool admit(base::TimePoint now, std::optional<std::uint64_t> n, Actions& actions);
  /// A Send was refused: those behind it wait for it, where the client wants order.
  void hold_back(wire::Code code);
  void refuse(const wire::Error& error, Actions& actions);
  void end(wire::Code code, Actions& actions);

  const wire::Limits& limits_;
  base::TokenBucket frames_;
  base::TimePoint typed_at_{};
  std::string name_;
  base::ClientId client_;
  std::uint32_t inflight_ = 0;
  std::uint16_t reads_ = 0;
  std::uint16_t refused_in_row_ = 0;
  bool renaming_ = false;
  bool told_busy_ = false;  // of a publish, since the last `ready`
  bool ordered_ = false;
  std::optional<wire::Code> held_back_;  // why every Send is refused that is not `first`
  wire::Dialect dialect_;
  State state_ = State::opened;
};

}  // namespace chat::session
