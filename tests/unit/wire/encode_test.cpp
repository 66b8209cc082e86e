#include <catch2/catch.hpp>

#include "chat/wire/codec.hpp"
#include "chat/wire/server_frame.hpp"

using namespace chat::wire;
namespace base = chat::base;

namespace {

Message message_of(std::uint64_t seq, std::string body) {
  Message message;
  message.seq = base::Seq(seq);
  message.at = 1700000000123;
  message.name = "ann";
  message.client = base::ClientId("NJrkKMmkkxB");
  message.n = 17;
  message.body = std::move(body);
  return message;
}

}  // namespace

TEST_CASE("encode: a message carries its value as it was written", "[wire][encode]") {
  const Message message = message_of(42, R"({"b": 1.50})");
  CHECK(encode_message(message, Dialect::plain) == R"({"message":{"b": 1.50}})");
  CHECK(
      encode_message(message, Dialect::v1) ==
      R"({"type":"message","seq":42,"at":1700000000123,"name":"ann","client":"NJrkKMmkkxB","n":17,"message":{"b": 1.50}})");
}

TEST_CASE("encode: a message without a client has no n either", "[wire][encode]") {
  Message message = message_of(1, "null");
  message.client = base::ClientId();
  message.name = "guest-1";
  CHECK(encode_message(message, Dialect::v1) ==
        R"({"type":"message","seq":1,"at":1700000000123,"name":"guest-1","message":null})");
}

TEST_CASE("encode: names are escaped, and only where JSON needs it", "[wire][encode]") {
  CHECK(encode_renamed("a\"b\\c") == R"({"type":"renamed","name":"a\"b\\c"})");
  CHECK(encode_typing("é漢😀</script>") == R"({"type":"typing","name":"é漢😀</script>"})");
  CHECK(encode_typing(std::string_view("\n\r\t\x1b\0\x7f", 6)) ==
        "{\"type\":\"typing\",\"name\":\"\\n\\r\\t\\u001b\\u0000\x7f\"}");
}

TEST_CASE("encode: an error in chat.v1 has what applies", "[wire][encode]") {
  CHECK(
      encode_error(error_of(Code::hello_expected), Dialect::v1) ==
      R"({"type":"error","code":"hello_expected","text":"the first chat.v1 frame must be a hello"})");
  Error error = error_of(Code::too_large);
  error.detail = "say \"less\"";
  error.n = 17;
  error.limit = 65536;
  error.retry_after_ms = 250;
  CHECK(
      encode_error(error, Dialect::v1) ==
      R"({"type":"error","code":"too_large","text":"say \"less\"","n":17,"limit":65536,"retry_after_ms":250})");
}

TEST_CASE("encode: an error in the plain dialect can be printed by the oldest page",
          "[wire][encode]") {
  CHECK(
      encode_error(error_of(Code::hello_expected), Dialect::plain) ==
      R"({"message":"[chat] the first chat.v1 frame must be a hello","error":{"code":"hello_expected"}})");
  Error error = error_of(Code::rate_limited);
  error.detail = "slower";
  error.n = 17;
  error.limit = 10;
  error.retry_after_ms = 250;
  CHECK(
      encode_error(error, Dialect::plain) ==
      R"({"message":"[chat] slower","error":{"code":"rate_limited","limit":10,"retry_after_ms":250}})");
}

TEST_CASE("encode: welcome to a new member", "[wire][encode]") {
  Welcome welcome;
  welcome.room = base::RoomName("café");
  welcome.name = "ann";
  welcome.epoch = base::Epoch("e1");
  welcome.head = base::Seq(7);
  welcome.members = {"ann", "b\"ob"};
  welcome.count = 2;
  CHECK(
      encode_welcome(welcome) ==
      R"({"type":"welcome","room":"café","name":"ann","epoch":"e1","head":7,"members":["ann","b\"ob"],"count":2,)"
      R"("limits":{"message_bytes":1048576,"inflight":256,"frames_per_second":5000,"history_page":200,"members":200},)"
      R"("resume_within_ms":0})");
}

TEST_CASE("encode: welcome says how a resume went", "[wire][encode]") {
  Welcome welcome;
  welcome.room = base::RoomName("r");
  welcome.client = base::ClientId("NJrkKMmkkxB");
  welcome.epoch = base::Epoch("e2");
  welcome.limits.frames_per_second = 0.5;
  welcome.limits.resume_within_ms = 3600000;
  welcome.recovered = true;
  const std::string whole = encode_welcome(welcome);
  CHECK_THAT(whole,
             Catch::Contains(
                 R"("client":"NJrkKMmkkxB","epoch":"e2","head":0,"recovered":true,"members":[])"));
  CHECK_THAT(whole, Catch::Contains(R"("frames_per_second":0.5,)"));
  CHECK_THAT(whole, Catch::EndsWith(R"(,"resume_within_ms":3600000})"));

  welcome.recovered = false;
  welcome.missing = Missing{{}, std::pair(base::Seq(3), base::Seq(9))};
  CHECK_THAT(encode_welcome(welcome),
             Catch::Contains(R"("recovered":false,"missing":{"after":3,"before":9},"members")"));
  welcome.missing = Missing{base::Epoch("e1"), std::nullopt};
  CHECK_THAT(encode_welcome(welcome),
             Catch::Contains(R"("recovered":false,"missing":{"epoch":"e1"},"members")"));
}

