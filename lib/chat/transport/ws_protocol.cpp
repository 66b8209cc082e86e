#include "chat/transport/ws_protocol.hpp"

#include <array>
#include <cstring>
#include <exception>
#include <vector>
#include <websocketpp/close.hpp>
#include <websocketpp/config/core.hpp>
#include <websocketpp/processors/hybi13.hpp>
#include <websocketpp/utf8_validator.hpp>

namespace chat::transport {
namespace {

/// Buffers that a large message has blown up beyond this are let go.
constexpr std::size_t kKeepBytes = 64U << 10;

/// The library notes the machine's byte order at its first call, in a variable without a lock: this
/// is that call, before there are threads.
[[maybe_unused]] const std::uint64_t byte_order_known = websocketpp::lib::net::_htonll(0);

/// Gives out message buffers and takes them back when they are free again: a few per thread serve
/// all its connections. Reserves nothing for a message's first frame, whatever length it claims;
/// for a continuation the library itself does, up to the message limit.
template <class Message>
class RecyclingManager : public std::enable_shared_from_this<RecyclingManager<Message>> {
 public:
  using type = RecyclingManager<Message>;
  using ptr = std::shared_ptr<type>;
  using weak_ptr = std::weak_ptr<type>;
  using message_ptr = typename Message::ptr;

  message_ptr get_message() { return get_message(websocketpp::frame::opcode::text, 0); }

  message_ptr get_message(websocketpp::frame::opcode::value op, std::size_t) {
    for (auto& message : spare_) {
      if (message.use_count() != 1 || message->get_raw_payload().capacity() > kKeepBytes) continue;
      message->get_raw_payload().clear();
      message->set_opcode(op);
      message->set_fin(true);
      message->set_compressed(false);
      return message;
    }
    auto message = std::make_shared<Message>(this->shared_from_this(), op, std::size_t{0});
    if (spare_.size() < kSpare) spare_.push_back(message);
    return message;
  }

  bool recycle(Message*) { return false; }

  /// Lets go of buffers that a large message has blown up.
  void trim() {
    for (auto& message : spare_) {
      if (message.use_count() == 1 && message->get_raw_payload().capacity() > kKeepBytes) {
        message = std::make_shared<Message>(this->shared_from_this(),
                                            websocketpp::frame::opcode::text, std::size_t{0});
      }
    }
  }

  void forget() { spare_.clear(); }

 private:
  static constexpr std::size_t kSpare = 4;
  std::vector<message_ptr> spare_;
};

struct Config : websocketpp::config::core {
  using message_type = websocketpp::message_buffer::message<RecyclingManager>;
  using con_msg_manager_type = RecyclingManager<message_type>;
};

using Manager = Config::con_msg_manager_type;

/// One manager per thread. Its spare buffers point back at it: they are let go with the thread.
std::shared_ptr<Manager> manager_of_this_thread() {
  struct Holder {
    std::shared_ptr<Manager> manager = std::make_shared<Manager>();
    ~Holder() { manager->forget(); }
  };
  thread_local Holder holder;
  return holder.manager;
}

Config::rng_type& no_random() {
  static Config::rng_type random;  // frames are made without it: never asked
  return random;
}

wire::Code code_of(const std::error_code& error) {
  using websocketpp::processor::error::processor_errors;
  if (error == websocketpp::processor::error::make_error_code(
                   processor_errors(websocketpp::processor::error::message_too_big))) {
    return wire::Code::too_large;
  }
  if (error == websocketpp::processor::error::make_error_code(
                   processor_errors(websocketpp::processor::error::invalid_utf8))) {
    return wire::Code::invalid_utf8;
  }
  return wire::Code::protocol_error;
}

/// The library's error as ours; of what is too large our own text and the limit say more.
wire::Error error_from(const std::error_code& library, std::size_t max_message_bytes) {
  wire::Error error;
  error.code = code_of(library);
  if (error.code == wire::Code::too_large) {
    error.limit = max_message_bytes;
  } else {
    error.detail = library.message();
  }
  return error;
}

std::string_view cut_to(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

/// The library's processor, which can tell whether it stands between two messages.
class Processor final : public websocketpp::processor::hybi13<Config> {
 public:
  explicit Processor(WsProtocol::Side side)
      : hybi13(false, side == WsProtocol::Side::server, manager_of_this_thread(), no_random()) {}
  bool at_rest() const noexcept {
    return m_state == HEADER_BASIC && m_bytes_needed == websocketpp::frame::BASIC_HEADER_LENGTH &&
           !m_data_msg.msg_ptr;
  }
  /// The first bit of a 64-bit length must be 0 (RFC 6455 section 5.2). The library does not look,
  /// and adds such a length to what it has of the message: the sum wraps and passes for a small
  /// one.
  bool has_impossible_length() const noexcept {
    namespace frame = websocketpp::frame;
    return m_state >= APPLICATION &&
           frame::get_basic_size(m_basic_header) == frame::payload_size_code_64bit &&
           (frame::get_payload_size(m_basic_header, m_extended_header) >> 63U) != 0;
  }
};

}  // namespace

struct WsProtocol::Decoder {
  explicit Decoder(Side side_) : side(side_), processor(side_) {}

