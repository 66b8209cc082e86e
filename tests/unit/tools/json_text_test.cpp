#include "json_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "chat/base/text.hpp"

using chat::tools::json_line_of;
using chat::tools::json_text;
using namespace std::string_literals;

TEST_CASE("json text: any text is a JSON string that means it", "[tools]") {
  const std::string text = GENERATE(""s, "a\"b\\c"s, "tab\tbreak\nnul\0del\x7f"s, "\x1b[31m"s,
                                    "部屋 😀 e\xCC\x81 👩\u200D🔬"s, "\u202E\u2066\uFEFF\u200B"s,
                                    "\u2028\u2029\u0085\u009B"s, "\U000E0041\U0001D173"s);
  CAPTURE(text);
  const auto json = json_text(text);
  CHECK(nlohmann::json::parse(json) == text);
  CHECK_FALSE(chat::base::has_unprintable(json));
}

TEST_CASE("json text: characters above U+FFFF become two escapes, letters and emoji stay",
          "[tools]") {
  CHECK(json_text("\U000E0041") == R"("\udb40\udc41")");
  CHECK(json_text("\u202Eé😀👩\u200D🔬") == "\"\\u202eé😀👩\u200D🔬\"");
}

TEST_CASE("json text: a value on one line is the same value, numbers as they were", "[tools]") {
  const std::string json = "{\n \"a\u202E\\n\" :\r\n\t[1.0, 1e2, \"\u2028\x7F\U000E0041\\\\\"]\n}";
  const auto line = json_line_of(json);
  CHECK(line == "{  \"a\\u202e\\n\" :  \t[1.0, 1e2, \"\\u2028\\u007f\\udb40\\udc41\\\\\"] }");
  CHECK(nlohmann::json::parse(line) == nlohmann::json::parse(json));
}

TEST_CASE("json text: what is not UTF-8 is replaced", "[tools]") {
  CHECK(json_text("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
  CHECK(json_text("\xE9\x83") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
