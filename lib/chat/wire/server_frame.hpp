#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "chat/wire/codec.hpp"

namespace chat::wire {

// What a client reads and writes: the other side of codec.hpp.

struct Renamed {
  std::string name;
};
struct TypingBy {
  std::string name;
};
/// An error as it was told. A newer server has codes that this table has not.
struct ErrorFrame {
  std::string code;
  std::string text;
  std::optional<std::uint64_t> n;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> retry_after_ms;
};
struct Ready {};
struct Closing {
  std::uint64_t reconnect_after_ms = 0;
};
using ServerFrame = std::variant<Welcome, MessagePtr, Ack, Presence, Renamed, TypingBy, HistoryPage,
                                 ErrorFrame, Ready, Closing>;

// All pure.

/// One chat.v1 frame of a server. Members that the protocol does not name are left out; a message's
/// value stays as it was written. Fails with bad_json, bad_frame or unknown_type (which a client
/// passes over: it is of a newer server).
Result<ServerFrame> decode_server(std::string_view text);

std::string encode_hello(const Hello& hello);
/// `body`: one JSON value.
std::string encode_send(std::uint64_t n, std::string_view body, bool first = false);
std::string encode_rename(std::string_view name);
std::string encode_typing();
std::string encode_history_request(const HistoryRequest& request);

/// `text` as a JSON string. It must be UTF-8.
std::string quoted(std::string_view text);
/// A message's value for people: a string as what it means, anything else as it was written.
std::string readable(std::string_view body);

// ---- answers of the HTTP API

struct ApiMembers {
  std::size_t count = 0;
  std::vector<std::string> members;
};
/// `GET /api/rooms`. Fails as decode_server does.
Result<std::vector<RoomSummary>> decode_api_rooms(std::string_view text);
/// `GET /api/rooms/<room>/members`.
Result<ApiMembers> decode_api_members(std::string_view text);
/// The error in an answer that is none of these; nullopt when there is none.
std::optional<ErrorFrame> decode_api_error(std::string_view text);

}  // namespace chat::wire
