#include "chat/tui/line_editor.hpp"

#include <catch2/catch.hpp>
#include <tuple>

using namespace chat::tui;

namespace {

/// Types: `^a` is Ctrl-A, `~b` Alt-B, `<` left, `>` right, `{` up, `}` down, `#` backspace; others
/// are themselves.
void type(LineEditor& editor, const std::string& keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Key key;
    switch (keys[i]) {
      case '^':
        key.kind = Key::Kind::control;
        key.letter = keys[++i];
        break;
      case '~':
        key.kind = Key::Kind::alt;
        key.letter = keys[++i];
        break;
      case '<': key.kind = Key::Kind::left; break;
      case '>': key.kind = Key::Kind::right; break;
      case '{': key.kind = Key::Kind::up; break;
      case '}': key.kind = Key::Kind::down; break;
      case '#': key.kind = Key::Kind::backspace; break;
      default: key.text = std::string(1, keys[i]);
    }
    CHECK(editor.press(key));
  }
}

}  // namespace

TEST_CASE("editor: emacs keys", "[tui][editor]") {
  const auto [keys, text, cursor] = GENERATE(table<std::string, std::string, std::size_t>({
      {"hello", "hello", 5},
      {"hello^a", "hello", 0},
      {"hello^a^e!", "hello!", 6},
      {"hello<<x", "helxlo", 4},
      {"hello^b^bx", "helxlo", 4},
      {"hello^a^fx", "hxello", 2},
      {"hello#", "hell", 4},
      {"hello^h", "hell", 4},
      {"hello^a^d", "ello", 0},
      {"one two^w", "one ", 4},
      {"one two  ^w", "one ", 4},
      {"one two^u", "", 0},
      {"one two~b^k", "one ", 4},
      {"one two~b^k^a^y", "twoone ", 3},
      {"one two^a~f", "one two", 3},
      {"one two^a~d", " two", 0},
      {"ab^t", "ba", 2},
      {"abc^a^f^t", "bac", 2},
      {"#^d^w^u^k^t<>~b~f~d", "", 0},
  }));
  CAPTURE(keys);
  LineEditor editor;
  type(editor, keys);
  CHECK(editor.text() == text);
  CHECK(editor.cursor() == cursor);
}

TEST_CASE("editor: a grapheme goes as a whole", "[tui][editor]") {
  const std::string family = "👩‍👩‍👧";
  const std::string accent = "e\u0301";
  LineEditor editor;
  editor.insert("a" + family + accent);
  type(editor, "<");
  CHECK(editor.cursor() == 1 + family.size());
  type(editor, "#");
  CHECK(editor.text() == "a" + accent);
  type(editor, "^d");
  CHECK(editor.text() == "a");
}

TEST_CASE("editor: what was written comes back, the unfinished line too", "[tui][editor]") {
  LineEditor editor;
  for (const char* line : {"first", "second", "second"}) {
    editor.insert(line);
    CHECK(editor.take() == line);
  }
  CHECK(editor.empty());
  type(editor, "new{");
  CHECK(editor.text() == "second");
  type(editor, "{{{");
  CHECK(editor.text() == "first");
  type(editor, "}}}");
  CHECK(editor.text() == "new");
  type(editor, "^p^p^n");
  CHECK(editor.text() == "second");
}

TEST_CASE("editor: Ctrl-R looks for what was written", "[tui][editor]") {
  LineEditor editor;
  for (const char* line : {"deploy one", "status", "deploy two"}) {
    editor.insert(line);
    editor.take();
  }
  type(editor, "^rdep");
  CHECK(editor.search() == "dep");
  CHECK(editor.text() == "deploy two");
  type(editor, "^r");
  CHECK(editor.text() == "deploy one");
  type(editor, "^r");
  CHECK(editor.text() == "deploy one");
  type(editor, "^e!");
  CHECK_FALSE(editor.search());
  CHECK(editor.text() == "deploy one!");
  type(editor, "^rsta^g");
  CHECK_FALSE(editor.search());
  CHECK(editor.empty());
}

TEST_CASE("editor: the view holds the cursor, in columns", "[tui][editor]") {
  LineEditor editor;
  editor.insert("漢字abc");
  auto view = editor.view(20);
  CHECK(view.text == "漢字abc");
  CHECK(view.cursor == 7);
  view = editor.view(5);
  CHECK(view.text == "abc");
  CHECK(view.cursor == 3);
  type(editor, "^a");
  view = editor.view(5);
  CHECK(view.text == "漢字a");
  CHECK(view.cursor == 0);
  LineEditor odd;
  odd.insert("a\x1b[31m\xff");
  CHECK(odd.view(20).text == "a␛[31m\uFFFD");
  CHECK(odd.view(20).cursor == 7);
}

TEST_CASE("editor: Alt with what means nothing is what it is without Alt", "[tui][editor]") {
  LineEditor editor;
  for (const char letter : {'/', ' ', 'x', '~', '\n', '\x1'}) {
    Key key;
    key.kind = Key::Kind::alt;
    key.letter = letter;
    CHECK(editor.press(key) == (letter >= ' '));
  }
  CHECK(editor.text() == "/ x~");
}
