#include "chat/transport/ws_client.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/transport/http_message.hpp"
#include "chat/wire/codes.hpp"

namespace chat::transport {
namespace {

constexpr std::size_t kMostHead = 8192;
/// Of a refusal's text that is shown.
constexpr std::size_t kMostShown = 300;
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kHttp = "HTTP/1.";
constexpr const char* kNotHttp = "it answers with something that is not HTTP";
constexpr std::size_t kKeepBytes = 64U << 10;
constexpr const char* kLost = "the connection was lost";

/// The value of a header in an answer's head; empty when it has none.
std::string_view header_of(std::string_view head, std::string_view name) {
  for (auto line = head.find("\r\n"); line != std::string_view::npos;
       line = head.find("\r\n", line)) {
    line += 2;
    const auto colon = head.find(':', line);
    if (colon == std::string_view::npos) break;
    if (lower(head.substr(line, colon - line)) != name) continue;
    return trim(head.substr(colon + 1, head.find("\r\n", colon) - colon - 1));
  }
  return {};
}

int status_of(std::string_view head) {
  int status = 0;
  if (head.size() > 12) {
    std::from_chars(head.data() + 9, head.data() + 12, status);
  }
  return status;
}

}  // namespace

WsClient::WsClient(std::unique_ptr<Stream> stream, WsProtocol::Request request, Options options,
                   Listener& listener)
    : stream_(std::move(stream)),
      request_(std::move(request)),
      options_(std::move(options)),
      listener_(listener),
      protocol_(options_.max_message_bytes, WsProtocol::Side::client),
      out_(WsProtocol::request(request_)) {
  stream_->start(*this);
  flush();
}

WsClient::~WsClient() = default;

// ---- bytes that come

void WsClient::on_bytes(char* bytes, std::size_t size) {
  switch (state_) {
    case State::asking:
      if (!take_answer({bytes, size})) return;
      if (!head_.empty() && state_ == State::open) {
        auto behind = std::exchange(head_, {});
        feed(behind.data(), behind.size());
      }
      break;
    case State::open: feed(bytes, size); break;
    case State::refused: take_refusal({bytes, size}); break;
    case State::ended: break;
  }
}

bool WsClient::take_answer(std::string_view bytes) {
  head_.append(bytes);
  const auto length = head_.find(kHeadEnd);
  const bool is_http = std::string_view(head_).substr(0, kHttp.size()) ==
                       kHttp.substr(0, std::min(head_.size(), kHttp.size()));
  if (!is_http || std::min(length, head_.size()) > kMostHead) {
    end({0, 0, {}, is_http ? "the head of its answer is too long" : kNotHttp});
    return false;
  }
  if (length == std::string::npos) return false;
  const std::string head = head_.substr(0, length + kHeadEnd.size());
  head_.erase(0, head.size());
  if (const int status = status_of(head); status != 101) {
    refuse(status, head);
    return false;
  }
  if (const auto checked = WsProtocol::check_answer(request_, head); !checked) {
    end({0, 0, {}, "its answer is no WebSocket's: " + checked.error().text()});
    return false;
  }
  state_ = State::open;
  listener_.on_open();
  return state_ == State::open;
}

/// What the answer says is shown when all of it has come, or the connection ends.
void WsClient::refuse(int status, std::string_view head) {
  if (status == 0) return end({0, 0, {}, kNotHttp});
  state_ = State::refused;
  refusal_.http_status = status;
  unsigned seconds = 0;
  const auto retry_after = header_of(head, "retry-after");
  std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  refusal_.retry_after = std::chrono::seconds(std::min(seconds, 3600U));
  std::size_t length = kMostShown;
  const auto announced = header_of(head, "content-length");
  std::from_chars(announced.data(), announced.data() + announced.size(), length);
  refusal_bytes_ = std::min(length, kMostShown);
  take_refusal(std::exchange(head_, {}));
}

void WsClient::take_refusal(std::string_view bytes) {
  refusal_.why.append(bytes.substr(0, refusal_bytes_ - refusal_.why.size()));
  if (refusal_.why.size() >= refusal_bytes_) end(std::exchange(refusal_, {}));
}

void WsClient::feed(char* bytes, std::size_t size) {
  listener_.on_alive();
  const auto taken = protocol_.feed(bytes, size, *this);
  if (taken || state_ == State::ended) return;
  const auto& error = taken.error();
  say_goodbye(WsProtocol::close_payload(wire::info(error.code).close, {}));
  end({0, 0, {}, "it sent what is no WebSocket frame: " + error.text()});
}

bool WsClient::on_data(Opcode kind, std::string_view payload) {
  if (kind == Opcode::text) listener_.on_text(payload);
  return state_ == State::open;
}

bool WsClient::on_ping(std::string_view payload) {
  if (unsent() < kKeepBytes) frame(Opcode::pong, payload);
  flush();
  return state_ == State::open;
}

bool WsClient::on_pong() { return state_ == State::open; }

void WsClient::on_close(std::uint16_t code) {
  const bool may_be_said = code != 1005;
  say_goodbye(may_be_said ? WsProtocol::close_payload(code, {}) : std::string());
  end({code, 0, {}, "the server closed the connection (" + std::to_string(code) + ")"});
}

void WsClient::on_end(bool) {
  if (state_ == State::refused) return end(std::exchange(refusal_, {}));
  end({0,
       0,
       {},
       state_ != State::asking ? kLost
       : options_.is_tls       ? "it closed the connection without an answer"
                               : "it closed the connection without an answer; if it expects TLS, "
                                 "write wss://"});
}

void WsClient::end(End end) {
  if (std::exchange(state_, State::ended) == State::ended) return;
  stream_->pause_reading();
  if (end.http_status != 0) {
    const auto line = std::string_view(end.why).substr(0, end.why.find_first_of("\r\n"));
    end.why = "HTTP " + std::to_string(end.http_status) +
              (line.empty() ? "" : ": " + base::escape_for_log(line, kMostShown));
  }
  listener_.on_end(end);
}

// ---- bytes that go

void WsClient::frame(Opcode opcode, std::string_view payload) {
  out_ += WsProtocol::masked_frame(opcode, payload, options_.random());
}

void WsClient::send(std::string_view text) {
  if (state_ == State::open) frame(Opcode::text, text);
}

void WsClient::ping() {
  if (state_ != State::open) return;
  frame(Opcode::ping, {});
  flush();
}

void WsClient::close(std::uint16_t code) {
  if (std::exchange(state_, State::ended) == State::open) {
    say_goodbye(WsProtocol::close_payload(code, {}));
  }
  stream_->pause_reading();
}

void WsClient::say_goodbye(const std::string& payload) {
  frame(Opcode::close, payload);
  if (write_out()) stream_->shut_down_writing();
}

void WsClient::flush() {
  if (!write_out()) end({0, 0, {}, kLost});
}

bool WsClient::write_out() {
  while (written_ < out_.size() && !waits_to_write_) {
    const iovec piece{out_.data() + written_, out_.size() - written_};
    const auto taken = stream_->write(&piece, 1);
    if (taken < 0) {
      out_.clear();
      written_ = 0;
      return false;
    }
    written_ += static_cast<std::size_t>(taken);
    if (taken == 0) {
      waits_to_write_ = true;
      stream_->want_writable();
    }
  }
  // What was written makes room; seldom, because the rest is moved.
  if (written_ == out_.size() || written_ > std::max(kKeepBytes, out_.size() / 2)) {
    out_.erase(0, written_);
    written_ = 0;
  }
  if (out_.empty() && out_.capacity() > kKeepBytes) out_.shrink_to_fit();
  return true;
}

void WsClient::on_writable() {
  waits_to_write_ = false;
  flush();
}

}  // namespace chat::transport