TEST_CASE("encode: a welcome says when less is promised, and is read so", "[wire][encode]") {
  Welcome welcome;
  welcome.room = base::RoomName("r");
  welcome.name = "ann";
  welcome.epoch = base::Epoch("e1");
  CHECK_THAT(encode_welcome(welcome), !Catch::Contains("guarantee"));
  welcome.guarantee = "at-most-once";
  const std::string text = encode_welcome(welcome);
  CHECK_THAT(text, Catch::Contains(R"("count":0,"guarantee":"at-most-once","limits":)"));
  const auto frame = decode_server(text);
  REQUIRE(frame);
  CHECK(std::get<Welcome>(*frame).guarantee == "at-most-once");
}

TEST_CASE("encode: a limit that is no number is no limit", "[wire][encode]") {
  Welcome welcome;
  welcome.limits.frames_per_second = std::numeric_limits<double>::infinity();
  CHECK_THAT(encode_welcome(welcome), Catch::Contains(R"("frames_per_second":0,)"));
}

TEST_CASE("encode: acks tell a repeat", "[wire][encode]") {
  CHECK(encode_ack({17, base::Seq(42), false}) == R"({"type":"ack","n":17,"seq":42})");
  CHECK(encode_ack({17, base::Seq(42), true}) == R"({"type":"ack","n":17,"seq":42,"repeat":true})");
}

TEST_CASE("encode: presence has only what changed", "[wire][encode]") {
  Presence presence;
  presence.count = 5000;
  CHECK(encode_presence(presence) == R"({"type":"presence","count":5000})");
  presence.joined = {"a", "b"};
  presence.left = {"c"};
  presence.renamed = {{"d", "e"}, {"f", "g"}};
  CHECK(
      encode_presence(presence) ==
      R"({"type":"presence","joined":["a","b"],"left":["c"],"renamed":[{"from":"d","to":"e"},{"from":"f","to":"g"}],"count":5000})");
}

TEST_CASE("encode: a page of history repeats what was asked", "[wire][encode]") {
  HistoryPage page;
  CHECK(encode_history(page) == R"({"type":"history","messages":[],"more":false})");
  page.before = base::Seq(9);
  page.more = true;
  page.messages = {std::make_shared<Message>(message_of(7, "1")),
                   std::make_shared<Message>(message_of(8, "2"))};
  CHECK(
      encode_history(page) ==
      R"({"type":"history","before":9,"messages":[)"
      R"({"seq":7,"at":1700000000123,"name":"ann","client":"NJrkKMmkkxB","n":17,"message":1},)"
      R"({"seq":8,"at":1700000000123,"name":"ann","client":"NJrkKMmkkxB","n":17,"message":2}],"more":true})");
  page.before.reset();
  page.after = base::Seq(0);
  page.messages.clear();
  CHECK(encode_history(page) == R"({"type":"history","after":0,"messages":[],"more":true})");
}

TEST_CASE("encode: closing tells when to come back", "[wire][encode]") {
  CHECK(encode_closing(1234) == R"({"type":"closing","reconnect_after_ms":1234})");
}

TEST_CASE("encode: the bodies of the HTTP API", "[wire][encode]") {
  const base::RoomName room("café");
  const base::Epoch epoch("e1");
  CHECK(encode_api_rooms({}) == R"({"rooms":[]})");
  CHECK(
      encode_api_rooms({{room, epoch, base::Seq(7), 3}, {base::RoomName("b"), epoch, {}, 0}}) ==
      R"({"rooms":[{"room":"café","epoch":"e1","head":7,"members":3},{"room":"b","epoch":"e1","head":0,"members":0}]})");
  CHECK(encode_api_posted(room, epoch, base::Seq(8), false) ==
        R"({"room":"café","epoch":"e1","seq":8,"repeat":false})");
  CHECK(encode_api_members(room, 2, {"ann", "bob"}) ==
        R"({"room":"café","count":2,"members":["ann","bob"]})");

  ApiMessages page;
  page.room = room;
  page.epoch = epoch;
  page.head = base::Seq(7);
  page.messages = {std::make_shared<Message>(message_of(7, "\"x\""))};
  CHECK(
      encode_api_messages(page) ==
      R"({"room":"café","epoch":"e1","head":7,"messages":[)"
      R"({"seq":7,"at":1700000000123,"name":"ann","client":"NJrkKMmkkxB","n":17,"message":"x"}],"more":false})");
  page.recovered = false;
  CHECK_THAT(encode_api_messages(page),
             Catch::Contains(R"("head":7,"recovered":false,"messages")"));
}

TEST_CASE("encode: an error of the HTTP API", "[wire][encode]") {
  Error error = error_of(Code::too_large);
  error.detail = "too much";
  error.limit = 3;
  CHECK(encode_api_error(error) == R"({"error":{"code":"too_large","text":"too much","limit":3}})");
  CHECK(encode_api_error(error_of(Code::not_found)) ==
        R"({"error":{"code":"not_found","text":"nothing here"}})");
}
