#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "chat/transport/stream.hpp"
#include "support/sim_executor.hpp"

namespace chat::tests {

/// How a link carries bytes, in both directions.
struct LinkConditions {
  base::Duration latency = std::chrono::milliseconds(2);  ///< of one delivery, at most
  std::size_t chunk_bytes = 1500;                         ///< of one delivery, at most
  std::size_t window_bytes = 8U << 10;  ///< to the client under way; then the server waits
};

/// A simulated connection: two pipes of bytes between a server's Stream and a client, with delays,
/// random chunks and a bounded buffer, that can be cut at any byte.
///
/// Thread: one. Ownership: shared by its two ends; each is gone when its owner lets go of it.
class Link : public std::enable_shared_from_this<Link> {
 public:
  /// The client's end.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_bytes(std::string_view bytes) = 0;
    /// No call after it.
    virtual void on_end() = 0;
  };

  static std::shared_ptr<Link> make(SimExecutor& outside, LinkConditions conditions,
                                    std::uint64_t seed, std::string peer);
  ~Link();

  /// The server's end, on its loop; to be asked for once. Destroying it closes that side.
  std::unique_ptr<transport::Stream> serve(SimExecutor& loop);

  // ---- the client's side

  void connect(Listener& listener);
  /// Never refused: a client bounds what it has under way by itself.
  void write(std::string_view bytes);
  void pause_reading();
  void resume_reading();
  /// The client goes, with what it has not read. Nothing is called any more.
  void close();

  // ---- faults

  void set_conditions(LinkConditions conditions);
  /// Both ends break now; what was under way is lost.
  void cut();
  /// Breaks when that many further bytes have arrived at the client (`down`) or at the server.
  void cut_after(std::size_t bytes, bool down);
  /// Carries nothing any more, and tells nobody.
  void fall_silent();

  /// The server holds its end.
  bool is_served() const noexcept { return served_; }
  /// Bytes on their way to the client.
  std::size_t bytes_down() const noexcept { return down_.bytes.size(); }

 private:
  class ServerEnd;
  /// One direction.
  struct Pipe {
    std::string bytes;
    SimExecutor* reader_loop = nullptr;
    std::function<void(char*, std::size_t)> on_bytes;
    std::function<void(bool clean)> on_end;
    std::optional<std::size_t> cut_after;
    bool ended = false;   // nothing is written any more
    bool broken = false;  // the end is no clean one
    bool paused = false;
    bool carrying = false;  // a delivery is on its way
  };

  Link(SimExecutor& outside, LinkConditions conditions, std::uint64_t seed, std::string peer);

  void start_served(transport::Stream::Listener& listener);
  std::ptrdiff_t write_down(const iovec* pieces, int count);
  void want_writable();
  void tell_writable();
  void end_served();

  void carry(Pipe& pipe);
  void arrive(Pipe& pipe);
  void lose_tail(Pipe& pipe);
  static void forget_reader(Pipe& pipe);
  std::size_t up_to(std::size_t most) { return static_cast<std::size_t>(random_() % (most + 1)); }

  SimExecutor& outside_;
  LinkConditions conditions_;
  std::mt19937_64 random_;
  std::string peer_;
  Pipe up_;
  Pipe down_;
  SimExecutor* server_loop_ = nullptr;  // while it is served
  std::function<void()> on_writable_;
  bool served_ = false;
  bool wants_writable_ = false;
  bool silent_ = false;
};

}  // namespace chat::tests