  /// A decoder at rest, from the thread's spare ones.
  static std::unique_ptr<Decoder> take(std::size_t max_message_bytes, Side side) {
    auto& pool = spare(side);
    auto decoder = pool.empty() ? std::make_unique<Decoder>(side) : std::move(pool.back());
    if (!pool.empty()) pool.pop_back();
    decoder->processor.set_max_message_size(max_message_bytes);
    return decoder;
  }

  static void give_back(std::unique_ptr<Decoder> decoder) {
    constexpr std::size_t kSpare = 8;
    auto& pool = spare(decoder->side);
    if (pool.size() < kSpare) pool.push_back(std::move(decoder));
  }

  static std::vector<std::unique_ptr<Decoder>>& spare(Side side) {
    thread_local std::array<std::vector<std::unique_ptr<Decoder>>, 2> pools;
    return pools[static_cast<std::size_t>(side)];
  }

  /// True when decoding goes on behind this message.
  wire::Result<bool> dispatch(Config::message_type& message, Handler& handler) {
    namespace opcode = websocketpp::frame::opcode;
    const std::string& payload = message.get_payload();
    switch (message.get_opcode()) {
      case opcode::text:
        // The library checks each fragment as it comes but not that the last one ends a character.
        if (!websocketpp::utf8_validator::validate(payload)) {
          return wire::fail(wire::Code::invalid_utf8);
        }
        return handler.on_data(Opcode::text, payload);
      case opcode::binary: return handler.on_data(Opcode::binary, payload);
      case opcode::ping: return handler.on_ping(payload);
      case opcode::pong: return handler.on_pong();
      case opcode::close: return on_close(payload, handler);
      default: return wire::fail(wire::Code::protocol_error);
    }
  }

  static wire::Result<bool> on_close(const std::string& payload, Handler& handler) {
    std::error_code error;
    const auto code = websocketpp::close::extract_code(payload, error);
    if (error) return wire::fail(wire::Code::protocol_error, "the close frame's code is invalid");
    websocketpp::close::extract_reason(payload, error);
    if (error) return wire::fail(wire::Code::invalid_utf8, "the close reason is not UTF-8");
    handler.on_close(code);
    return false;
  }

