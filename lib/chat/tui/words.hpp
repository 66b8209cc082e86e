#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::tui {

// What a message's text means to people; the page says the same (tests/vectors/lines.json,
// mentions.json). Pure.

/// What `/me …` says that somebody does; nullopt of any other text.
std::optional<std::string> action_in(std::string_view text);

/// Bytes of the code (between backquotes, or a block of it) that `text` begins with; 0: with none.
std::size_t code_length(std::string_view text) noexcept;

/// True when `text` speaks of `name`: as a word, in any case, with or without an at sign, and
/// neither in code (between backquotes) nor in a link. In scripts without spaces between words a
/// name may stand anywhere.
bool mentions(std::string_view text, std::string_view name);

}  // namespace chat::tui
