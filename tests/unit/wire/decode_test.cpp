#include <catch2/catch.hpp>
#include <tuple>

#include "chat/wire/codec.hpp"

using namespace chat::wire;
using namespace std::string_literals;
namespace base = chat::base;

namespace {

const Limits kLimits;

template <class Frame>
Frame decoded(const std::string& text) {
  CAPTURE(text);
  auto frame = decode_v1(text, kLimits);
  if (!frame) FAIL(frame.error().text());
  REQUIRE(std::holds_alternative<Frame>(*frame));
  return std::get<Frame>(std::move(*frame));
}

Error refused_v1(const std::string& text, const Limits& limits = kLimits) {
  CAPTURE(text);
  const auto frame = decode_v1(text, limits);
  REQUIRE_FALSE(frame);
  return frame.error();
}

std::string nested(int depth) {
  const auto braces = static_cast<std::size_t>(depth - 1);
  return R"({"message":)" + std::string(braces, '[') + std::string(braces, ']') + "}";
}

}  // namespace

// ---- the plain dialect

TEST_CASE("plain: any JSON value is a message, byte for byte", "[wire][decode]") {
  const std::string value =
      GENERATE(as<std::string>(), R"("hello")", R"("")", "null", "true", "1.0", "1e2", "-0", "1E-7",
               "123456789012345678901234567890", R"([1, 2])", R"({"b":1,"a":{"message":2}})",
               R"("\u0041\/")", R"("😀 é")", R"("\ud83d\ude00")");
  CAPTURE(value);
  CHECK(decode_plain(R"({"message":)" + value + "}", kLimits) == value);
  CHECK(decode_plain("{ \"x\" : [ ] , \"message\" : " + value + " }\n", kLimits) == value);
}

TEST_CASE("plain: of a repeated message the last counts", "[wire][decode]") {
  CHECK(decode_plain(R"({"message":"a","message":"b"})", kLimits) == R"("b")");
  CHECK(decode_plain(R"({"mess\u0061ge":1})", kLimits) == "1");
}

TEST_CASE("plain: text that is no JSON is refused with the place", "[wire][decode]") {
  const auto [text, byte] = GENERATE(table<std::string, int>({
      {"", 1},
      {"hello", 1},
      {R"({"message":})", 12},
      {R"({"message":"a"} x)", 17},
      {R"({"message":"a",})", 16},
      {R"({'message':1})", 2},
      {R"({"message":01})", 13},
      {R"({"message":NaN})", 12},
      {R"({"message":"\ud800"})", 19},
      {R"({"message":"\q"})", 14},
      {"{\"message\":\"a\nb\"}", 14},
      {"{\"message\":1}\0"s, 14},
      {"{\"message\":1}\0{}"s, 14},
      {"{\"message\":\"\xFF\"}", 13},
      {"\xEF\xBB\xBF{\"message\":1}", 1},
  }));
  CAPTURE(text);
  const auto refused = decode_plain(text, kLimits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_json);
  CHECK(refused.error().text() ==
        "not valid JSON at byte " + std::to_string(byte) + "; send one JSON object per text frame");
}

TEST_CASE("plain: a number that no double can hold is refused", "[wire][decode]") {
  const std::string number =
      GENERATE(as<std::string>(), "1e400", "-1e999999", std::string(400, '9'));
  const auto refused = decode_plain(R"({"message":[)" + number + "]}", kLimits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_json);
  CHECK_THAT(refused.error().text(), Catch::Contains("no double can hold"));
}