  const Side side;
  Processor processor;
};

WsProtocol::WsProtocol(std::size_t max_message_bytes, Side side)
    : max_message_bytes_(max_message_bytes), side_(side) {}

WsProtocol::~WsProtocol() = default;

wire::Result<std::string> WsProtocol::handshake(std::string_view head,
                                                const std::string& subprotocol) {
  try {
    const Processor processor(Side::server);
    Config::request_type request;
    request.consume(head.data(), head.size());
    if (!request.ready()) return wire::fail(wire::Code::bad_request);
    if (const auto error = processor.validate_handshake(request)) {
      return wire::fail(wire::Code::bad_request, error.message());
    }
    Config::response_type response;
    if (const auto error = processor.process_handshake(request, subprotocol, response)) {
      return wire::fail(wire::Code::bad_request, error.message());
    }
    response.set_version("HTTP/1.1");
    response.set_status(websocketpp::http::status_code::switching_protocols);
    return response.raw();
  } catch (const std::exception& error) {
    return wire::fail(wire::Code::bad_request, error.what());
  }
}

std::string WsProtocol::request(const Request& request) {
  std::string text = "GET " + request.path + " HTTP/1.1\r\nHost: " + request.host +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
                     "\r\nSec-WebSocket-Key: " +
                     request.key + "\r\n";
  if (!request.subprotocol.empty()) {
    text += "Sec-WebSocket-Protocol: " + request.subprotocol + "\r\n";
  }
  return text + "\r\n";
}

wire::Result<void> WsProtocol::check_answer(const Request& request, std::string_view head) {
  try {
    const Processor processor(Side::client);
    Config::request_type asked;
    const std::string text = WsProtocol::request(request);
    asked.consume(text.data(), text.size());
    Config::response_type answer;
    answer.consume(head.data(), head.size());
    if (const auto error = processor.validate_server_handshake_response(asked, answer)) {
      return wire::fail(wire::Code::bad_request, error.message());
    }
    if (answer.get_header("Sec-WebSocket-Protocol") != request.subprotocol) {
      return wire::fail(wire::Code::bad_request, "it does not speak " + request.subprotocol);
    }
    if (!answer.get_header("Sec-WebSocket-Extensions").empty()) {
      return wire::fail(wire::Code::bad_request, "it wants an extension that was not asked for");
    }
    return {};
  } catch (const std::exception& error) {
    return wire::fail(wire::Code::bad_request, error.what());
  }
}

wire::Result<std::size_t> WsProtocol::feed(char* bytes, std::size_t size, Handler& handler) {
  if (!decoder_) decoder_ = Decoder::take(max_message_bytes_, side_);
  auto& processor = decoder_->processor;
  std::size_t taken = 0;
  while (taken < size) {
    std::error_code error;
    taken += processor.consume(reinterpret_cast<std::uint8_t*>(bytes) + taken, size - taken, error);
    if (processor.has_impossible_length()) {
      return wire::fail(wire::Code::protocol_error, "the length of a frame is over 2^63");
    }
    if (error) return tl::unexpected(error_from(error, max_message_bytes_));
    if (!processor.ready()) continue;
    const auto message = processor.get_message();
    if (!message) return wire::fail(wire::Code::protocol_error);
    const auto goes_on = decoder_->dispatch(*message, handler);
    if (message->get_payload().capacity() > kKeepBytes) manager_of_this_thread()->trim();
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on) break;
  }
  if (processor.at_rest()) Decoder::give_back(std::move(decoder_));
  return taken;
}

base::BlockRef WsProtocol::frame(Opcode opcode, std::string_view payload) {
  namespace frame = websocketpp::frame;
  const frame::basic_header header(static_cast<frame::opcode::value>(opcode), payload.size(), true,
                                   false);
  const frame::extended_header extended(payload.size());
  return base::Block::copy_of(frame::prepare_header(header, extended), payload);
}

std::string WsProtocol::masked_frame(Opcode opcode, std::string_view payload, std::uint32_t mask) {
  namespace frame = websocketpp::frame;
  frame::masking_key_type key;
  key.i = mask;
  const frame::basic_header header(static_cast<frame::opcode::value>(opcode), payload.size(), true,
                                   true);
  const frame::extended_header extended(payload.size(), key.i);
  std::string bytes = frame::prepare_header(header, extended);
  bytes.reserve(bytes.size() + payload.size());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key.c[i % sizeof key.c]);
  }
  return bytes;
}

std::string WsProtocol::close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  payload += static_cast<char>(code >> 8U);
  payload += static_cast<char>(code & 0xFFU);
  payload += cut_to(reason, 123);
  return payload;
}

base::BlockRef WsProtocol::close_frame(std::uint16_t code, std::string_view reason) {
  return frame(Opcode::close, close_payload(code, reason));
}

}  // namespace chat::transport
