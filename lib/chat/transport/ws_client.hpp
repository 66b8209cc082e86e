#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "chat/base/executor.hpp"
#include "chat/transport/stream.hpp"
#include "chat/transport/ws_protocol.hpp"

namespace chat::transport {

/// A client's end of one WebSocket over a connected Stream: asks for it, checks the answer, then
/// text messages in both directions; answers pings and closes. Bounded: an answer's head of 8 KiB,
/// messages of `max_message_bytes`; pings are passed over while the socket takes nothing.
///
/// Thread: one loop. Not to be destroyed inside a call of its listener.
class WsClient final : private Stream::Listener, private WsProtocol::Handler {
 public:
  struct End {
    std::uint16_t close = 0;       ///< the peer's close code (1005: it had none); 0: it did not say
                                   ///< goodbye
    int http_status = 0;           ///< of the answer, when the WebSocket was refused
    base::Duration retry_after{};  ///< … as it said
    std::string why;
  };
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_open() = 0;
    /// UTF-8, checked. The view holds during the call.
    virtual void on_text(std::string_view text) = 0;
    /// Something came that says nothing.
    virtual void on_alive() = 0;
    /// Once, the last call; it may come inside any call but `close`, the constructor included.
    virtual void on_end(const End& end) = 0;
  };
  struct Options {
    std::size_t max_message_bytes = 64U << 20;
    std::function<std::uint32_t()> random;  ///< masks; RFC 6455 section 10.3 wants them unforeseen
    bool is_tls = false;                    ///< of the stream; for what is said when it ends
  };

  /// Asks at once. `listener` must outlive it.
  WsClient(std::unique_ptr<Stream> stream, WsProtocol::Request request, Options options,
           Listener& listener);
  ~WsClient() override;

  /// Queues a text message; nothing leaves before `flush`.
  void send(std::string_view text);
  void flush();
  /// Asks for a sign of life.
  void ping();
  /// Says goodbye with `code`.
  void close(std::uint16_t code);
  /// Bytes that the socket has not taken.
  std::size_t unsent() const noexcept { return out_.size() - written_; }

 private:
  enum class State : std::uint8_t { asking, open, refused, ended };

  void on_bytes(char* bytes, std::size_t size) override;
  void on_writable() override;
  void on_end(bool clean) override;
  bool on_data(Opcode kind, std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong() override;
  void on_close(std::uint16_t code) override;

  /// Of the answer that has come so far; true when what is behind its head is left in `head_`.
  bool take_answer(std::string_view bytes);
  void refuse(int status, std::string_view head);
  void take_refusal(std::string_view bytes);
  void feed(char* bytes, std::size_t size);
  void frame(Opcode opcode, std::string_view payload);
  /// False when the connection is broken.
  bool write_out();
  /// The last frame; whether it arrives does not matter.
  void say_goodbye(const std::string& payload);
  void end(End end);

  std::unique_ptr<Stream> stream_;
  const WsProtocol::Request request_;
  const Options options_;
  Listener& listener_;
  WsProtocol protocol_;
  State state_ = State::asking;
  std::string head_;  // of the answer
  End refusal_;
  std::size_t refusal_bytes_ = 0;  // of its text, as many as are shown
  std::string out_;
  std::size_t written_ = 0;
  bool waits_to_write_ = false;
};

}  // namespace chat::transport
