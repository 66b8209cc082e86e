#include "chat/base/text.hpp"

#include <utf8proc.h>

#include <catch2/catch.hpp>
#include <tuple>

using namespace chat::base;
using namespace std::string_literals;

TEST_CASE("text: UTF-8 is what RFC 3629 says", "[base][text]") {
  const auto [text, valid] = GENERATE(table<std::string, bool>({
      {"", true},
      {"plain\0ascii"s, true},
      {"漢字", true},
      {"\xF0\x9F\x98\x80", true},
      {"\xF4\x8F\xBF\xBF", true},   // U+10FFFF
      {"\xEF\xBF\xBF", true},       // U+FFFF, a noncharacter, but well formed
      {"\x80", false},              // a tail without its head
      {"\xC0\x80", false},          // an overlong NUL
      {"\xE0\x80\xAF", false},      // an overlong slash
      {"\xED\xA0\x80", false},      // a surrogate
      {"\xF4\x90\x80\x80", false},  // above U+10FFFF
      {"\xF8\x88\x80\x80\x80", false},
      {"cut \xE2\x82", false},
      {"\xE2\x82 cut", false},
  }));
  CAPTURE(text);
  CHECK(is_utf8(text) == valid);
}

TEST_CASE("text: NFC has one spelling for one text", "[base][text]") {
  CHECK(to_nfc("plain") == "plain");
  CHECK(to_nfc("e\u0301") == "\u00e9");
  CHECK(to_nfc("\u212b") == "\u00c5");              // the ångström sign is the letter
  CHECK(to_nfc("\u1112\u1161\u11ab") == "\ud55c");  // conjoining jamo
  CHECK(to_nfc("a\u0323\u0307") == to_nfc("a\u0307\u0323"));
  CHECK(to_nfc("with\0zero é"s) == "with\0zero é"s);
  CHECK(to_nfc("") == "");
  CHECK(to_nfc("\xC3") == std::nullopt);
}

TEST_CASE("text: folding makes equal what people read as equal", "[base][text]") {
  const auto [one, other] = GENERATE(table<std::string, std::string>({
      {"Ann", "aNN"},
      {"STRASSE", "straße"},
      {"ΣΊΣΥΦΟΣ", "σίσυφος"},
      {"Ａｎｎ", "ann"},  // full width
      {"e\u0301", "É"},
      {"an\u200dn", "ann"},  // a joiner is not seen
  }));
  CAPTURE(one, other);
  CHECK(fold_case(one) == fold_case(other));
  CHECK(fold_case("ann") != fold_case("anna"));
  CHECK(fold_case("\xFF") == std::nullopt);
}

TEST_CASE("text: graphemes are what a reader counts as characters", "[base][text]") {
  const auto [text, count] = GENERATE(table<std::string, std::size_t>({
      {"", 0},
      {"abc", 3},
      {"e\u0301", 1},
      {"a漢👍🏽é", 4},
      {"\U0001F468\u200D\U0001F469\u200D\U0001F467", 1},  // a family
      {"\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", 2},    // two flags
      {"\r\n", 1},
  }));
  CAPTURE(text);
  CHECK(grapheme_count(text) == count);
}

TEST_CASE("text: a word is letters, digits and _ of any script", "[base][text]") {
  const auto [text, word, length] = GENERATE(table<std::string, bool, std::size_t>({
      {"lobby_42", true, 8},
      {"комната", true, 7},
      {"部屋", true, 2},
      {"हिन्दी", true, 6},  // with its vowel signs
      {"٤٢", true, 2},
      {"_", true, 1},
      {"²½Ⅷ", true, 3},
      {"x\u0308", true, 2},
  }));
  CAPTURE(text);
  std::size_t counted = 0;
  CHECK(is_word(text, counted) == word);
  CHECK(counted == length);
}

TEST_CASE("text: what is no word", "[base][text]") {
  const std::string text = GENERATE(as<std::string>(), "", "a b", "a-b", "a.b", "a/b", "\u0308x",
                                    "😀", "a\u200d", "a\nb", "\xFF", "a\xC3");
  CAPTURE(text);
  std::size_t length = 0;
  CHECK_FALSE(is_word(text, length));
}

TEST_CASE("text: ASCII is judged as Unicode has it", "[base][text]") {
  for (int c = 0; c < 0x80; ++c) {
    const std::string text(1, static_cast<char>(c));
    CAPTURE(c);
    std::size_t length = 0;
    const auto category = utf8proc_category(c);
    const bool letter_or_digit = category == UTF8PROC_CATEGORY_LU ||
                                 category == UTF8PROC_CATEGORY_LL ||
                                 category == UTF8PROC_CATEGORY_ND;
    CHECK(is_word(text, length) == (letter_or_digit || c == '_'));
    CHECK(has_unprintable(text) == (category == UTF8PROC_CATEGORY_CC));
  }
}

