#pragma once

#include "chat/transport/connection.hpp"

namespace chat::server {

/// Sends every message back as it came, text and binary: the conformance endpoint of --debug-echo,
/// on the same connection class and limits as the rooms.
class Echo final : public transport::WsHandler {
 public:
  explicit Echo(transport::Connection& connection) : connection_(connection) {}

  void on_open() override {}
  void on_text(std::string_view text) override {
    connection_.send(transport::WsProtocol::frame(transport::Opcode::text, text));
  }
  void on_binary(std::string_view bytes) override {
    connection_.send(transport::WsProtocol::frame(transport::Opcode::binary, bytes));
  }
  base::BlockRef farewell(const wire::Error&) override { return {}; }
  void on_drained() override {}
  void on_tick(base::TimePoint) override {}
  void on_closed(const transport::CloseInfo&) override {}

 private:
  transport::Connection& connection_;
};

}  // namespace chat::server
