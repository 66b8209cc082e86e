#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "chat/bench/descriptor.hpp"

namespace chat::bench {

/// Lines of text to and from one other process, over a stream socket. A line may be many megabytes
/// long; it is sent and read in time that grows with its length and no faster.
/// Nothing is thrown, no SIGPIPE is raised, whatever the other side does.
/// Thread: one at a time.
class Channel {
 public:
  static constexpr std::size_t kMostLineBytes = 256U << 20;
  static constexpr std::chrono::seconds kSendBound{30};

  /// Takes a connected stream socket, blocking or not.
  explicit Channel(Descriptor socket) noexcept : socket_(std::move(socket)) {}
  /// Two ends of one connection within this machine: a process keeps one and leaves the other to
  /// the child that it forks. Both are closed by an exec.
  static tl::expected<std::pair<Channel, Channel>, std::string> pair();

  /// Sends `line`, which has no line break, and a line break. Waits until the system has taken all
  /// of it, at most `bound`. False when that was not to be: the other side is gone or reads
  /// nothing, or it is no line that could be received. Nothing can be sent after that, and the
  /// other side is told that the connection is over; what it has sent can still be received.
  bool send(std::string_view line, std::chrono::milliseconds bound = kSendBound);
  /// The next line, without its line break; nullopt when none has come whole until then (ns of
  /// CLOCK_MONOTONIC; 0: what is there already). Fails, then and ever after, when the other side is
  /// gone and all its lines were received, or when a line is too long; with why, for people.
  tl::expected<std::optional<std::string>, std::string> receive(std::uint64_t until_ns);
  /// `receive` has something to say without a look at the socket: `fd` does not tell of that.
  bool is_ready() { return has_line() || !over_.empty(); }

  /// For poll: readable when there may be a line, or the end.
  int fd() const noexcept { return socket_.get(); }
  /// How long a line may be that is received. At first kMostLineBytes.
  void set_most_line_bytes(std::size_t bytes) noexcept { most_line_bytes_ = bytes; }

 private:
  bool write(std::string_view bytes, std::uint64_t until_ns);
  bool read_some();
  bool has_line();
  std::optional<std::string> take_line();

  Descriptor socket_;
  std::size_t most_line_bytes_ = kMostLineBytes;
  std::string received_;
  std::size_t begin_ = 0;    ///< of the first line in it that was not taken
  std::size_t scanned_ = 0;  ///< from begin_ to here there is no line break
  std::string over_;         ///< why nothing more can be read; empty: it can
  bool is_cut_ = false;      ///< nothing more can be sent
};

}  // namespace chat::bench
