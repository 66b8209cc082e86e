#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat::tui {

/// A line as it was entered, understood: a command, or a text for the room. Pure.
struct Entered {
  bool is_command = false;
  std::string name;  ///< of a command, without its slash, in lower case
  std::string text;  ///< what is behind it, without spaces at its ends; or the text for the room
};
/// `/name …` is a command; `//x` is the text `/x`; `/me …` is a text that stays as it is, and `//me
/// …` the text ` /me …`, which nobody takes for an action (docs/protocol.md, Texts).
Entered parse_line(std::string_view line);

/// The commands there are, as /help lists them.
enum class Command : std::uint8_t {
  help,
  nick,
  me,
  join,
  part,
  rooms,
  who,
  history,
  search,
  ignore,
  clear,
  quit,
};
struct NamedCommand {
  Command command;
  std::string_view name;  ///< with its slash; the same in all languages
};
const std::vector<NamedCommand>& commands();
std::vector<std::string> command_names();
/// Whether a line that is being written is to name a room: `/join …`.
bool names_a_room(std::string_view line);
/// The command that was probably meant by `name` (without slashes, lower case); empty when none is
/// near. As on the page: one that begins so, or the first that one or two letters make of it.
std::string nearest_command(const std::string& name);

/// What Tab makes of the word before the cursor: candidates one after the other, again and again.
/// Names come as they were given (who spoke last first), with their `@` where one stands; at the
/// line's begin, and in an empty line, a name gets ": ". `:smi` becomes an emoji.
class Completion {
 public:
  /// The word (its begin in `line`, and its replacement); empty when nothing fits.
  struct Offer {
    std::size_t begin = 0;
    std::string text;
    bool is_there = false;
  };
  Offer next(const std::string& line, std::size_t cursor, const std::vector<std::string>& names,
             const std::vector<std::string>& rooms);
  /// Any other key: the next Tab begins anew.
  void reset() { candidates_.clear(); }
  /// Whether there are candidates to go on with.
  bool goes_on() const noexcept { return !candidates_.empty(); }

 private:
  void look_up(const std::string& line, std::size_t cursor, const std::vector<std::string>& names,
               const std::vector<std::string>& rooms);

  std::vector<std::string> candidates_;
  std::size_t begin_ = 0;
  std::size_t at_ = 0;
};

}  // namespace chat::tui