TEST_CASE("text: marks at the front are found", "[base][text]") {
  CHECK(starts_with_mark("\u0301e"));
  CHECK(starts_with_mark("\u20e3"));
  CHECK_FALSE(starts_with_mark("e\u0301"));
  CHECK_FALSE(starts_with_mark(""));
  CHECK_FALSE(starts_with_mark("\xCC"));
}

TEST_CASE("text: spaces of every kind become single ones", "[base][text]") {
  CHECK(single_spaced("  ann   lee ") == "ann lee");
  CHECK(single_spaced("ann\u00a0\u2003lee\u3000") == "ann lee");
  CHECK(single_spaced("\u1680 \u205f").empty());
  CHECK(single_spaced("a\tb\xFF c") == "a\tb\xFF c");
  CHECK(single_spaced("").empty());
}

TEST_CASE("text: what cannot be printed is found", "[base][text]") {
  const std::string bad = GENERATE(as<std::string>(), "\x1b[31m", "\n", "\x7f", "\u0085", "\u202e",
                                   "\u2028", "\u2029", "\ue000", "\u0378", "\ufeff", "\xFF");
  CAPTURE(bad);
  CHECK(has_unprintable("a" + bad));
}

TEST_CASE("text: joiners of emoji and of scripts are printable", "[base][text]") {
  const std::string good = GENERATE(as<std::string>(), "", "ann lee", "\u200d", "\u200c",
                                    "\U0001F468\u200D\U0001F469", "नमस्ते", "❤\ufe0f");
  CAPTURE(good);
  CHECK_FALSE(has_unprintable(good));
}

TEST_CASE("text: a log line cannot be broken by what it shows", "[base][text]") {
  const auto [text, shown] = GENERATE(table<std::string, std::string>({
      {"plain é漢😀", "plain é漢😀"},
      {"two\nlines", "two\\x0alines"},
      {"\x1b[2J\x7f", "\\x1b[2J\\x7f"},
      {"back\\slash", "back\\x5cslash"},
      {"zero\0"s, "zero\\x00"},
      {"\u009b1m", "\\u{009b}1m"},
      {"\u202eevil", "\\u{202e}evil"},
      {"\u2028", "\\u{2028}"},
      {"bad\xFF\xC3", "bad\\xff\\xc3"},
  }));
  CHECK(escape_for_log(text) == shown);
  CHECK(escape_unprintable("C:\\temp") == "C:\\temp");
  CHECK(escape_unprintable(std::string(1000, 'x') + "\x1b") == std::string(1000, 'x') + "\\x1b");
}

TEST_CASE("text: the distance of two texts counts what a person sees", "[base][text]") {
  const auto [a, b, away] = GENERATE(table<std::string, std::string, std::size_t>({
      {"", "", 0},
      {"quit", "quit", 0},
      {"", "quit", 4},
      {"qiut", "quit", 2},
      {"hlep", "help", 2},
      {"name", "nme", 1},
      {"e\u0301", "e", 1},
      {"\U0001F468\u200D\U0001F469", "x", 1},
      {"漢字", "漢", 1},
  }));
  CHECK(edit_distance(a, b) == away);
  CHECK(edit_distance(b, a) == away);
}

TEST_CASE("text: long texts are cut between characters in a log", "[base][text]") {
  CHECK(escape_for_log("abcdef", 6) == "abcdef");
  CHECK(escape_for_log("abcdefg", 6) == "abcdef…");
  CHECK(escape_for_log("ab漢", 4) == "ab…");
  CHECK(escape_for_log("ab漢", 5) == "ab漢");
  CHECK(escape_for_log("x", 0) == "…");
  CHECK(escape_for_log("", 0).empty());
}

TEST_CASE("text: percent escapes are read as RFC 3986 says", "[base][text]") {
  CHECK(percent_decode("a%20b%2Fc%c3%A9+") == "a b/cé+");
  CHECK(percent_decode("%00") == "\0"s);
  CHECK(percent_decode("") == "");
  const std::string broken =
      GENERATE(as<std::string>(), "%", "%4", "a%", "%zz", "%4g", "%%41", "% 1");
  CAPTURE(broken);
  CHECK(percent_decode(broken) == std::nullopt);
}

TEST_CASE("text: only unreserved characters go unescaped into a URL", "[base][text]") {
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode("é /?#%&+") == "%C3%A9%20%2F%3F%23%25%26%2B");
}

TEST_CASE("text: hexadecimal digits have a value", "[base][text]") {
  CHECK(hex_value('0') == 0);
  CHECK(hex_value('9') == 9);
  CHECK(hex_value('a') == 10);
  CHECK(hex_value('F') == 15);
  CHECK(hex_value('g') == -1);
  CHECK(hex_value('/') == -1);
  CHECK(hex_value('\xff') == -1);
}
