#include <array>
#include <cstdio>

#include "chat/tui/texts.hpp"

namespace chat::tui {
namespace {

constexpr std::size_t kMostListed = 3;
constexpr std::size_t kMostTyping = 2;
constexpr std::size_t kAll = static_cast<std::size_t>(-1);

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// "ann, bob joined", "5 joined"; empty of nobody.
std::string done_by(const Texts::Names& names, const std::string& done) {
  if (names.empty()) return {};
  const auto who = listed(names, ", ", kMostListed);
  return (who.empty() ? std::to_string(names.size()) : who) + " " + done;
}

class English final : public Texts {
 public:
  std::string connecting() const override { return "connecting…"; }
  std::string connected() const override { return "connected"; }
  std::string reconnecting() const override { return "reconnecting…"; }
  std::string reconnecting_in(std::int64_t seconds) const override {
    return "reconnecting in " + std::to_string(seconds) + " s";
  }
  std::string closed(const std::string& why) const override { return "closed: " + why; }
  std::string members(std::size_t count) const override {
    return counted(count, "member", "members");
  }
  std::string new_below(std::size_t count) const override {
    return std::to_string(count) + " new ↓";
  }
  std::string more_below() const override { return "more ↓"; }
  std::string typing(const Names& names) const override {
    const auto who = listed(names, " and ", kMostTyping);
    if (who.empty()) return std::to_string(names.size()) + " people are typing…";
    return who + (names.size() == 1 ? " is typing…" : " are typing…");
  }

  std::string day(const Day& day) const override {
    constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s %02d %s %d",
                  kDays.at(static_cast<std::size_t>(day.weekday)), day.day,
                  kMonths.at(static_cast<std::size_t>(day.month - 1)), day.year);
    return text.data();
  }
  std::string unread_line() const override { return "new"; }
  std::string trimmed() const override {
    return "messages are missing here: they are not kept any more";
  }
  std::string replaced() const override { return "the room's history was replaced by a new one"; }
  std::string came_and_went(const Names& joined, const Names& left) const override {
    const auto came = done_by(joined, "joined");
    const auto went = done_by(left, "left");
    return came + (came.empty() || went.empty() ? "" : "; ") + went;
  }
  std::string renamed(const std::string& from, const std::string& to) const override {
    return from + " is now " + to;
  }
  std::string not_sent_yet() const override { return "(not sent yet)"; }
  std::string sending() const override { return "(sending…)"; }
  std::string not_sent(const std::string& why) const override { return "(not sent: " + why + ")"; }
  std::string may_be_there(const std::string& why) const override {
    return why + " (it may be there already)";
  }
  std::string lost_with_its_log() const override {
    return "the server began a new history before this was seen in it";
  }
  std::string more_lines(std::size_t count) const override {
    return "… and " + counted(count, "line", "lines") + " more";
  }

  std::string search_prompt(const std::string& wanted) const override {
    return "(search) " + wanted + ": ";
  }
  std::string paste_question(std::size_t lines) const override {
    return "send these " + std::to_string(lines) + " lines as one message? ";
  }
  std::string paste_answers() const override { return "(y)es (n)o (e)dit "; }
  std::string paste_too_long() const override {
    return "the paste is longer than 1 MiB, and nothing of it was taken";
  }

