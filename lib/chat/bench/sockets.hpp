#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/bench/descriptor.hpp"
#include "chat/bench/ws_frame.hpp"

namespace chat::bench {

/// Many WebSocket clients on one thread, made to cost little for each frame, so that a test shows
/// the server's limit and not its own: no TLS, no compression, one key and one mask for all (a
/// server cannot tell them from random ones), frames read where the kernel put them.
///
/// Members are numbered from 0. Nothing is thrown; what goes wrong with one is told by on_lost.
/// Thread: one.
class Sockets {
 public:
  /// Called in `wait` and, for on_lost, in `connect` and `send`, too.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The server has taken the handshake.
    virtual void on_open(std::size_t member) = 0;
    /// A text; it is gone behind the call.
    virtual void on_text(std::size_t member, std::string_view text) = 0;
    /// All that was read in one go has been told: answers to it can go together.
    virtual void on_read(std::size_t) {}
    /// The connection is over, not by `close`. `why` is for people.
    virtual void on_lost(std::size_t member, const std::string& why) = 0;
    /// It is `due`, or a little later: between two members, however many have something to read.
    virtual void on_due() {}
  };
  /// Where to, and what the handshake asks for.
  struct Call {
    sockaddr_in server{};
    std::string host;         ///< as the request's Host names it
    std::string target;       ///< "/ws/lobby/"
    std::string subprotocol;  ///< empty: none
    /// Which loopback address to call a loopback address from, 0: 127.0.0.1. One address has about
    /// 28,000 ports to call from.
    std::uint32_t source = 0;
  };

  /// So many may call from one loopback address.
  static constexpr std::size_t kMembersPerAddress = 20'000;

  Sockets(std::size_t members, Listener& listener);

  /// Starts; on_open or on_lost follows.
  void connect(std::size_t member, const Call& call);
  /// Sends a text, or as soon as the socket takes it; nothing when the member is not connected.
  void send(std::size_t member, std::string_view text);
  /// Appends the frame of a text; `send_frames` sends such in one go.
  static void append_frame(std::string& frames, std::string_view text);
  void send_frames(std::size_t member, std::string_view frames);
  /// Ends it without a word, as a process that dies does.
  void close(std::size_t member);
  /// Reads nothing more, until `resume`: what a stalled reader does.
  void pause(std::size_t member);
  void resume(std::size_t member);

  /// Handles what has happened, or waits for that, at most until `until`; ns of CLOCK_MONOTONIC.
  void wait(std::uint64_t until);
  /// When on_due is to be called; never again until it is set anew. UINT64_MAX: not.
  void set_due(std::uint64_t due) noexcept { due_ = due; }
  /// ns of CLOCK_MONOTONIC, as of the last thing that was read.
  std::uint64_t now() const noexcept { return now_; }
  /// The same, now.
  std::uint64_t look_at_clock() noexcept;

  /// Handshakes under way, and members that are open.
  std::size_t connecting() const noexcept { return connecting_; }
  std::size_t open() const noexcept { return open_; }
  /// Bytes received, frames' heads included.
  std::uint64_t bytes_received() const noexcept { return bytes_received_; }

 private:
  enum class Phase : std::uint8_t { idle, connecting, handshake, open };
  struct Member {
    Descriptor socket;
    Phase phase = Phase::idle;
    bool is_paused = false;
    bool is_ending = false;  // nothing more comes than what can be read now
    std::string kept;        // an incomplete frame or answer
    std::string text;        // fragments of a text
    std::string out;         // the request, or what the socket has refused
  };

  std::string start(Member& member, std::size_t index, const Call& call);
  void lose(std::size_t index, const std::string& why);
  void reset(Member& member);
  void on_connected(std::size_t index);
  void on_readable(std::size_t index);
  std::size_t consume(std::size_t index, const char* bytes, std::size_t size);
  std::size_t read_answer(std::size_t index, std::string_view bytes);
  void on_frame(std::size_t index, const FrameHeader& header, std::string_view payload);
  void flush(Member& member);
  static bool reads(const Member& member) noexcept;

  Listener& listener_;
  Descriptor epoll_;
  std::vector<Member> members_;
  std::vector<char> buffer_;
  std::size_t connecting_ = 0;
  std::size_t open_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t now_ = 0;
  std::uint64_t due_ = UINT64_MAX;
};

}  // namespace chat::bench