TEST_CASE("plain: nesting is taken to 100 levels, the frame's own counted", "[wire][decode]") {
  CHECK(decode_plain(nested(100), kLimits));
  const auto refused = decode_plain(nested(101), kLimits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_json);
  CHECK_THAT(refused.error().text(), Catch::Contains("deeper than 100"));
  CHECK_FALSE(decode_plain(R"({"message":)" + std::string(500'000, '['), kLimits));
}

TEST_CASE("plain: JSON without a message is refused", "[wire][decode]") {
  const auto [text, reason] = GENERATE(table<std::string, std::string>({
      {"{}", "\"message\" is missing; it may be any JSON value"},
      {R"({"msg":1})", "\"message\" is missing; it may be any JSON value"},
      {R"({"a":{"message":1}})", "\"message\" is missing; it may be any JSON value"},
      {R"([{"message":1}])", "a frame must be a JSON object"},
      {R"("message")", "a frame must be a JSON object"},
      {"17", "a frame must be a JSON object"},
      {"null", "a frame must be a JSON object"},
  }));
  CAPTURE(text);
  const auto refused = decode_plain(text, kLimits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_frame);
  CHECK(refused.error().text() == reason);
}

TEST_CASE("plain: the limit is on the JSON text of the message alone", "[wire][decode]") {
  Limits limits;
  limits.message_bytes = 5;
  CHECK(decode_plain(R"({"other":"long enough","message":"abc"})", limits) == R"("abc")");
  const auto refused = decode_plain(R"({"message":"abcd"})", limits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::too_large);
  CHECK(refused.error().limit == 5U);
  CHECK(refused.error().text() ==
        "the message has 6 bytes of JSON and the limit is 5; send less at once");
}

// ---- chat.v1

TEST_CASE("v1: hello, whole and bare", "[wire][decode]") {
  const auto whole = decoded<Hello>(
      R"({"type":"hello","client":"0123456789abcdef","name":"ann","since":{"epoch":"e-1","seq":17},"token":"t"})");
  CHECK(whole.client == "0123456789abcdef");
  CHECK(whole.name == "ann");
  CHECK(whole.token == "t");
  REQUIRE(whole.since);
  CHECK(whole.since->epoch.value() == "e-1");
  CHECK(whole.since->seq.value() == 17);

  const auto bare = decoded<Hello>(R"({"type":"hello"})");
  CHECK(bare.client.empty());
  CHECK(bare.name.empty());
  CHECK(bare.token.empty());
  CHECK_FALSE(bare.since);
}

TEST_CASE("v1: send keeps n and the message as it was written", "[wire][decode]") {
  const auto send = decoded<Send>(R"({"n":17,"message":{"b": 1.50, "a":"\u0041"},"type":"send"})");
  CHECK(send.n == 17);
  CHECK(send.body == R"({"b": 1.50, "a":"\u0041"})");
  CHECK(decoded<Send>(R"({"type":"send","n":0,"message":null})").body == "null");
  CHECK(decoded<Send>(R"({"type":"send","n":9007199254740991,"message":""})").n ==
        9007199254740991U);
}

TEST_CASE("v1: rename, typing and history", "[wire][decode]") {
  CHECK(decoded<Rename>(R"({"type":"rename","name":"b\u00f6b \"x\""})").name == "böb \"x\"");
  decoded<Typing>(R"({"type":"typing"})");

  const auto newest = decoded<HistoryRequest>(R"({"type":"history"})");
  CHECK_FALSE(newest.before);
  CHECK_FALSE(newest.after);
  CHECK(newest.limit == 50);
  const auto before = decoded<HistoryRequest>(R"({"type":"history","before":9,"limit":1})");
  CHECK(before.before == base::Seq(9));
  CHECK(before.limit == 1);
  CHECK(decoded<HistoryRequest>(R"({"type":"history","after":0})").after == base::Seq(0));
}

TEST_CASE("v1: what it does not know it passes over", "[wire][decode]") {
  CHECK(
      decoded<Send>(R"({"type":"send","n":1,"message":2,"x":{"n":9,"type":"hello"},"y":[{"n":8}]})")
          .n == 1);
  const auto hello = decoded<Hello>(
      R"({"type":"hello","since":{"x":[{"seq":9}],"epoch":"e","y":{"epoch":"f"},"seq":1},"seq":5,"epoch":"g"})");
  CHECK(hello.since == Cursor{base::Epoch("e"), base::Seq(1)});
}

TEST_CASE("v1: of a repeated member the last counts", "[wire][decode]") {
  CHECK(
      decoded<Send>(R"({"type":"hello","n":"x","type":"send","n":2,"message":1,"message":3})").n ==
      2);
  CHECK(decoded<Rename>(R"({"type":"rename","name":7,"name":"b"})").name == "b");
  CHECK(
      decoded<Hello>(R"({"type":"hello","since":7,"since":{"epoch":"e","seq":1,"seq":2}})").since ==
      Cursor{base::Epoch("e"), base::Seq(2)});
  CHECK(refused_v1(R"({"type":"hello","since":{"epoch":"e","seq":1},"since":{"seq":2}})").text() ==
        "\"since.epoch\" is missing; it must be a string");
  CHECK(refused_v1(R"({"type":"rename","name":"b","name":7})").text() ==
        "\"name\" must be a string");
}

TEST_CASE("v1: a wrong field is named, with what was expected", "[wire][decode]") {
  const auto [text, reason] = GENERATE(table<std::string, std::string>({
      {"{}", "\"type\" is missing; it must be a string"},
      {R"({"type":1})", "\"type\" must be a string"},
      {R"({"type":["send"],"n":1,"message":1})", "\"type\" must be a string"},
      {R"({"type":"send","message":1})",
       "\"n\" is missing; it must be an integer from 0 to 9007199254740991"},
      {R"({"type":"send","n":1})", "\"message\" is missing; it may be any JSON value"},
      {R"({"type":"rename"})", "\"name\" is missing; it must be a string"},
      {R"({"type":"rename","name":null})", "\"name\" must be a string"},
      {R"({"type":"hello","client":17})", "\"client\" must be a string"},
      {R"({"type":"hello","name":[]})", "\"name\" must be a string"},
      {R"({"type":"hello","token":{}})", "\"token\" must be a string"},
      {R"({"type":"hello","since":"e:1"})",
       "\"since\" must be an object with \"epoch\" and \"seq\""},
      {R"({"type":"hello","since":[{"epoch":"e","seq":1}]})",
       "\"since\" must be an object with \"epoch\" and \"seq\""},
      {R"({"type":"hello","since":{"seq":1}})", "\"since.epoch\" is missing; it must be a string"},
      {R"({"type":"hello","since":{"epoch":1,"seq":1}})", "\"since.epoch\" must be a string"},
      {R"({"type":"hello","since":{"epoch":"","seq":1}})",
       "\"since.epoch\" must be 1 to 32 characters of A-Z a-z 0-9 - _"},
      {R"({"type":"hello","since":{"epoch":"a:b","seq":1}})",
       "\"since.epoch\" must be 1 to 32 characters of A-Z a-z 0-9 - _"},
      {R"({"type":"hello","since":{"epoch":"e"}})",
       "\"since.seq\" is missing; it must be an integer from 0 to 9007199254740991"},
      {R"({"type":"hello","since":{"epoch":"e","seq":-1}})",
       "\"since.seq\" must be an integer from 0 to 9007199254740991"},
      {R"({"type":"history","before":"9"})",
       "\"before\" must be an integer from 0 to 9007199254740991"},
      {R"({"type":"history","after":1.5})",
       "\"after\" must be an integer from 0 to 9007199254740991"},
      {R"({"type":"history","limit":0})",
       "\"limit\" must be an integer from 1 to 9007199254740991"},
      {R"({"type":"history","before":2,"after":1})",
       "\"before\" and \"after\" exclude each other; send one of them"},
      {"[]", "a frame must be a JSON object"},
  }));
  const Error error = refused_v1(text);
  CHECK(error.code == Code::bad_frame);
  CHECK(error.text() == reason);
}

TEST_CASE("v1: n is an integer below 2^53", "[wire][decode]") {
  const std::string n =
      GENERATE(as<std::string>(), "-1", "9007199254740992", "18446744073709551616", "1.0", "1e3",
               "\"1\"", "null", "true", "[1]", "{\"n\":1}");
  const Error error = refused_v1(R"({"type":"send","message":"x","n":)" + n + "}");
  CHECK(error.code == Code::bad_frame);
  CHECK(error.text() == "\"n\" must be an integer from 0 to 9007199254740991");
  CHECK_FALSE(error.n);
}

TEST_CASE("v1: an error answers the n of its frame where that can be read", "[wire][decode]") {
  CHECK(refused_v1(R"({"type":"send","n":17})").n == 17U);
  CHECK_FALSE(refused_v1(R"({"type":"send","n":17,"message":)").n);
  Limits limits;
  limits.message_bytes = 3;
  const Error error = refused_v1(R"({"type":"send","message":12345,"n":17})", limits);
  CHECK(error.code == Code::too_large);
  CHECK(error.n == 17U);
  CHECK(error.limit == 3U);
}

TEST_CASE("v1: an unknown type is told, shortened and harmless", "[wire][decode]") {
  const Error error = refused_v1(R"({"type":"jo\u001b[31min"})");
  CHECK(error.code == Code::unknown_type);
  CHECK(
      error.text() ==
      "no frame of type \"jo\\x1b[31min\"; a client sends hello, send, rename, typing or history");
  CHECK(refused_v1(R"({"type":")" + std::string(10'000, 'x') + "\"}").text().size() < 200);
  CHECK(refused_v1(R"({"type":"message","seq":1})").code == Code::unknown_type);
}

// ---- POST …/messages

TEST_CASE("post: a message with or without its sender", "[wire][decode]") {
  const auto bare = decode_post(R"({"message":[1, 2]})", kLimits);
  REQUIRE(bare);
  CHECK(bare->body == "[1, 2]");
  CHECK(bare->name.empty());
  CHECK(bare->client.empty());
  CHECK_FALSE(bare->n);

  const auto whole =
      decode_post(R"({"message":"x","name":"ann","client":"0123456789abcdef","n":0})", kLimits);
  REQUIRE(whole);
  CHECK(whole->name == "ann");
  CHECK(whole->client == "0123456789abcdef");
  CHECK(whole->n == 0U);
}

TEST_CASE("post: a client without n, or n without a client, is refused", "[wire][decode]") {
  const std::string text =
      GENERATE(as<std::string>(), R"({"message":1,"client":"0123456789abcdef"})",
               R"({"message":1,"n":1})", R"({"message":1,"client":"","n":1})");
  const auto refused = decode_post(text, kLimits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_frame);
  CHECK(refused.error().text() == "\"client\" and \"n\" go together; send both or neither");
}

TEST_CASE("post: it fails as a frame does", "[wire][decode]") {
  Limits limits;
  limits.message_bytes = 3;
  const auto [text, code] = GENERATE(table<std::string, Code>({
      {"", Code::bad_json},
      {"message=1", Code::bad_json},
      {"[]", Code::bad_frame},
      {"{}", Code::bad_frame},
      {R"({"message":1,"name":1})", Code::bad_frame},
      {R"({"message":1234})", Code::too_large},
  }));
  CAPTURE(text);
  const auto refused = decode_post(text, limits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == code);
}
