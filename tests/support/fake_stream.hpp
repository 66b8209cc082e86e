#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/executor.hpp"
#include "chat/transport/stream.hpp"

namespace chat::tests {

/// A connection without a socket, seen from the peer and from the kernel. Gives out one Stream and
/// outlives it; bytes can be cut and held up anywhere.
class FakeStream {
 public:
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  explicit FakeStream(base::Executor& executor, std::string peer = "192.0.2.1:4711")
      : wire_(std::make_shared<Wire>(executor, std::move(peer))) {}

  /// The server's end.
  std::unique_ptr<transport::Stream> stream() { return std::make_unique<End>(wire_); }

  // ---- the peer

  /// Sends in pieces of at most `piece` bytes. What is not read yet waits.
  void send(std::string_view bytes, std::size_t piece = kUnlimited) {
    while (!bytes.empty()) {
      const auto size = std::min(piece, bytes.size());
      wire_->unread.emplace_back(bytes.substr(0, size));
      bytes.remove_prefix(size);
      wire_->pump();
    }
  }
  void end(bool clean = true) {
    if (wire_->listener != nullptr) wire_->listener->on_end(clean);
  }
  /// What has come since the last call.
  std::string receive() { return std::exchange(wire_->received, {}); }
  /// The server has said that nothing more comes, or closed.
  bool ended() const { return wire_->shut_down || gone(); }
  /// The server has closed.
  bool gone() const { return wire_->listener == nullptr; }

  // ---- the kernel

  /// How many more bytes it takes; tells the server when it waits for that.
  void take_up_to(std::size_t room) {
    wire_->room = room;
    if (room == 0 || !std::exchange(wire_->wants_writable, false)) return;
    if (wire_->listener != nullptr) wire_->listener->on_writable();
  }
  void break_writes() { wire_->broken = true; }
  bool paused() const { return wire_->paused; }
  bool wants_writable() const { return wire_->wants_writable; }
  std::size_t unread() const {
    std::size_t sum = 0;
    for (const auto& piece : wire_->unread) sum += piece.size();
    return sum;
  }
  /// The size of each write that took something.
  const std::vector<std::size_t>& writes() const { return wire_->writes; }

 private:
  struct Wire : std::enable_shared_from_this<Wire> {
    Wire(base::Executor& loop, std::string name) : executor(loop), peer(std::move(name)) {}

    void pump() {
      while (!unread.empty() && listener != nullptr && !paused) {
        std::string piece = std::move(unread.front());
        unread.erase(unread.begin());
        listener->on_bytes(piece.data(), piece.size());
      }
    }

    base::Executor& executor;
    std::string peer;
    transport::Stream::Listener* listener = nullptr;
    std::vector<std::string> unread;
    std::string received;
    std::vector<std::size_t> writes;
    std::size_t room = kUnlimited;
    bool paused = false;
    bool wants_writable = false;
    bool shut_down = false;
    bool broken = false;
  };

  class End final : public transport::Stream {
   public:
    explicit End(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
    ~End() override { wire_->listener = nullptr; }
    End(const End&) = delete;
    End& operator=(const End&) = delete;

    void start(Listener& listener) override { wire_->listener = &listener; }
    std::ptrdiff_t write(const iovec* pieces, int count) override {
      if (wire_->broken) return -1;
      std::size_t written = 0;
      for (int i = 0; i < count && wire_->room > 0; ++i) {
        const auto size = std::min(pieces[i].iov_len, wire_->room);
        wire_->received.append(static_cast<const char*>(pieces[i].iov_base), size);
        if (wire_->room != kUnlimited) wire_->room -= size;
        written += size;
      }
      if (written > 0) wire_->writes.push_back(written);
      return static_cast<std::ptrdiff_t>(written);
    }
    void want_writable() override { wire_->wants_writable = true; }
    void pause_reading() override { wire_->paused = true; }
    void resume_reading() override {
      wire_->paused = false;
      wire_->executor.post([wire = std::weak_ptr<Wire>(wire_)] {
        if (const auto still = wire.lock()) still->pump();
      });
    }
    void shut_down_writing() override { wire_->shut_down = true; }
    const std::string& peer() const override { return wire_->peer; }

   private:
    std::shared_ptr<Wire> wire_;
  };

  std::shared_ptr<Wire> wire_;
};

}  // namespace chat::tests
