#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace chat::transport {

/// The bytes of one connection: the seam between protocol and sockets. Real ones are sockets
/// (asio_stream), tests use pipes that can be cut anywhere.
///
/// Thread: one loop. Ownership: by its Connection; destroying it closes it (an unread rest may
/// reset the peer). No call of the listener after destruction has begun.
class Stream {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    /// Bytes arrived; they may be changed in place. Never called while reading is paused.
    virtual void on_bytes(char* bytes, std::size_t size) = 0;
    /// What was asked for with want_writable: more can be written.
    virtual void on_writable() = 0;
    /// The peer ended its side (`clean`), or the connection broke.
    virtual void on_end(bool clean) = 0;
  };

  virtual ~Stream() = default;

  /// Begins to read. `listener` must outlive the stream.
  virtual void start(Listener& listener) = 0;
  /// Writes as much as goes without waiting; 0 when nothing does. -1: the connection is broken
  /// (on_end is not called for it).
  virtual std::ptrdiff_t write(const iovec* pieces, int count) = 0;
  /// One on_writable when more can be written.
  virtual void want_writable() = 0;
  /// Stops on_bytes until resume_reading (the kernel's buffer fills, then the peer waits).
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  /// Tells the peer that nothing more comes.
  virtual void shut_down_writing() = 0;
  /// Who is at the other end, for logs and limits: "127.0.0.1:37334", "[::1]:4", "unix".
  virtual const std::string& peer() const = 0;
};

}  // namespace chat::transport
