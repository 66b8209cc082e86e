#include "chat/tui/key_reader.hpp"

#include <catch2/catch.hpp>

using namespace chat::tui;

namespace {

Key key(Key::Kind kind, std::string text = {}, char letter = 0) {
  Key made;
  made.kind = kind;
  made.text = std::move(text);
  made.letter = letter;
  return made;
}

std::vector<Key> typed(const std::u32string& characters) {
  KeyReader reader;
  for (const char32_t c : characters) reader.character(c);
  reader.idle();
  return reader.take();
}

}  // namespace

TEST_CASE("keys: characters of any script come as UTF-8", "[tui][keys]") {
  CHECK(typed(U"aé漢😀") == std::vector<Key>{key(Key::Kind::text, "a"), key(Key::Kind::text, "é"),
                                            key(Key::Kind::text, "漢"), key(Key::Kind::text, "😀")});
}

TEST_CASE("keys: control characters have names or letters", "[tui][keys]") {
  CHECK(typed(U"\r\t\x7f\b\x01\x1a") ==
        std::vector<Key>{key(Key::Kind::enter), key(Key::Kind::tab), key(Key::Kind::backspace),
                         key(Key::Kind::backspace), key(Key::Kind::control, "", 'a'),
                         key(Key::Kind::control, "", 'z')});
  CHECK(typed(std::u32string(1, U'\0')).empty());
}

TEST_CASE("keys: Esc before a character is Alt, alone it is itself", "[tui][keys]") {
  CHECK(typed(U"\x1b"
              U"1") == std::vector<Key>{key(Key::Kind::alt, "", '1')});
  CHECK(typed(U"\x1b") == std::vector<Key>{key(Key::Kind::escape)});
  CHECK(typed(U"\x1b\x1b"
              U"f") == std::vector<Key>{key(Key::Kind::escape), key(Key::Kind::alt, "", 'f')});
  CHECK(typed(U"\x1b漢") == std::vector<Key>{key(Key::Kind::text, "漢")});
}

TEST_CASE("keys: what is pasted is one key, whatever is in it", "[tui][keys]") {
  KeyReader reader;
  reader.paste_begin();
  for (const char32_t c : std::u32string(U"a\r\x1b[31m\x03z")) reader.character(c);
  reader.special(Key::Kind::left);
  reader.idle();
  CHECK(reader.take().empty());
  reader.paste_end();
  reader.character(U'b');
  CHECK(reader.take() ==
        std::vector<Key>{key(Key::Kind::paste, "a\n\x1b[31m\x03z"), key(Key::Kind::text, "b")});
  reader.paste_end();
  CHECK(reader.take().empty());
}
