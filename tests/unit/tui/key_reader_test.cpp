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

TEST_CASE("keys: whatever a line break is pasted as, it is one", "[tui][keys]") {
  const auto pasted = [](const std::u32string& characters) {
    KeyReader reader;
    reader.paste_begin();
    for (const char32_t c : characters) reader.character(c);
    reader.paste_end();
    return reader.take().at(0).text;
  };
  CHECK(pasted(U"a\nb\n") == "a\nb\n");
  CHECK(pasted(U"a\rb\r") == "a\nb\n");
  CHECK(pasted(U"a\r\nb\r\n") == "a\nb\n");
  CHECK(pasted(U"a\r\n\r\nb") == "a\n\nb");
  CHECK(pasted(U"a\r\rb\r\r") == "a\nb\n");
  CHECK(pasted(U"a\r\r\r\rb\r\r") == "a\n\nb\n");
  CHECK(pasted(U"a\r\rb\r") == "a\n\nb\n");
  CHECK(pasted(U"a\r\rb") == "a\n\nb");
}

TEST_CASE("keys: of a paste that is too long nothing is taken, and that is told", "[tui][keys]") {
  KeyReader reader;
  const auto paste = [&reader](std::size_t length) {
    reader.paste_begin();
    for (std::size_t i = 0; i < length; ++i) reader.character(U'x');
    reader.paste_end();
    return reader.take().at(0);
  };
  CHECK(paste(KeyReader::kMostPasted).text.size() == KeyReader::kMostPasted);
  const auto too_long = paste(KeyReader::kMostPasted + 1);
  CHECK(too_long.is_too_long);
  CHECK(too_long.text.empty());
  CHECK_FALSE(paste(1).is_too_long);
}
