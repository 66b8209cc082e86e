#include <catch2/catch.hpp>
#include <string>

#include "chat/wire/server_frame.hpp"

// The frames themselves are in tests/vectors.

using namespace chat::wire;

namespace {

std::string welcome(const std::string& epoch) {
  return R"({"type":"welcome","room":"ops","name":"ann","epoch":)" + epoch +
         R"(,"head":0,"members":[],"count":1,"limits":{"message_bytes":9,"inflight":9,)"
         R"("frames_per_second":9,"history_page":9,"members":9},"resume_within_ms":0})";
}

}  // namespace

TEST_CASE("decode server: an epoch is one that a cursor can name", "[wire]") {
  CHECK(decode_server(welcome("\"Ab-_9\"")));
  CHECK(decode_server(welcome("\"" + std::string(32, 'e') + "\"")));
  for (const std::string epoch : {"\"\"", "\"a b\"", "\"a\\nb\"", "\"a:b\"", "\"\\u001b[31m\"",
                                  "\"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"", "5"}) {
    CAPTURE(epoch);
    const auto frame = decode_server(welcome(epoch));
    REQUIRE_FALSE(frame);
    CHECK(frame.error().code == Code::bad_frame);
  }
}

TEST_CASE("decode server: a value is kept as it was written, and shown as it is meant", "[wire]") {
  const std::string value = "{ \"a\" : [1.0 , 1e2,\"\\u0041\"] }";
  const auto frame = decode_server(
      R"({"seq":1,"message":0,"at":2,"type":"message","name":"n","message":)" + value + "}");
  REQUIRE(frame);
  const auto& message = *std::get<MessagePtr>(*frame);
  CHECK(message.body == value);
  CHECK(message.client.value().empty());
  CHECK(readable(value) == value);
  CHECK(readable("\"a\\n\\u0041\\\"\"") == "a\nA\"");
  CHECK(readable("\"\\ud800\"") == "\"\\ud800\"");
  CHECK(readable("12") == "12");
}

TEST_CASE("decode server: rooms, members and errors of the HTTP API", "[wire]") {
  const auto rooms =
      decode_api_rooms(R"({"rooms":[{"room":"a","epoch":"","head":0,"members":1},)"
                       R"({"members":2,"head":7,"epoch":"e","room":"b","new":[]}]})");
  REQUIRE(rooms);
  REQUIRE(rooms->size() == 2);
  CHECK(rooms->at(1).room.value() == "b");
  CHECK(rooms->at(1).head.value() == 7);
  CHECK(rooms->at(1).members == 2);
  const auto members = decode_api_members(R"({"room":"a","count":3,"members":["x","y"]})");
  REQUIRE(members);
  CHECK(members->count == 3);
  CHECK(members->members.size() == 2);
  const auto error = decode_api_error(R"({"error":{"code":"bad_room","text":"no","limit":5}})");
  REQUIRE(error);
  CHECK(error->code == "bad_room");
  CHECK(error->limit == 5);
}

TEST_CASE("decode server: answers that are none are refused", "[wire]") {
  for (const char* text :
       {"", "null", "[]", "{}", "<html>", R"({"rooms":{}})", R"({"rooms":[1]})",
        R"({"rooms":[{"room":"a"}]})", R"({"count":-1,"members":[]})",
        R"({"count":1,"members":[1]})", R"({"error":"x"})", R"({"error":{"code":1,"text":"x"}})"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_api_rooms(text));
    CHECK_FALSE(decode_api_members(text));
    CHECK_FALSE(decode_api_error(text));
  }
}

TEST_CASE("decode server: nesting of any depth does not use up the stack", "[wire]") {
  constexpr std::size_t kDepth = 1'000'000;
  const std::string nested = std::string(kDepth, '[') + std::string(kDepth, ']');
  const auto frame =
      decode_server(R"({"type":"message","seq":1,"at":2,"name":"n","message":)" + nested + "}");
  REQUIRE(frame);
  CHECK(std::get<MessagePtr>(*frame)->body == nested);
  CHECK_FALSE(decode_server(std::string(kDepth, '[')));
  CHECK_FALSE(decode_server(R"({"type":)" + nested + "}"));
}
