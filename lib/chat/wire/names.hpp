#pragma once

#include <string>
#include <string_view>

#include "chat/base/ids.hpp"
#include "chat/wire/error.hpp"
#include "chat/wire/message.hpp"

namespace chat::wire {

constexpr std::size_t kMaxRoomCharacters = 94;
constexpr std::size_t kMaxNameCharacters = 32;
constexpr std::size_t kMaxNameBytes = 128;

/// The room that `text` (UTF-8, already percent-decoded) names, in NFC; bad_room otherwise, with
/// the reason. docs/protocol.md "Rooms and names".
Result<base::RoomName> parse_room_name(std::string_view text);

/// A member's name in its one spelling (NFC, single spaces, trimmed); bad_name otherwise.
Result<std::string> parse_member_name(std::string_view text);

/// The client id that others see of `secret` (16 to 64 characters of [A-Za-z0-9_-]): the first 11
/// characters of base64url(SHA-256("chat.v1 client " + secret)). bad_frame when it is no secret.
Result<base::ClientId> derive_client_id(std::string_view secret);

/// True when `text` can be an epoch: 1 to 32 characters of [A-Za-z0-9_-].
bool is_epoch(std::string_view text) noexcept;

/// "EPOCH:SEQ" or "SEQ" (epoch empty); bad_frame otherwise.
Result<Cursor> parse_cursor(std::string_view text);

}  // namespace chat::wire