  CommandHelp about(Command command) const override {
    switch (command) {
      case Command::help: return {"", "this list"};
      case Command::nick: return {"NAME", "be called NAME"};
      case Command::me: return {"TEXT", "say what you do"};
      case Command::join: return {"ROOM", "open another room"};
      case Command::part: return {"", "close this room"};
      case Command::rooms: return {"", "the server's rooms"};
      case Command::who: return {"", "who is here"};
      case Command::history: return {"", "older messages (PageUp)"};
      case Command::search:
        return {"TEXT", "look for TEXT in what is loaded; alone: further back; Esc ends it"};
      case Command::ignore: return {"NAME", "hide what NAME says, or show it again"};
      case Command::clear: return {"", "empty the screen"};
      case Command::quit: return {"", "leave"};
    }
    return {};
  }
  std::string help_keys() const override {
    return "Tab completes, PageUp reads back, Esc goes to the end, Alt+1…9 changes rooms, //x "
           "sends /x, :smile: 😄";
  }
  std::string unknown_command(const std::string& name, const std::string& near) const override {
    const auto help = near.empty() ? "/help lists them" : "did you mean /" + near + "?";
    return "there is no command /" + name + "; " + help + (near.empty() ? ", //" : " //") + name +
           " sends it as text";
  }
  std::string no_command_here(const std::string& name) const override {
    return "no command /" + name + " without a terminal; //" + name + " sends it as text";
  }
  std::string nick_needed() const override { return "say which name: /nick NAME"; }
  std::string nick_refused(const wire::Error& error) const override {
    return "/nick NAME: " + error.text();
  }
  std::string you_are_now(const std::string& name) const override { return "you are now " + name; }
  std::string taken(const std::string& wish, const std::string& name) const override {
    return "“" + wish + "” is taken here; you are “" + name + "”";
  }
  std::string me_needed() const override { return "/me TEXT says what you do"; }
  std::string join_refused(const wire::Error& error) const override {
    return "/join ROOM: " + error.text();
  }
  std::string too_many_rooms() const override {
    return "that many rooms are enough; /part one first";
  }
  std::string last_room() const override { return "this is the last room; /quit leaves"; }
  std::string no_rooms() const override { return "there is no room with a message yet"; }
  std::string who(std::size_t count, const Names& names) const override {
    return members(count) + ": " + listed(names, ", ", kAll);
  }
  std::string search_needed() const override { return "/search TEXT"; }
  std::string not_found(const std::string& text) const override {
    return "\"" + text + "\" is not in what is loaded; PageUp loads more";
  }
  std::string found(std::size_t at, std::size_t count) const override {
    return std::to_string(at) + " of " + std::to_string(count) +
           (at == count ? ", no older one" : "");
  }
  std::string who_is_ignored(const Names& names) const override {
    if (names.empty()) return "nobody is ignored; /ignore NAME hides what NAME says";
    return "ignored: " + listed(names, ", ", kAll);
  }
  std::string ignore_refused() const override {
    return "that is your own name; your messages stay";
  }
  std::string ignored(const std::string& name) const override {
    return name + " is hidden; /ignore again shows it";
  }
  std::string not_ignored(const std::string& name) const override { return name + " is shown"; }
  std::string how_to_leave() const override { return "Ctrl-D or /quit leaves"; }

  std::string are_being_sent(std::size_t unsent) const override {
    return counted(unsent, "message is", "messages are") + " being sent; ";
  }
  std::string were_not_sent(std::size_t unsent) const override {
    return counted(unsent, "message was", "messages were") + " not sent; ";
  }
  std::string leave_again(std::size_t unsent) const override {
    return std::string("Ctrl-D again leaves without ") + (unsent == 1 ? "it" : "them");
  }
  std::string part_again(std::size_t unsent) const override {
    return std::string("/part again closes the room without ") + (unsent == 1 ? "it" : "them");
  }
  std::string not_acknowledged(std::size_t unsent) const override {
    return counted(unsent, "message was", "messages were") + " not acknowledged:";
  }

  std::string not_utf8() const override { return "that is not UTF-8, and was not sent"; }

  std::string input_line(std::size_t number, const std::string& begin) const override {
    return "line " + std::to_string(number) + " (\"" + begin + "\"): ";
  }
  std::string message_not_sent(const std::string& why) const override {
    return "a message was not sent: " + why;
  }
  std::string said(std::string_view, const std::string& text) const override { return text; }
  std::string lost(std::uint16_t, const std::string& why) const override { return why; }
  std::string over(const std::string& why, const std::string& room) const override {
    return "this room is closed: " + why + "; /join " + room + " opens it again";
  }
  std::string trying_again(const std::string& why) const override { return why + "; trying again"; }
};

}  // namespace

const Texts& english() {
  static const English texts;
  return texts;
}

}  // namespace chat::tui
