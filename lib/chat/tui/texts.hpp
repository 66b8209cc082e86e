#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/tui/command.hpp"
#include "chat/tui/language.hpp"
#include "chat/wire/error.hpp"

namespace chat::tui {

/// A day of the calendar, in local time.
struct Day {
  int year = 1970;
  int month = 1;    ///< 1 to 12
  int day = 1;      ///< 1 to 31
  int weekday = 4;  ///< 0 to 6, from Sunday

  friend bool operator==(const Day& a, const Day& b) {
    return a.year == b.year && a.month == b.month && a.day == b.day;
  }
};

/// What a command's argument is called (empty: it takes none), and what the command does.
struct CommandHelp {
  std::string_view argument;
  std::string_view text;
};

/// All that the terminal client says to people, in one language; a language that lacks a text does
/// not compile. The page's texts (web/texts.js) are the same where it says the same. Pure: what
/// others wrote comes back as it was given. Thread: any.
class Texts {
 public:
  using Names = std::vector<std::string>;
  virtual ~Texts() = default;

  // ---- the status line
  virtual std::string connecting() const = 0;
  virtual std::string connected() const = 0;
  virtual std::string reconnecting() const = 0;
  virtual std::string reconnecting_in(std::int64_t seconds) const = 0;
  virtual std::string closed(const std::string& why) const = 0;
  virtual std::string members(std::size_t count) const = 0;
  virtual std::string new_below(std::size_t count) const = 0;
  virtual std::string more_below() const = 0;
  /// At least one.
  virtual std::string typing(const Names& names) const = 0;

  // ---- between messages, and behind them
  virtual std::string day(const Day& day) const = 0;
  virtual std::string unread_line() const = 0;
  virtual std::string trimmed() const = 0;
  virtual std::string replaced() const = 0;
  /// Either may be empty, not both; many names are a number.
  virtual std::string came_and_went(const Names& joined, const Names& left) const = 0;
  virtual std::string renamed(const std::string& from, const std::string& to) const = 0;
  /// Behind our own: no connection has it yet; one has it, but no acknowledgement came.
  virtual std::string not_sent_yet() const = 0;
  virtual std::string sending() const = 0;
  virtual std::string not_sent(const std::string& why) const = 0;
  virtual std::string may_be_there(const std::string& why) const = 0;
  /// Why one that was acknowledged is not to be seen.
  virtual std::string lost_with_its_log() const = 0;
  virtual std::string more_lines(std::size_t count) const = 0;

  // ---- the input line
  virtual std::string search_prompt(const std::string& wanted) const = 0;
  virtual std::string paste_question(std::size_t lines) const = 0;
  /// y, n and e are the keys in every language.
  virtual std::string paste_answers() const = 0;
  virtual std::string paste_too_long() const = 0;

  // ---- commands
  virtual CommandHelp about(Command command) const = 0;
  virtual std::string help_keys() const = 0;
  /// `near`: what was probably meant; empty: nothing is near.
  virtual std::string unknown_command(const std::string& name, const std::string& near) const = 0;
  /// Where there is no screen, fewer are known.
  virtual std::string no_command_here(const std::string& name) const = 0;
  virtual std::string nick_needed() const = 0;
  virtual std::string nick_refused(const wire::Error& error) const = 0;
  virtual std::string you_are_now(const std::string& name) const = 0;
  virtual std::string taken(const std::string& wish, const std::string& name) const = 0;
  virtual std::string me_needed() const = 0;
  virtual std::string join_refused(const wire::Error& error) const = 0;
  virtual std::string too_many_rooms() const = 0;
  virtual std::string last_room() const = 0;
  virtual std::string no_rooms() const = 0;
  virtual std::string who(std::size_t count, const Names& names) const = 0;
  virtual std::string search_needed() const = 0;
  virtual std::string not_found(const std::string& text) const = 0;
  /// In the status line; `at` counts from the newest, from 1.
  virtual std::string found(std::size_t at, std::size_t count) const = 0;
  virtual std::string who_is_ignored(const Names& names) const = 0;
  virtual std::string ignore_refused() const = 0;
  virtual std::string ignored(const std::string& name) const = 0;
  virtual std::string not_ignored(const std::string& name) const = 0;
  virtual std::string how_to_leave() const = 0;

  // ---- leaving while something is not acknowledged
  virtual std::string are_being_sent(std::size_t unsent) const = 0;
  virtual std::string were_not_sent(std::size_t unsent) const = 0;
  /// Behind either of them.
  virtual std::string leave_again(std::size_t unsent) const = 0;
  virtual std::string part_again(std::size_t unsent) const = 0;
  /// Above a list of them, on stderr.
  virtual std::string not_acknowledged(std::size_t unsent) const = 0;

  virtual std::string not_utf8() const = 0;

  // ---- what the server and the connection say
  /// Which line of stdin: its number, from 1, and how it begins.
  virtual std::string input_line(std::size_t number, const std::string& begin) const = 0;
  virtual std::string message_not_sent(const std::string& why) const = 0;
  /// An error of the server's, by its code (codes.def) where that is known; `text`: its own words.
  virtual std::string said(std::string_view code, const std::string& text) const = 0;
  /// Why a connection ended; `close`: the close code, 0 without one; `why`: its words.
  virtual std::string lost(std::uint16_t close, const std::string& why) const = 0;
  /// `room` has ended for good.
  virtual std::string over(const std::string& why, const std::string& room) const = 0;
  virtual std::string trying_again(const std::string& why) const = 0;
};

const Texts& texts_in(Language language);
const Texts& english();
const Texts& traditional_chinese();

/// "a, b" with `between`; with more than `most` names nothing. For the languages.
std::string listed(const Texts::Names& names, std::string_view between, std::size_t most);

}  // namespace chat::tui
