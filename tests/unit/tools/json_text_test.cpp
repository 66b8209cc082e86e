#include "json_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

using chat::tools::json_text;
using namespace std::string_literals;

TEST_CASE("json text: any text is a JSON string that means it", "[tools]") {
  const std::string text = GENERATE(""s, "a\"b\\c"s, "tab\tbreak\nnul\0del\x7f"s, "\x1b[31m"s,
                                    "部屋 😀 e\xCC\x81"s, "\xE2\x80\xA8"s);
  CAPTURE(text);
  const auto json = json_text(text);
  CHECK(nlohmann::json::parse(json) == text);
  for (const char c : json) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
}

TEST_CASE("json text: what is not UTF-8 is replaced", "[tools]") {
  CHECK(json_text("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
  CHECK(json_text("\xE9\x83") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
