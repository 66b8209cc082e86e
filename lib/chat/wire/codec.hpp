#pragma once

#include <string>
#include <string_view>

#include "chat/wire/frame.hpp"

namespace chat::wire {

// All pure: text in, values or text out, no state. `text` must be UTF-8 (the WebSocket layer has
// checked it). Encoded texts are whole JSON objects without line breaks of their own.

/// One chat.v1 frame of a client. Fails with bad_json, bad_frame, unknown_type or too_large (the
/// last when `message` is over limits.message_bytes; `n` is set in the error when it was readable).
Result<ClientFrame> decode_v1(std::string_view text, const Limits& limits);

/// The raw JSON value of `message` in one frame of the plain dialect; the last one when repeated.
/// Fails with bad_json, bad_frame or too_large.
Result<std::string> decode_plain(std::string_view text, const Limits& limits);

/// The body of POST …/messages.
struct PostedMessage {
  std::string body;    ///< raw JSON
  std::string name;    ///< empty = none given
  std::string client;  ///< the secret; empty = none given
  std::optional<std::uint64_t> n;
};
/// Fails as decode_v1 does; also with bad_frame when `n` comes without `client` or the reverse.
Result<PostedMessage> decode_post(std::string_view text, const Limits& limits);

/// A message for the members of its room that speak `dialect`.
std::string encode_message(const Message& message, Dialect dialect);
/// An error for one client, in its dialect.
std::string encode_error(const Error& error, Dialect dialect);

std::string encode_welcome(const Welcome& welcome);
std::string encode_ack(const Ack& ack);
std::string encode_presence(const Presence& presence);
std::string encode_renamed(std::string_view name);
std::string encode_typing(std::string_view name);
std::string encode_history(const HistoryPage& page);
std::string encode_ready();
std::string encode_closing(std::uint64_t reconnect_after_ms);

// ---- bodies of the HTTP API

struct RoomSummary {
  base::RoomName room;
  base::Epoch epoch;
  base::Seq head;
  std::size_t members = 0;
};
std::string encode_api_rooms(const std::vector<RoomSummary>& rooms);
struct ApiMessages {
  base::RoomName room;
  base::Epoch epoch;
  base::Seq head;
  std::vector<MessagePtr> messages;
  bool more = false;
  std::optional<bool> recovered;
};
std::string encode_api_messages(const ApiMessages& page);
std::string encode_api_posted(const base::RoomName& room, const base::Epoch& epoch, base::Seq seq,
                              bool repeat);
std::string encode_api_members(const base::RoomName& room, std::size_t count,
                               const std::vector<std::string>& members);
std::string encode_api_error(const Error& error);

}  // namespace chat::wire
