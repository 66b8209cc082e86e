#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "chat/base/block.hpp"
#include "chat/transport/http_message.hpp"
#include "chat/wire/error.hpp"

namespace chat::transport {

enum class Opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// RFC 6455 on bytes, by websocketpp's parser and processor; knows no socket. One per connection;
/// it holds a decoder only while a message is on its way, so that idle connections cost next to
/// nothing. Thread: one loop.
class WsProtocol {
 public:
  /// What comes out of `feed`. The views hold during the call only.
  class Handler {
   public:
    virtual ~Handler() = default;
    /// A whole text (UTF-8, checked) or binary message. False: stop here, keep the rest of the
    /// bytes (`feed` says how many it took).
    virtual bool on_data(Opcode kind, std::string_view payload) = 0;
    virtual bool on_ping(std::string_view payload) = 0;
    virtual bool on_pong() = 0;
    /// The peer's close frame; `code` is 1005 when it had none.
    virtual void on_close(std::uint16_t code) = 0;
  };

  /// Whose frames it decodes: a server takes masked ones only, a client only bare ones.
  enum class Side : std::uint8_t { server, client };

  /// Messages over `max_message_bytes` are too_large before their bytes arrive.
  explicit WsProtocol(std::size_t max_message_bytes, Side side = Side::server);
  ~WsProtocol();
  WsProtocol(const WsProtocol&) = delete;
  WsProtocol& operator=(const WsProtocol&) = delete;

  /// The 101 answer for a request that passed check_upgrade. `head`: its bytes, empty line
  /// included; `subprotocol`: the one chosen, empty = none. No extension is ever agreed to.
  static wire::Result<std::string> handshake(std::string_view head, const std::string& subprotocol);

  /// A client's request for a WebSocket. `key`: 16 random bytes in base64.
  struct Request {
    std::string host;  ///< as for the Host header
    std::string path;
    std::string key;
    std::string subprotocol;
  };
  static std::string request(const Request& request);
  /// Whether `head` (its empty line included) is a server's 101 for that request.
  /// Fails with bad_request and what is wrong.
  static wire::Result<void> check_answer(const Request& request, std::string_view head);

  /// Decodes the peer's frames; unmasks in place. Returns how many bytes were taken: all of them
  /// unless a handler stopped or the peer closed. Fails with protocol_error, invalid_utf8 or
  /// too_large (with the limit); the connection cannot go on then.
  wire::Result<std::size_t> feed(char* bytes, std::size_t size, Handler& handler);

  /// A server frame (unmasked, FIN) with its payload.
  static base::BlockRef frame(Opcode opcode, std::string_view payload);
  /// A client's frame, masked with `mask` (4 random bytes).
  static std::string masked_frame(Opcode opcode, std::string_view payload, std::uint32_t mask);
  /// The payload of a close frame.
  static std::string close_payload(std::uint16_t code, std::string_view reason);
  /// A close frame; `reason` is cut to 123 bytes at a character's edge.
  static base::BlockRef close_frame(std::uint16_t code, std::string_view reason);

 private:
  struct Decoder;
  std::size_t max_message_bytes_;
  Side side_;
  std::unique_ptr<Decoder> decoder_;  // while not at rest
};

}  // namespace chat::transport
