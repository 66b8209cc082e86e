#include "chat/transport/asio_tls_stream.hpp"

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>
#include <utility>

namespace chat::transport {
namespace {

constexpr std::size_t kMostUnderWay = 64U << 10;

/// The socket and its pending operations, which keep it alive.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(std::unique_ptr<TlsSocket> socket, std::shared_ptr<asio::ssl::context> context,
         std::string peer)
      : context_(std::move(context)), socket_(std::move(socket)), peer_(std::move(peer)) {}

  void start(Stream::Listener& listener) {
    listener_ = &listener;
    read();
  }

  std::ptrdiff_t write(const iovec* pieces, int count) {
    if (broken_) return -1;
    if (writing_) return 0;
    under_way_.clear();
    for (int i = 0; i < count; ++i) {
      const auto size = std::min(pieces[i].iov_len, kMostUnderWay - under_way_.size());
      under_way_.append(static_cast<const char*>(pieces[i].iov_base), size);
    }
    if (under_way_.empty()) return 0;
    writing_ = true;
    asio::async_write(*socket_, asio::buffer(under_way_),
                      [self = shared_from_this()](const std::error_code& error, std::size_t) {
                        self->on_written(error);
                      });
    return static_cast<std::ptrdiff_t>(under_way_.size());
  }

  void want_writable() {
    wants_writable_ = true;
    if (writing_) return;
    asio::post(socket_->get_executor(), [self = shared_from_this()] { self->tell_writable(); });
  }

  void pause() { paused_ = true; }
  void resume() {
    paused_ = false;
    if (!reading_ && !in_listener_) read();
  }

  void shut_down_writing() {
    ends_ = true;
    if (!writing_) shut_down();
  }

  void abandon() {
    listener_ = nullptr;
    // What is under way may still leave.
    if (!writing_) close();
  }

  const std::string& peer() const { return peer_; }

 private:
  void read() {
    reading_ = true;
    socket_->async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](const std::error_code& error, std::size_t size) {
          self->on_read(error, size);
        });
  }

  void on_read(const std::error_code& error, std::size_t size) {
    reading_ = false;
    if (listener_ == nullptr) return;
    if (error) return listener_->on_end(error == asio::error::eof);
    in_listener_ = true;
    listener_->on_bytes(buffer_.data(), size);
    in_listener_ = false;
    if (listener_ != nullptr && !paused_) read();
  }

  void on_written(const std::error_code& error) {
    writing_ = false;
    broken_ = static_cast<bool>(error);
    if (listener_ == nullptr) return close();
    if (ends_ && !broken_) return shut_down();
    tell_writable();
  }

  void tell_writable() {
    if (listener_ == nullptr || writing_ || !std::exchange(wants_writable_, false)) return;
    listener_->on_writable();
  }

  void shut_down() {
    socket_->async_shutdown([self = shared_from_this()](const std::error_code&) {});
  }

  void close() {
    std::error_code ignored;
    socket_->lowest_layer().close(ignored);
  }

  std::shared_ptr<asio::ssl::context> context_;
  std::unique_ptr<TlsSocket> socket_;
  std::string peer_;
  Stream::Listener* listener_ = nullptr;
  std::array<char, 16U << 10> buffer_{};
  std::string under_way_;
  bool reading_ = false;
  bool paused_ = false;
  bool in_listener_ = false;  // its bytes lie in our buffer: no new read yet
  bool writing_ = false;
  bool wants_writable_ = false;
  bool ends_ = false;
  bool broken_ = false;
};

class AsioTlsStream final : public Stream {
 public:
  explicit AsioTlsStream(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
  ~AsioTlsStream() override { socket_->abandon(); }
  AsioTlsStream(const AsioTlsStream&) = delete;
  AsioTlsStream& operator=(const AsioTlsStream&) = delete;

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
  std::shared_ptr<Socket> socket_;
};

}  // namespace

std::unique_ptr<Stream> make_asio_tls_stream(std::unique_ptr<TlsSocket> socket,
                                             std::shared_ptr<asio::ssl::context> context,
                                             std::string peer) {
  return std::make_unique<AsioTlsStream>(
      std::make_shared<Socket>(std::move(socket), std::move(context), std::move(peer)));
}

}  // namespace chat::transport
