#include "chat/rabbitmq/msgpack_json.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "chat/wire/json_members.hpp"
#include "msgpack_bytes.hpp"

namespace chat::tests {
namespace {

using namespace rabbitmq;
using namespace std::string_literals;

constexpr std::size_t kPlenty = 64U << 20;

std::string hex_of(std::string_view json) {
  std::string out;
  REQUIRE(pack_json(out, json));
  return to_hex(out);
}

std::string refusal_of(std::string_view json) {
  std::string out;
  const auto packed = pack_json(out, json);
  if (packed) return "";
  CHECK(packed.error().code == wire::Code::bad_json);
  return packed.error().detail;
}

/// The JSON of MessagePack, or "! " and why there is none.
std::string json_of(const std::string& bytes, std::size_t most = kPlenty) {
  const auto json = json_of_msgpack(bytes, most);
  if (!json) return "! "s + json.error();
  CHECK(wire::is_message_value(*json));
  return *json;
}

std::string there_and_back(std::string_view json) { return json_of(from_hex(hex_of(json))); }

std::string nested(std::size_t depth, std::string_view open, std::string_view close) {
  return repeated(open, depth) + repeated(close, depth);
}

TEST_CASE("msgpack json: a value comes back as it was", "[rabbitmq][msgpack]") {
  const std::string json = GENERATE(
      R"("")", R"("hello 你好 😀")", R"("a\u0000b")", R"("\"\\/")", "\"\x7f\xe2\x80\xa8\"", "null",
      "true", "false", "[]", "{}", R"({"":[]})", R"({"z":1,"a":{"y":[2,{"x":null}],"b":"c"}})", "0",
      "7", "-1", "127", "128", "255", "256", "-32", "-33", "-128", "-129", "65536",
      "9007199254740993", "9223372036854775807", "-9223372036854775808", "12345678901234567890",
      "18446744073709551615", "1.0", "-1.5", "0.1", "-0.0", "0.0", "1e+300", "5e-324",
      "1.7976931348623157e+308", "123456789012345683968.0", "[1,1.0,[1.5,\"1\"]]");
  CHECK(there_and_back(json) == json);
}

TEST_CASE("msgpack json: a value in another spelling means the same", "[rabbitmq][msgpack]") {
  CHECK(there_and_back(" [ 1 , { \"a\" : \"\\u00e9\\ud83d\\ude00\\/\" } ]\n") ==
        R"([1,{"a":"é😀/"}])");
  CHECK(there_and_back(R"("\b\f\n\r\t\u0001")") == R"("\b\f\n\r\t\u0001")");
  CHECK(there_and_back("-0") == "0");
  CHECK(there_and_back("1e4") == "10000.0");
  CHECK(there_and_back("1E2") == "100.0");
  CHECK(there_and_back("-0e9") == "-0.0");
  CHECK(there_and_back("1e-400") == "0.0");
  CHECK(there_and_back("0.1000000000000000055511151231257827") == "0.1");
  CHECK(there_and_back("12345678901234567890.0") == "12345678901234567168.0");
}

TEST_CASE("msgpack json: of a repeated key the last value has the place of the first",
          "[rabbitmq][msgpack]") {
  CHECK(there_and_back(R"({"a":1,"a":2})") == R"({"a":2})");
  CHECK(there_and_back(R"({"a":1,"b":2,"a":[3,4],"c":5,"\u0061":{"d":6,"d":7}})") ==
        R"({"a":{"d":7},"b":2,"c":5})");
  CHECK(there_and_back(R"([{"":1,"":2},{"b":{"a":1,"a":2},"a":3,"b":4}])") ==
        R"([{"":2},{"b":4,"a":3}])");
  // MessagePack can say it, too.
  CHECK(json_of(from_hex("83 a161 01 a162 02 a161 03")) == R"({"a":3,"b":2})");
  CHECK(json_of(from_hex("84 a162 01 a161 02 a161 9103 a162 8104 05")).front() == '!');
  CHECK(json_of(from_hex("84 a162 01 a161 02 a161 9103 a162 81a163 05")) ==
        R"({"b":{"c":5},"a":[3]})");
}

TEST_CASE("msgpack json: an object of many keys takes no time that a stranger could use",
          "[rabbitmq][msgpack]") {
  std::string same = "{";
  std::string different = "{";
  for (int i = 0; i < 200'000; ++i) {
    same += R"("":1,)";
    different += '"' + std::to_string(i) + "\":1,";
  }
  same.back() = different.back() = '}';
  const auto begin = std::chrono::steady_clock::now();
  CHECK(there_and_back(same) == R"({"":1})");
  CHECK(there_and_back(different) == different);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}

TEST_CASE("msgpack json: what cannot be carried says why", "[rabbitmq][msgpack]") {
  const std::string integer =
      "it has an integer outside of -2^63 to 2^64 - 1, which Django Channels cannot carry";
  CHECK(refusal_of("18446744073709551616") == integer);
  CHECK(refusal_of("[-9223372036854775809]") == integer);
  CHECK(refusal_of(R"({"a":-18446744073709551615})") == integer);
  CHECK(refusal_of("1" + std::string(400, '0')) == integer);
  CHECK(refusal_of("1e400") == "it has a number that no double can hold");
  CHECK(refusal_of("-1e999") == "it has a number that no double can hold");
  const std::string half = "it has half of a surrogate pair, which is no character";
  CHECK(refusal_of(R"("\ud800")") == half);
  CHECK(refusal_of(R"({"\udc00":1})") == half);
  CHECK(refusal_of(R"("\ud83d\u0041")") == half);
  const std::string deep = "its arrays and objects are nested too deep";
  CHECK(refusal_of(nested(99, "[", "]")).empty());
  CHECK(refusal_of(nested(100, "[", "]")) == deep);
  CHECK(refusal_of(nested(1'000'000, "[", "]")) == deep);
  CHECK(refusal_of(repeated("{\"a\":", 99) + "1" + repeated("}", 99)).empty());
  CHECK(refusal_of(repeated("{\"a\":", 1'000'000)) == deep);
}

TEST_CASE("msgpack json: what is no JSON value is refused", "[rabbitmq][msgpack]") {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::string& text :
       {""s, " "s, "x"s, "NaN"s, "Infinity"s, "1 2"s, "[1"s, "{\"a\"}"s, "\"\xff\""s,
        "\"\xed\xa0\x80\""s, mark + "1", "1\0"s, "1\0 2"s, "\"\n\""s, "01"s, "+1"s, "'a'"s}) {
    CAPTURE(text);
    CHECK(refusal_of(text) == "it is no JSON value");
  }
}

