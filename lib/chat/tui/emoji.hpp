#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::tui {

// Emoji by short name, as the page has them: its table (web/emoji_table.js) is built in, and
// tests/vectors/emoji.json holds for both. Pure.

struct Emoji {
  std::string_view name;  ///< without colons
  std::string_view text;
};
/// All there are, in the order of the table.
const std::vector<Emoji>& all_emoji();

/// `text` with its `:short_names:` as emoji where they are known, and neither code nor inside of
/// a word.
std::string with_emoji(std::string_view text);

/// A short name that is half-written at the end of a text.
struct BegunEmoji {
  std::size_t begin = 0;           ///< of its colon, in bytes
  std::vector<std::string> texts;  ///< the emoji whose names begin so; at least one
};
/// From two characters of a name on; nullopt when it is none, or begins none.
std::optional<BegunEmoji> begun_emoji(std::string_view before_cursor);

}  // namespace chat::tui
