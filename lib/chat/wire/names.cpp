#include "chat/wire/names.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "chat/base/digest.hpp"
#include "chat/base/text.hpp"
#include "chat/wire/limits.hpp"

namespace chat::wire {
namespace {

constexpr std::array<std::string_view, 6> kReservedRooms = {"api",     "assets", "healthz",
                                                            "metrics", "readyz", "ws"};
constexpr std::size_t kMinSecretCharacters = 16;
constexpr std::size_t kMaxSecretCharacters = 64;
constexpr std::size_t kClientIdCharacters = 11;
constexpr std::size_t kMaxEpochCharacters = 32;

bool is_token_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

bool is_token(std::string_view text, std::size_t least, std::size_t most) noexcept {
  return text.size() >= least && text.size() <= most &&
         std::all_of(text.begin(), text.end(), is_token_character);
}

/// True when the first thing of `name` that is not ignorable (a joiner, a filler) can stand by
/// itself.
bool starts_visibly(std::string_view name) {
  const auto folded = base::fold_case(name);
  return folded && !folded->empty() && !base::starts_with_mark(*folded);
}

/// True for most names: of ASCII alone, and as they are to be. What it passes over is looked at
/// with Unicode's tables.
bool is_plain_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > kMaxNameCharacters || text.back() == ' ') return false;
  char before = ' ';
  for (const char c : text) {
    if (c < ' ' || c > '~' || (c == ' ' && before == ' ')) return false;
    before = c;
  }
  return true;
}

}  // namespace

Result<base::RoomName> parse_room_name(std::string_view text) {
  if (text.empty()) return fail(Code::bad_room, "the room's name is missing");
  auto name = base::to_nfc(text);
  if (!name) return fail(Code::bad_room, "the room's name is not UTF-8");
  std::size_t length = 0;
  if (!base::is_word(*name, length)) {
    return fail(Code::bad_room, "a room's name has only letters, digits and _");
  }
  if (length > kMaxRoomCharacters) {
    return fail(Code::bad_room, "a room's name has at most " + std::to_string(kMaxRoomCharacters) +
                                    " characters; this one has " + std::to_string(length));
  }
  if (std::find(kReservedRooms.begin(), kReservedRooms.end(), *name) != kReservedRooms.end()) {
    return fail(Code::bad_room, "\"" + *name + "\" is a name of the server itself, take another");
  }
  return base::RoomName(std::move(*name));
}

Result<std::string> parse_member_name(std::string_view text) {
  if (is_plain_name(text)) return std::string(text);
  const auto composed = base::to_nfc(text);
  if (!composed) return fail(Code::bad_name, "the name is not UTF-8");
  std::string name = base::single_spaced(*composed);
  if (base::has_unprintable(name)) {
    return fail(Code::bad_name, "a name has no control or other unprintable characters");
  }
  if (!starts_visibly(name)) return fail(Code::bad_name, "a name starts with a visible character");
  if (const std::size_t length = base::grapheme_count(name); length > kMaxNameCharacters) {
    return fail(Code::bad_name, "a name has at most " + std::to_string(kMaxNameCharacters) +
                                    " characters; this one has " + std::to_string(length));
  }
  if (name.size() > kMaxNameBytes) {
    return fail(Code::bad_name, "a name has at most " + std::to_string(kMaxNameBytes) +
                                    " bytes in UTF-8; this one has " + std::to_string(name.size()));
  }
  return name;
}

Result<base::ClientId> derive_client_id(std::string_view secret) {
  if (!is_token(secret, kMinSecretCharacters, kMaxSecretCharacters)) {
    return fail(Code::bad_frame, "\"client\" must be 16 to 64 characters of A-Z a-z 0-9 - _");
  }
  std::string salted = "chat.v1 client ";
  salted += secret;
  const auto digest = base::sha256(salted);
  return base::ClientId(
      base::base64url(digest.data(), digest.size()).substr(0, kClientIdCharacters));
}

bool is_epoch(std::string_view text) noexcept { return is_token(text, 1, kMaxEpochCharacters); }

Result<Cursor> parse_cursor(std::string_view text) {
  Cursor cursor;
  std::string_view digits = text;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view epoch = text.substr(0, colon);
    if (!is_epoch(epoch)) {
      return fail(Code::bad_frame,
                  "the epoch of a cursor is 1 to 32 characters of A-Z a-z 0-9 - _");
    }
    cursor.epoch = base::Epoch(std::string(epoch));
    digits.remove_prefix(colon + 1);
  }
  std::uint64_t seq = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, seq);
  if (digits.empty() || error != std::errc() || stopped != end || seq >= kMaxInteger) {
    return fail(Code::bad_frame,
                "a cursor is EPOCH:SEQ or SEQ, with SEQ from 0 to 9007199254740991");
  }
  cursor.seq = base::Seq(seq);
  return cursor;
}

}  // namespace chat::wire
