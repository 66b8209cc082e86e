#include "chat/transport/asio_stream.hpp"

#include <sys/socket.h>

#include <array>
#include <asio/buffer.hpp>
#include <cerrno>

namespace chat::transport {
namespace {

/// Who speaks often gets a buffer of its own: a read of what fits in costs one system call, without
/// one it costs a second to wait for the next. Ten thousand idle connections have none.
constexpr std::size_t kOwnBuffer = 256;
constexpr int kReadsBeforeOwnBuffer = 8;
/// All other reads go through one buffer per thread.
constexpr std::size_t kSharedBuffer = 64U << 10;
/// A fast sender yields to the others after this much.
constexpr int kReadsPerTurn = 4;

char* shared_buffer() {
  thread_local const std::unique_ptr<char[]> buffer(new char[kSharedBuffer]);
  return buffer.get();
}

/// The socket and its pending operations. It outlives its owner's interest until the last operation
/// has come back, and deletes itself then.
class Socket {
  using Buffer = std::array<char, kOwnBuffer>;

 public:
  Socket(AsioSocket socket, std::string peer)
      : socket_(std::move(socket)), peer_(std::move(peer)) {}

  void start(Stream::Listener& listener) {
    listener_ = &listener;
    read();
  }

  std::ptrdiff_t write(const iovec* pieces, int count) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<std::size_t>(count);
    for (;;) {
      const ssize_t sent =
          count == 1 ? ::send(socket_.native_handle(), pieces->iov_base, pieces->iov_len,
                              MSG_DONTWAIT | MSG_NOSIGNAL)
                     : ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent >= 0) return sent;
      if (errno == EAGAIN) return 0;  // EWOULDBLOCK is the same number here
      if (errno != EINTR) return -1;
    }
  }

  void want_writable() {
    if (waiting_to_write_) return;
    waiting_to_write_ = true;
    ++pending_;
    socket_.async_wait(AsioSocket::wait_write, [this](const std::error_code& error) {
      waiting_to_write_ = false;
      if (returned() || error) return;
      listener_->on_writable();
    });
  }

  void pause() { paused_ = true; }

  void resume() {
    paused_ = false;
    if (!reading_ && !in_listener_) read();
  }

  void shut_down_writing() {
    std::error_code ignored;
    socket_.shutdown(AsioSocket::shutdown_send, ignored);
  }

  /// The owner has no interest any more.
  void abandon() {
    listener_ = nullptr;
    std::error_code ignored;
    socket_.close(ignored);
    if (pending_ == 0) delete this;
  }

  const std::string& peer() const { return peer_; }

 private:
  /// Notes that an operation has come back; true when nobody listens any more (this may be gone).
  bool returned() {
    --pending_;
    if (listener_ != nullptr) return false;
    if (pending_ == 0) delete this;
    return true;
  }

  void read() {
    reading_ = true;
    ++pending_;
    if (!buffer_ && ++reads_ > kReadsBeforeOwnBuffer) buffer_ = std::make_unique<Buffer>();
    if (buffer_) {
      socket_.async_read_some(asio::buffer(*buffer_),
                              [this](const std::error_code& error, std::size_t size) {
                                reading_ = false;
                                if (!returned()) on_read(error, size);
                              });
      return;
    }
    socket_.async_wait(AsioSocket::wait_read, [this](const std::error_code& error) {
      reading_ = false;
      if (!returned()) on_readable(error);
    });
  }

  void on_readable(const std::error_code& error) {
    if (error) {
      listener_->on_end(false);
      return;
    }
    hold([this] { return read_more(); });
  }

  void on_read(const std::error_code& error, std::size_t size) {
    if (error) {
      listener_->on_end(error == asio::error::eof);
      return;
    }
    hold([this, size] {
      listener_->on_bytes(buffer_->data(), size);
      return size == buffer_->size() && read_more();
    });
  }

  /// Hands bytes on by `use`, which answers whether the connection ended, and reads on. The
  /// listener may give the stream up in any of its calls: `this` stays until they have returned.
  template <class Use>
  void hold(const Use& use) {
    ++pending_;
    in_listener_ = true;
    const bool ended = use();
    in_listener_ = false;
    if (returned() || ended) return;
    if (!paused_) read();
  }

  /// Reads through the shared buffer; true when the connection ended.
  bool read_more() {
    for (int i = 0; i < kReadsPerTurn && listener_ != nullptr && !paused_; ++i) {
      const ssize_t got =
          ::recv(socket_.native_handle(), shared_buffer(), kSharedBuffer, MSG_DONTWAIT);
      if (got > 0) listener_->on_bytes(shared_buffer(), static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        listener_->on_end(got == 0);
        return true;
      }
      if (got < static_cast<ssize_t>(kSharedBuffer)) return false;
    }
    return false;
  }

  AsioSocket socket_;
  std::string peer_;
  Stream::Listener* listener_ = nullptr;
  int pending_ = 0;
  bool reading_ = false;
  bool paused_ = false;
  bool in_listener_ = false;  // its bytes lie in our buffers: no new read yet
  bool waiting_to_write_ = false;
  int reads_ = 0;
  std::unique_ptr<Buffer> buffer_;
};

class AsioStream final : public Stream {
 public:
  explicit AsioStream(Socket* socket) : socket_(socket) {}
  ~AsioStream() override { socket_->abandon(); }
  AsioStream(const AsioStream&) = delete;
  AsioStream& operator=(const AsioStream&) = delete;

  void start(Listener& listener) override { socket_->start(listener); }
  std::ptrdiff_t write(const iovec* pieces, int count) override {
    return socket_->write(pieces, count);
  }
  void want_writable() override { socket_->want_writable(); }
  void pause_reading() override { socket_->pause(); }
  void resume_reading() override { socket_->resume(); }
  void shut_down_writing() override { socket_->shut_down_writing(); }
  const std::string& peer() const override { return socket_->peer(); }

 private:
  Socket* socket_;
};

}  // namespace

std::unique_ptr<Stream> make_asio_stream(AsioSocket socket, std::string peer) {
  return std::make_unique<AsioStream>(new Socket(std::move(socket), std::move(peer)));
}

}  // namespace chat::transport
