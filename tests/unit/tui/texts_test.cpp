#include "chat/tui/texts.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "chat/base/text.hpp"

using namespace chat::tui;
using chat::wire::Code;

namespace {

using All = std::vector<std::string>;

/// Each text that is made of words.
All all_of(const Texts& texts) {
  const chat::wire::Error bad_name = chat::wire::error_of(Code::bad_name);
  const chat::wire::Error bad_room = chat::wire::error_of(Code::bad_room);
  All all{texts.connecting(),
          texts.connected(),
          texts.reconnecting(),
          texts.reconnecting_in(3),
          texts.closed("WHY"),
          texts.members(2),
          texts.new_below(2),
          texts.more_below(),
          texts.typing({"ANN"}),
          texts.day({2026, 11, 25, 3}),
          texts.unread_line(),
          texts.trimmed(),
          texts.replaced(),
          texts.came_and_went({"ANN"}, {"BOB"}),
          texts.renamed("ANN", "BOB"),
          texts.not_sent_yet(),
          texts.sending(),
          texts.not_sent("WHY"),
          texts.may_be_there("WHY"),
          texts.lost_with_its_log(),
          texts.more_lines(2),
          texts.search_prompt("WORD"),
          texts.paste_question(2),
          texts.paste_answers(),
          texts.paste_too_long(),
          texts.help_keys(),
          texts.unknown_command("NAME", ""),
          texts.unknown_command("NAME", "help"),
          texts.no_command_here("NAME"),
          texts.nick_needed(),
          texts.nick_refused(bad_name),
          texts.you_are_now("ANN"),
          texts.taken("ANN", "BOB"),
          texts.me_needed(),
          texts.join_refused(bad_room),
          texts.too_many_rooms(),
          texts.last_room(),
          texts.no_rooms(),
          texts.who(1, {"ANN"}),
          texts.search_needed(),
          texts.not_found("WORD"),
          texts.found(2, 2),
          texts.who_is_ignored({}),
          texts.who_is_ignored({"ANN"}),
          texts.ignore_refused(),
          texts.ignored("ANN"),
          texts.not_ignored("ANN"),
          texts.how_to_leave(),
          texts.are_being_sent(2),
          texts.were_not_sent(2),
          texts.leave_again(2),
          texts.part_again(2),
          texts.not_acknowledged(2),
          texts.not_utf8(),
          texts.message_not_sent("WHY"),
          texts.over("WHY", "ops"),
          texts.trying_again("WHY")};
  for (const auto& command : commands()) all.emplace_back(texts.about(command.command).text);
  return all;
}

bool has_han(const std::string& text) {
  for (std::size_t at = 0; at < text.size(); at = chat::base::grapheme_end(text, at)) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead >= 0xE4 && lead <= 0xE9) return true;
  }
  return false;
}

std::set<std::string> given(const std::string& text) {
  std::set<std::string> words;
  for (const char* word : {"ANN", "BOB", "WHY", "WORD", "/NAME", "2026"}) {
    if (text.find(word) != std::string::npos) words.insert(word);
  }
  return words;
}

}  // namespace

TEST_CASE("texts: each is there in both languages, and says what it was given", "[tui][texts]") {
  const auto en = all_of(english());
  const auto zh = all_of(traditional_chinese());
  REQUIRE(en.size() == zh.size());
  for (std::size_t i = 0; i < en.size(); ++i) {
    CAPTURE(en[i], zh[i]);
    CHECK_FALSE(en[i].empty());
    CHECK_FALSE(has_han(en[i]));
    CHECK(has_han(zh[i]));
    CHECK(given(en[i]) == given(zh[i]));
    CHECK(chat::base::visible(zh[i]) == zh[i]);
  }
}

TEST_CASE("texts: one is not many", "[tui][texts]") {
  const Texts& en = english();
  CHECK(en.members(0) == "0 members");
  CHECK(en.members(1) == "1 member");
  CHECK(en.members(2) == "2 members");
  CHECK(en.who(1, {"ann"}) == "1 member: ann");
  CHECK(en.more_lines(1) == "… and 1 line more");
  CHECK(en.more_lines(2) == "… and 2 lines more");
  CHECK(en.typing({"ann"}) == "ann is typing…");
  CHECK(en.typing({"ann", "bob"}) == "ann and bob are typing…");
  CHECK(en.typing({"a", "b", "c"}) == "3 people are typing…");
  const Texts& zh = traditional_chinese();
  CHECK(zh.members(1) == "1 人");
  CHECK(zh.typing({"ann", "bob"}) == "ann、bob 正在輸入…");
  CHECK(zh.typing({"a", "b", "c"}) == "3 人正在輸入…");
}

TEST_CASE("texts: who came and went; many are a number", "[tui][texts]") {
  const Texts::Names many{"a", "b", "c", "d"};
  CHECK(english().came_and_went({"a", "b", "c"}, {}) == "a, b, c joined");
  CHECK(english().came_and_went(many, {"x"}) == "4 joined; x left");
  CHECK(english().came_and_went({}, many) == "4 left");
  CHECK(traditional_chinese().came_and_went({"a", "b"}, many) == "a、b 加入了；4 人離開了");
}

TEST_CASE("texts: days", "[tui][texts]") {
  CHECK(english().day({2026, 11, 25, 3}) == "Wed 25 Nov 2026");
  CHECK(english().day({2027, 1, 3, 0}) == "Sun 03 Jan 2027");
  CHECK(traditional_chinese().day({2027, 1, 3, 0}) == "2027年1月3日 星期日");
}

TEST_CASE("texts: a server's error is said by its code, an unknown one in the server's words",
          "[tui][texts]") {
  CHECK(english().said("busy", "come later") == "come later");
  CHECK(traditional_chinese().said("busy", "come later") == "伺服器現在太忙；請稍後再送");
  CHECK(traditional_chinese().said("of_tomorrow", "come later") == "come later");
  CHECK(english().lost(4002, "the token is not valid here") == "the token is not valid here");
  CHECK(traditional_chinese().lost(4002, "the token is not valid here") == "你不能進入這裡");
  CHECK(traditional_chinese().lost(0, "no route") == "no route");
}

TEST_CASE("texts: each command is listed once, and told about", "[tui][texts]") {
  std::set<Command> listed;
  for (const auto& [command, name] : commands()) {
    CHECK(listed.insert(command).second);
    CHECK(name.front() == '/');
    const bool takes_one = !english().about(command).argument.empty();
    CHECK(takes_one == !traditional_chinese().about(command).argument.empty());
  }
  CHECK(listed.size() == static_cast<std::size_t>(Command::quit) + 1);
}