TEST_CASE("msgpack json: what JSON has not is refused", "[rabbitmq][msgpack]") {
  CHECK(json_of(from_hex("c40161")) == "! it has bytes or an extension, which JSON has not");
  CHECK(json_of(from_hex("81a16191 d40561")) ==
        "! it has bytes or an extension, which JSON has not");
  CHECK(json_of(from_hex("81 c40161 01")) == "! a key is no text");
  CHECK(json_of(from_hex("81 07 01")) == "! a key is no text");
  const std::string infinite = "! it has NaN or an infinity, which JSON has not";
  for (const auto* hex : {"cb7ff8000000000000", "cbfff8000000000001", "cb7ff0000000000000",
                          "cbfff0000000000000", "ca7fc00000", "91ca7f800000"}) {
    CAPTURE(hex);
    CHECK(json_of(from_hex(hex)) == infinite);
  }
  CHECK(json_of(from_hex("ca3dcccccd")) == "0.10000000149011612");
  CHECK(json_of(from_hex("0101")) == "! something follows its end");
  CHECK(json_of("") == "! it is cut off");
  CHECK(json_of(from_hex("a1ff")) == "! a text is not UTF-8");
}

TEST_CASE("msgpack json: it is written no deeper than a frame may be", "[rabbitmq][msgpack]") {
  const std::string deep = "! its arrays and maps are nested too deep";
  CHECK(json_of(repeated("\x91", 98) + "\x90") == nested(99, "[", "]"));
  CHECK(json_of(repeated("\x91", 99) + "\x90") == deep);
  CHECK(json_of(repeated("\x91", 1'000'000) + "\xc0") == deep);
  CHECK(json_of(repeated("\x81\xa0", 1'000'000) + "\xc0") == deep);
}

TEST_CASE("msgpack json: it is written up to a size", "[rabbitmq][msgpack]") {
  const auto text = from_hex(hex_of('"' + std::string(98, 'x') + '"'));
  CHECK(json_of(text, 100).size() == 100);
  CHECK(json_of(text, 99) == "! it is too large");
  CHECK(json_of(from_hex("dd00ffffff") + std::string(0xffffff, '\xc0'), 1000) ==
        "! it is too large");
  CHECK(json_of(from_hex("df00ffffff") + repeated("\xa0\xc0", 0xffffff), 1000) ==
        "! it is too large");
}

}  // namespace
}  // namespace chat::tests
