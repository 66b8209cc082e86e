#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::base {

/// True when `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most
/// U+10FFFF).
bool is_utf8(std::string_view text) noexcept;

/// `text` in Unicode NFC; nullopt when it is not UTF-8.
std::optional<std::string> to_nfc(std::string_view text);

/// `text` folded for comparison without regard to case (Unicode full case folding, NFKC); nullopt
/// when it is not UTF-8. For comparing only, never for showing.
std::optional<std::string> fold_case(std::string_view text);

/// Number of extended grapheme clusters (UAX #29) in UTF-8 `text`.
std::size_t grapheme_count(std::string_view text);
/// Where the grapheme that begins at byte `at` ends; text.size() at its end.
std::size_t grapheme_end(std::string_view text, std::size_t at);
/// Where the grapheme before byte `at` begins; 0 at the front.
std::size_t grapheme_begin(std::string_view text, std::size_t at);
/// How many graphemes must be changed, added or taken away to make `b` of `a` (V. Levenshtein,
/// 1966). For short texts: the time is that of both lengths multiplied.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// Columns that one grapheme takes in a terminal: 0, 1 or 2 (an emoji with its modifiers is 2).
std::size_t grapheme_columns(std::string_view grapheme) noexcept;
/// The same of a whole text.
std::size_t columns(std::string_view text);
/// For a terminal that people read: control characters as their pictures (U+2400 …), what is not
/// UTF-8 or else unprintable, bidirectional controls among it, as U+FFFD. A line break is one, too.
std::string visible(std::string_view text);

/// True when `text` (NFC) is made of letters, digits and `_` in any script, with combining marks
/// only behind another character: `\w+` with marks. Counts code points into `length`.
bool is_word(std::string_view text, std::size_t& length) noexcept;

/// True when the first character of UTF-8 `text` is a combining mark.
bool starts_with_mark(std::string_view text) noexcept;

/// UTF-8 `text` with every run of space separators (Unicode Zs) as one U+0020, and none at the
/// ends.
std::string single_spaced(std::string_view text);

/// True when UTF-8 `text` has a control, format (other than ZWJ and ZWNJ), surrogate, private use,
/// unassigned, line or paragraph separator character.
bool has_unprintable(std::string_view text) noexcept;

/// `text` made safe for a log line or a terminal: control and format characters, invalid bytes and
/// the backslash become \xNN or \u{NNNN} escapes; at most `max_bytes` of input are shown, then `…`.
std::string escape_for_log(std::string_view text, std::size_t max_bytes = 256);

/// The same for a person's text on a line of its own: a backslash stays one, and all is shown.
std::string escape_unprintable(std::string_view text);

/// The value of a hexadecimal digit; -1 when `c` is none.
int hex_value(char c) noexcept;

/// Percent-decodes a URL path segment (RFC 3986 section 2.1); nullopt at a broken escape.
std::optional<std::string> percent_decode(std::string_view text);
/// Percent-encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace chat::base
