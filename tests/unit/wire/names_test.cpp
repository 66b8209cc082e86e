#include "chat/wire/names.hpp"

#include <catch2/catch.hpp>
#include <tuple>

using namespace chat::wire;
namespace base = chat::base;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("room: letters, digits and _ of any script name a room", "[wire][names]") {
  const std::string name = GENERATE(as<std::string>(), "lobby", "_", "42", "Комната_7", "部屋",
                                    "ws2", "API", "हिन्दी", std::string(94, 'x'));
  CAPTURE(name);
  const auto room = parse_room_name(name);
  REQUIRE(room);
  CHECK(room->value() == name);
}

TEST_CASE("room: two spellings of a name are one room", "[wire][names]") {
  CHECK(parse_room_name("cafe\u0301")->value() == "caf\u00e9");
  CHECK(parse_room_name("\u212b")->value() == "\u00c5");
}

TEST_CASE("room: its length counts characters, not bytes", "[wire][names]") {
  CHECK(parse_room_name(repeated("漢", 94)));
  CHECK(parse_room_name(repeated("e\u0301", 94)));  // 94 once composed
  const auto refused = parse_room_name(repeated("漢", 95));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_room);
  CHECK(refused.error().detail == "a room's name has at most 94 characters; this one has 95");
}

TEST_CASE("room: what is no room's name is refused with the reason", "[wire][names]") {
  const auto [name, reason] = GENERATE(table<std::string, std::string>({
      {"", "missing"},
      {"a b", "only letters, digits and _"},
      {"a/b", "only letters, digits and _"},
      {"a-b", "only letters, digits and _"},
      {"..", "only letters, digits and _"},
      {"\u0301a", "only letters, digits and _"},
      {"a\n", "only letters, digits and _"},
      {"a\xFF", "not UTF-8"},
      {"api", "name of the server itself"},
      {"assets", "name of the server itself"},
      {"healthz", "name of the server itself"},
      {"metrics", "name of the server itself"},
      {"readyz", "name of the server itself"},
      {"ws", "name of the server itself"},
  }));
  CAPTURE(name);
  const auto refused = parse_room_name(name);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_room);
  CHECK_THAT(refused.error().detail, Catch::Contains(reason));
}

TEST_CASE("member name: it is brought to its one spelling", "[wire][names]") {
  const auto [asked, given] = GENERATE(table<std::string, std::string>({
      {"ann", "ann"},
      {"  ann   lee ", "ann lee"},
      {"ann\u00a0\u2003lee\u3000", "ann lee"},
      {"Zoe\u0301", "Zo\u00e9"},
      {"<b>bold</b>", "<b>bold</b>"},
      {"😀", "😀"},
      {"\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F468\u200D\U0001F469\u200D\U0001F467"},
      {"❤\ufe0f", "❤\ufe0f"},
  }));
  CAPTURE(asked);
  const auto name = parse_member_name(asked);
  REQUIRE(name);
  CHECK(*name == given);
}

TEST_CASE("member name: its length counts what a reader sees", "[wire][names]") {
  CHECK(parse_member_name(repeated("e\u0301", 32)));
  CHECK(parse_member_name(repeated("😀", 32)));  // 128 bytes
  CHECK(parse_member_name(repeated("x", 33)).error().detail ==
        "a name has at most 32 characters; this one has 33");
  CHECK(parse_member_name("x" + repeated("\u0336", 64)).error().detail ==
        "a name has at most 128 bytes in UTF-8; this one has 129");
}

TEST_CASE("member name: what could deceive a reader or break a line is refused", "[wire][names]") {
  const auto [name, reason] = GENERATE(table<std::string, std::string>({
      {"", "visible"},
      {"   ", "visible"},
      {"\u200d", "visible"},
      {"\u3164", "visible"},  // the Hangul filler is a letter that shows nothing
      {"\u0301", "visible"},
      {"\u200d\u0301", "visible"},
      {"a\nb", "control"},
      {"a\tb", "control"},
      {"\x1b[31mred", "control"},
      {"\u202eevil", "control"},
      {"a\u2028b", "control"},
      {"\ue000", "control"},
      {"a\xC3", "not UTF-8"},
  }));
  CAPTURE(name);
  const auto refused = parse_member_name(name);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_name);
  CHECK_THAT(refused.error().detail, Catch::Contains(reason));
}

TEST_CASE("client id: it is derived from the secret, and shows nothing of it", "[wire][names]") {
  CHECK(derive_client_id("0123456789abcdef")->value() == "NJrkKMmkkxB");
  CHECK(derive_client_id(repeated("A-_z", 16))->value() == "wABqBrMyOui");
}

TEST_CASE("client id: only secrets of the promised shape are taken", "[wire][names]") {
  const std::string bad = GENERATE(as<std::string>(), "", "fifteen-letters", std::string(65, 'a'),
                                   "0123456789abcde!", "0123456789 bcdef", "0123456789abcdé");
  CAPTURE(bad);
  const auto refused = derive_client_id(bad);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_frame);
  CHECK_THAT(refused.error().detail, Catch::Contains("16 to 64 characters"));
  if (!bad.empty()) CHECK_THAT(refused.error().detail, !Catch::Contains(bad));
}

TEST_CASE("cursor: an epoch and a seq, or a seq alone", "[wire][names]") {
  const auto [text, epoch, seq] = GENERATE(table<std::string, std::string, std::uint64_t>({
      {"Ab-_9:17", "Ab-_9", 17},
      {"17", "", 17},
      {"0", "", 0},
      {"e:9007199254740991", "e", 9007199254740991U},
      {"7:7", "7", 7},
  }));
  CAPTURE(text);
  const auto cursor = parse_cursor(text);
  REQUIRE(cursor);
  CHECK(cursor->epoch.value() == epoch);
  CHECK(cursor->seq.value() == seq);
}

TEST_CASE("cursor: anything else is refused", "[wire][names]") {
  const std::string bad = GENERATE(as<std::string>(), "", ":", "e:", ":5", "e:5:6", "e:-1", "+1",
                                   " 1", "1 ", "1.0", "0x1", "é:1", "e:9007199254740992",
                                   "99999999999999999999", std::string(33, 'e') + ":1");
  CAPTURE(bad);
  const auto refused = parse_cursor(bad);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_frame);
}

TEST_CASE("epoch: 1 to 32 characters of the token alphabet", "[wire][names]") {
  CHECK(is_epoch("a"));
  CHECK(is_epoch(std::string(32, '-')));
  CHECK_FALSE(is_epoch(""));
  CHECK_FALSE(is_epoch(std::string(33, 'a')));
  CHECK_FALSE(is_epoch("a:b"));
}
