#include "chat/wire/json_slice.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using chat::wire::slice_member;

TEST_CASE("json slice: a value comes out byte for byte", "[wire][json_slice]") {
  const std::string value =
      GENERATE(as<std::string>(), R"("text")", R"("")", R"("a\"b\\")", R"("\\")", R"("}],{:\"")",
               "0", "-1.50e+10", "12345678901234567890123", "true", "false", "null", "[]", "{}",
               R"({"message":"inner","b":[1,{"c":"]}"}]})", R"([ 1 , "x" ,[ ] ])", R"("é漢😀")",
               R"("\u00e9\ud83d\ude00")");
  CAPTURE(value);
  CHECK(slice_member(R"({"message":)" + value + "}", "message") == value);
  CHECK(slice_member(R"({"message":)" + value + R"(,"x":1})", "message") == value);
  CHECK(slice_member("\n{ \"x\" : 1 ,\t\"message\"\r: " + value + " , \"y\" : 2 } ", "message") ==
        value);
  CHECK(slice_member(R"({"a":)" + value + R"(,"message":7})", "message") == "7");
}

TEST_CASE("json slice: of a repeated member the last counts", "[wire][json_slice]") {
  CHECK(slice_member(R"({"m":1,"x":2,"m":3})", "m") == "3");
  CHECK(slice_member(R"({"m":1,"\u006d":2})", "m") == "2");
}

TEST_CASE("json slice: only members of the object itself are looked at", "[wire][json_slice]") {
  CHECK(slice_member(R"({"a":{"m":1},"b":[{"m":2}],"c":"\"m\":3"})", "m") == std::nullopt);
  CHECK(slice_member("{}", "m") == std::nullopt);
  CHECK(slice_member("{ }", "m") == std::nullopt);
}

TEST_CASE("json slice: keys are compared by what they mean", "[wire][json_slice]") {
  const auto [written, key] = GENERATE(table<std::string, std::string>({
      {R"(mess\u0061ge)", "message"},
      {R"(\u006D\u0065ssage)", "message"},
      {R"(a\"b)", "a\"b"},
      {R"(a\/b\\c)", "a/b\\c"},
      {R"(\b\f\n\r\t)", "\b\f\n\r\t"},
      {R"(caf\u00e9)", "café"},
      {R"(\u6f22)", "漢"},
      {R"(\ud83d\ude00)", "😀"},
      {"café", "café"},
  }));
  CAPTURE(written);
  CHECK(slice_member("{\"" + written + "\":1}", key) == "1");
  CHECK(slice_member("{\"" + written + "x\":1}", key) == std::nullopt);
}

TEST_CASE("json slice: what is no object has no members", "[wire][json_slice]") {
  const std::string text = GENERATE(as<std::string>(), "", " ", "[]", "1", R"("m")", "{", R"({"m)",
                                    R"({"m")", R"({"m":)", R"({"m\)", R"({"\u)", R"({"\ud83d\u)");
  CAPTURE(text);
  const auto found = slice_member(text, "m");
  CHECK(found.value_or("").empty());
}
