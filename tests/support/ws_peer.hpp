#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/transport/ws_protocol.hpp"
#include "support/fake_stream.hpp"
#include "support/ws_frames.hpp"

namespace chat::tests {

/// A server's frame, by RFC 6455 section 5.2 and by nobody else's code.
inline std::string server_frame(unsigned opcode, std::string_view payload, bool fin = true) {
  FrameShape shape;
  shape.masked = false;
  shape.fin = fin;
  return client_frame(opcode, payload, shape);
}

/// The server at the other end of a FakeStream: takes the handshake and reads a client's frames.
class WsPeer : private transport::WsProtocol::Handler {
 public:
  explicit WsPeer(FakeStream& wire, std::size_t most_bytes = 64U << 20)
      : wire_(wire), protocol_(most_bytes, transport::WsProtocol::Side::server) {}

  /// The request, which must be there; not answered yet.
  std::string request() {
    if (request_.empty()) request_ = wire_.receive();
    const auto end = request_.find("\r\n\r\n");
    if (end == std::string::npos) throw std::runtime_error("no whole request: " + request_);
    return request_.substr(0, end + 4);
  }
  /// The 101 for it.
  std::string answer() {
    const auto made = transport::WsProtocol::handshake(request(), "chat.v1");
    if (!made) throw std::runtime_error("no good request: " + made.error().text());
    return *made;
  }
  void accept() { wire_.send(answer()); }

  /// One word for each frame since the last call: "text:abc", "ping:", "pong:x", "close:1000".
  std::vector<std::string> heard() {
    auto bytes = wire_.receive();
    const auto taken = protocol_.feed(bytes.data(), bytes.size(), *this);
    if (!taken) throw std::runtime_error("no client's frames: " + taken.error().text());
    return std::exchange(heard_, {});
  }
  void say(std::string_view text) { wire_.send(server_frame(1, text)); }

 private:
  bool on_data(transport::Opcode kind, std::string_view payload) override {
    const bool is_text = kind == transport::Opcode::text;
    heard_.push_back((is_text ? "text:" : "binary:") + std::string(payload));
    return true;
  }
  bool on_ping(std::string_view payload) override {
    heard_.push_back("ping:" + std::string(payload));
    return true;
  }
  bool on_pong() override {
    heard_.emplace_back("pong");
    return true;
  }
  void on_close(std::uint16_t code) override { heard_.push_back("close:" + std::to_string(code)); }

  FakeStream& wire_;
  transport::WsProtocol protocol_;
  std::string request_;
  std::vector<std::string> heard_;
};

}  // namespace chat::tests
