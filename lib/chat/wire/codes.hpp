#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chat::wire {

/// Everything that can go wrong on the wire; made from codes.def.
enum class Code : std::uint8_t {
#define X(identifier, number, close, http, exit, text) identifier,
#include "chat/wire/codes.def"
#undef X
};

/// One row of codes.def.
struct CodeInfo {
  Code code;
  std::string_view name;  ///< on the wire, in metrics and docs
  int number;             ///< stable
  std::uint16_t close;    ///< RFC 6455 close code; 0 = the connection lives on
  int http;               ///< HTTP status; 0 = never an HTTP answer
  int exit;               ///< process exit code
  std::string_view text;  ///< for people: what, and what to do
};

/// Number of codes.
std::size_t code_count() noexcept;
const CodeInfo& info(Code code) noexcept;
/// The code of a name on the wire; nullopt when there is none.
std::optional<Code> code_from_name(std::string_view name) noexcept;
/// True where a message that was refused so may be taken later just as it is.
bool is_passing(Code code) noexcept;
/// True for the close codes of RFC 6455 (1000 to 1015) and those of the table; others are a peer's
/// own.
bool is_known_close(std::uint16_t close) noexcept;

/// The close code without a row of its own (RFC 6455 section 7.4.1).
constexpr std::uint16_t kCloseNormal = 1000;

}  // namespace chat::wire
