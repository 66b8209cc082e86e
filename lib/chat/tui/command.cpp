#include "chat/tui/command.hpp"

#include <algorithm>
#include <utility>

#include "chat/base/text.hpp"
#include "chat/tui/emoji.hpp"
#include "chat/tui/words.hpp"

namespace chat::tui {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \n\t";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

constexpr std::string_view kJoin = "/join ";

bool begins_with(const std::string& text, const std::string& prefix) {
  const auto folded = base::fold_case(text);
  const auto wanted = base::fold_case(prefix);
  return folded && wanted && folded->compare(0, wanted->size(), *wanted) == 0;
}

}  // namespace

Entered parse_line(std::string_view line) {
  Entered entered;
  const bool is_slash = !line.empty() && line.front() == '/';
  const bool is_escaped = line.substr(0, 2) == "//";
  if (!is_slash || is_escaped) {
    entered.text = is_escaped ? line.substr(1) : line;
    const bool would_be_action = is_escaped && action_in(entered.text);
    if (would_be_action) entered.text.insert(0, " ");
    return entered;
  }
  const auto space = std::min(line.find_first_of(" \t\n"), line.size());
  entered.name = line.substr(1, space - 1);
  std::transform(entered.name.begin(), entered.name.end(), entered.name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  entered.text = trimmed(line.substr(space));
  entered.is_command = entered.name != "me" || entered.text.empty();
  if (!entered.is_command) entered.text = "/me" + std::string(line.substr(space));
  return entered;
}

const std::vector<NamedCommand>& commands() {
  static const std::vector<NamedCommand> all{
      {Command::help, "/help"},     {Command::nick, "/nick"},       {Command::me, "/me"},
      {Command::join, "/join"},     {Command::part, "/part"},       {Command::rooms, "/rooms"},
      {Command::who, "/who"},       {Command::history, "/history"}, {Command::search, "/search"},
      {Command::ignore, "/ignore"}, {Command::clear, "/clear"},     {Command::quit, "/quit"},
  };
  return all;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& command : commands()) names.emplace_back(command.name);
  return names;
}

bool names_a_room(std::string_view line) { return line.substr(0, kJoin.size()) == kJoin; }

std::string nearest_command(const std::string& name) {
  constexpr std::size_t kLongest = 16;  // twice as long as any command
  if (name.empty()) return {};
  for (const auto& command : commands()) {
    if (command.name.compare(1, name.size(), name) == 0) return std::string(command.name.substr(1));
  }
  const auto length = base::grapheme_count(name);
  if (length > kLongest) return {};
  const std::size_t most = length > 3 ? 2 : 1;
  for (const auto& command : commands()) {
    const auto known = command.name.substr(1);
    if (base::edit_distance(known, name) <= most) return std::string(known);
  }
  return {};
}

Completion::Offer Completion::next(const std::string& line, std::size_t cursor,
                                   const std::vector<std::string>& names,
                                   const std::vector<std::string>& rooms) {
  if (candidates_.empty()) look_up(line, cursor, names, rooms);
  if (candidates_.empty()) return {};
  return {begin_, candidates_[at_++ % candidates_.size()], true};
}

void Completion::look_up(const std::string& line, std::size_t cursor,
                         const std::vector<std::string>& names,
                         const std::vector<std::string>& rooms) {
  at_ = 0;
  if (auto emoji = begun_emoji(std::string_view(line).substr(0, cursor))) {
    begin_ = emoji->begin;
    candidates_ = std::move(emoji->texts);
    return;
  }
  const auto space = cursor == 0 ? std::string::npos : line.rfind(' ', cursor - 1);
  begin_ = space == std::string::npos ? 0 : space + 1;
  const auto word = line.substr(begin_, cursor - begin_);
  if (word.empty() && !line.empty()) return;
  const char mark = word.empty() ? '\0' : word.front();
  const bool is_command = begin_ == 0 && mark == '/';
  const bool is_room = begin_ == kJoin.size() && names_a_room(line);
  const bool has_mark = is_room ? mark == '#' : mark == '@';
  const bool addresses = begin_ == 0 && !is_command && !has_mark;
  const auto known = is_command ? command_names() : is_room ? rooms : names;
  const std::string before(has_mark ? 1 : 0, mark);
  for (const auto& one : known) {
    if (begins_with(before + one, word))
      candidates_.push_back(before + one + (addresses ? ": " : " "));
  }
}

}  // namespace chat::tui
