#include "chat/rabbitmq/channels_message.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "chat/rabbitmq/msgpack.hpp"
#include "msgpack_bytes.hpp"

namespace chat::tests {
namespace {

using namespace rabbitmq;
using namespace std::string_literals;
using base::ClientId;
using base::RoomName;

// What a node of Django Channels 2.4 with channels_rabbitmq 1.2.1 published for
// {"message":"hello 你好"} in the room qq.
constexpr const char* kOfDjango =
    "83a474797065ac636861745f6d657373616765a76d657373616765ac68656c6c6f20e4bda0e5a5bd"
    "ae5f5f617367695f67726f75705f5fa7636861745f7171";

ChannelsMessage of(std::string body) {
  ChannelsMessage message;
  message.room = RoomName("qq");
  message.body = std::move(body);
  return message;
}

std::string encoded(const ChannelsMessage& message) {
  auto bytes = encode_channels(message);
  REQUIRE(bytes);
  return *bytes;
}

std::string text(std::string_view value) {
  std::string out;
  pack_text(out, value);
  return out;
}

/// A map of `count` members: those of `members`, MessagePack.
std::string map(unsigned count, const std::string& members) {
  return static_cast<char>(0x80U | count) + members;
}

const std::string kType = text("type") + text("chat_message");
const std::string kGroup = text("__asgi_group__") + text("chat_qq");
const std::string kMessage = text("message") + "\x01";

/// "ROOM BODY", or "! " and why it is passed over.
std::string read(const std::string& bytes, const wire::Limits& limits = {}) {
  const auto message = decode_channels(bytes, limits);
  if (!message) return "! " + message.error();
  return message->room.value() + " " + message->body;
}

TEST_CASE("channels: without what only we write it is byte for byte Django's",
          "[rabbitmq][channels]") {
  CHECK(to_hex(encoded(of(R"("hello 你好")"))) == kOfDjango);
  CHECK(to_hex(encoded(of(R"( "hello \u4f60\u597d" )"))) == kOfDjango);
}

TEST_CASE("channels: a message of Django is read, and has nothing of ours",
          "[rabbitmq][channels]") {
  const auto message = decode_channels(from_hex(kOfDjango));
  REQUIRE(message);
  CHECK(message->room == RoomName("qq"));
  CHECK(message->body == R"("hello 你好")");
  CHECK(message->node.empty());
  CHECK(message->number == 0);
  CHECK(message->name.empty());
  CHECK(message->client.value().empty());
  CHECK(message->n == 0);
}

TEST_CASE("channels: ours has more behind it, and comes back whole", "[rabbitmq][channels]") {
  auto message = of("[1.0]");
  message.node = "node-1.x";
  message.number = ~std::uint64_t{0};
  message.name = "Ann 你";
  message.client = ClientId("abcDEF_-123");
  message.n = wire::kMaxInteger - 1;
  const auto bytes = encoded(message);
  CHECK(bytes == map(8, kType + text("message") + from_hex("91cb3ff0000000000000") + kGroup +
                            text("chat_node") + text("node-1.x") + text("chat_number") +
                            from_hex("cfffffffffffffffff") + text("chat_name") + text("Ann 你") +
                            text("chat_client") + text("abcDEF_-123") + text("chat_n") +
                            from_hex("cf001fffffffffffff")));
  const auto again = decode_channels(bytes);
  REQUIRE(again);
  CHECK(again->room == message.room);
  CHECK(again->body == message.body);
  CHECK(again->node == message.node);
  CHECK(again->number == message.number);
  CHECK(again->name == message.name);
  CHECK(again->client == message.client);
  CHECK(again->n == message.n);
}

TEST_CASE("channels: what Django's nodes could not have is not sent", "[rabbitmq][channels]") {
  const auto refusal_of = [](const ChannelsMessage& message) {
    const auto bytes = encode_channels(message);
    REQUIRE_FALSE(bytes);
    return bytes.error();
  };
  CHECK(refusal_of(of("18446744073709551616")).code == wire::Code::bad_json);
  CHECK(refusal_of(of("18446744073709551616")).detail ==
        "it has an integer outside of -2^63 to 2^64 - 1, which Django Channels cannot carry");
  CHECK(refusal_of(of("")).detail == "it is no JSON value");
  auto elsewhere = of("1");
  elsewhere.room = RoomName("聊天");
  CHECK(refusal_of(elsewhere).code == wire::Code::bad_room);
  CHECK(refusal_of(elsewhere).detail.find("1 to 94 characters of A-Z a-z 0-9 _") !=
        std::string::npos);
}

TEST_CASE("channels: the keys come in any order, and others are ignored", "[rabbitmq][channels]") {
  CHECK(read(map(3, kType + kMessage + kGroup)) == "qq 1");
  CHECK(read(map(3, kGroup + kMessage + kType)) == "qq 1");
  CHECK(read(map(3, kMessage + kGroup + text("type") + text("chat.message"))) == "qq 1");
  const auto ext = text("x") + from_hex("c7030501 0203") + text("y") + from_hex("c4026162");
  CHECK(read(map(5, kType + ext + kMessage + kGroup)) == "qq 1");
  CHECK(read(map(4, text("nested") + from_hex("8193 01") +
                        from_hex("02 81c0c3 cb7ff8000000000000") + kType + kMessage + kGroup)) ==
        "qq 1");
  CHECK(read("\xde\x00\x03"s + kType + kMessage + kGroup) == "qq 1");
  CHECK(read("\xdf\x00\x00\x00\x03"s + kType + kMessage + kGroup) == "qq 1");
  CHECK(read(map(4, kType + kMessage + kGroup + text("message") + "\x02")) == "qq 2");
}

TEST_CASE("channels: the group in the message is the room", "[rabbitmq][channels]") {
  const auto in = [](const std::string& group) {
    return read(map(3, kType + kMessage + text("__asgi_group__") + group));
  };
  CHECK(in(text("chat_other")) == "other 1");
  CHECK(in(text("other_qq")) == "! its group is no room");
  CHECK(in(text("chat_")) == "! its group is no room");
  CHECK(in(text("chat_a-b")) == "! its group is no room");
  CHECK(in(text("chat_api")) == "! its group is no room");
  CHECK(in(text("chat_" + std::string(95, 'x'))) == "! its group is no room");
  CHECK(in("\xc0") == "! it is for no group");
  CHECK(in("\xc4\x07"s + "chat_qq") == "! it is for no group");
}

TEST_CASE("channels: what is no message of a room is passed over, and why is told",
          "[rabbitmq][channels]") {
  CHECK(read("") == "! it is cut off");
  CHECK(read("\x90") == "! it is no map");
  CHECK(read(text("hello")) == "! it is no map");
  CHECK(read("{\"type\":\"chat_message\"}") == "! it is no map");
  CHECK(read("\xc1") == "! a byte begins no value");
  CHECK(read(map(0, "")) == "! its type is another one than chat_message");
  CHECK(read(map(2, kMessage + kGroup)) == "! its type is another one than chat_message");
  for (const std::string type : {"chat_Message", "_chat", "websocket.close", "websocket.receive",
                                 "disconnect", "chat__message", "chat_message "}) {
    CAPTURE(type);
    CHECK(read(map(3, text("type") + text(type) + kMessage + kGroup)) ==
          "! its type is another one than chat_message");
  }
  CHECK(read(map(3, text("type") + "\xc4\x0c" + "chat_message" + kMessage + kGroup)) ==
        "! its type is another one than chat_message");
  CHECK(read(map(2, kType + kGroup)) == "! it has no message");
  CHECK(read(map(2, kType + kMessage)) == "! it is for no group");
  const auto channel = text("__asgi_channel__") + text("channels_x!y");
  CHECK(read(map(3, kType + kMessage + channel)) == "! it is for no group");
  CHECK(read(map(4, kType + kMessage + channel + kGroup)) == "! it is for no group");
  CHECK(read(map(3, kType + kMessage + kGroup) + "\xc0") == "! something follows its end");
  CHECK(read(map(4, kType + kMessage + kGroup)) == "! it is cut off");
  CHECK(read(map(4, kType + kMessage + kGroup + "\xc4\x04type\xc0")) == "! a key is no text");
  CHECK(read(map(4, "\x07\xc0" + kType + kMessage + kGroup)) == "! a key is no text");
}

TEST_CASE("channels: a message that JSON cannot say is passed over", "[rabbitmq][channels]") {
  const auto with = [](const std::string& value) {
    return read(map(3, kType + text("message") + value + kGroup));
  };
  CHECK(with(from_hex("c3")) == "qq true");
  CHECK(with(from_hex("c40161")) == "! it has bytes or an extension, which JSON has not");
  CHECK(with(from_hex("91d6ff00000000")) == "! it has bytes or an extension, which JSON has not");
  CHECK(with(from_hex("cb7ff8000000000000")) == "! it has NaN or an infinity, which JSON has not");
  CHECK(with(from_hex("a1ff")) == "! a text is not UTF-8");
  CHECK(with(from_hex("810101")) == "! a key is no text");
  CHECK(with(repeated("\x91", 1'000'000) + "\xc0") == "! its arrays and maps are nested too deep");
  CHECK(with(repeated("\x81\xa1x", 1'000'000) + "\xc0") ==
        "! its arrays and maps are nested too deep");
  CHECK(with(from_hex("dbffffffff")) == "! it is cut off");
}

TEST_CASE("channels: bombs of any kind are passed over", "[rabbitmq][channels]") {
  CHECK(read(repeated("\x91", 1'000'000)) == "! it is no map");
  CHECK(read(repeated("\x81", 1'000'000)) == "! a key is no text");
  CHECK(read(repeated("\x81\xa1x", 1'000'000)) == "! it is cut off");
  CHECK(read(map(4, text("x") + repeated("\x91", 1'000'000) + "\xc0" + kType + kMessage +
                        kGroup)) == "qq 1");
  CHECK(read(from_hex("dbffffffff 6161616161")) == "! it is cut off");
  CHECK(read(from_hex("dfffffffff a161 01")) == "! it is cut off");
}

TEST_CASE("channels: a body is taken up to twice what a client may send", "[rabbitmq][channels]") {
  wire::Limits limits;
  limits.message_bytes = 100;
  CHECK(most_channels_body(limits) == 201);
  const auto with = [&](std::size_t characters) {
    return read(encoded(of('"' + std::string(characters, 'x') + '"')), limits);
  };
  CHECK(with(199).size() == 204);
  CHECK(with(200) == "! it is too large");
  CHECK(read(encoded(of("1e4"))) == "qq 10000.0");
}

TEST_CASE("channels: cut off anywhere it is passed over", "[rabbitmq][channels]") {
  const auto bytes = from_hex(kOfDjango);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(read(bytes.substr(0, size)) == "! it is cut off");
  }
}

TEST_CASE("channels: what only we write is ignored where it is not as we write it",
          "[rabbitmq][channels]") {
  const auto with = [](const std::string& key, const std::string& value) {
    const auto message = decode_channels(map(4, kType + kMessage + kGroup + text(key) + value));
    REQUIRE(message);
    CHECK(message->body == "1");
    CHECK(message->node.empty());
    CHECK(message->number == 0);
    CHECK(message->name.empty());
    CHECK(message->client.value().empty());
    CHECK(message->n == 0);
  };
  with("chat_node", text("a b"));
  with("chat_node", text(std::string(65, 'x')));
  with("chat_node", "\x07");
  with("chat_number", text("7"));
  with("chat_number", from_hex("ff"));
  with("chat_number", from_hex("cb3ff0000000000000"));
  with("chat_name", text(" ann"));
  with("chat_name", text("a\nb"));
  with("chat_name", text(std::string(129, 'x')));
  with("chat_name", from_hex("c40161"));
  with("chat_client", text("\"x"));
  with("chat_client", text(std::string(33, 'x')));
  with("chat_n", from_hex("cf0020000000000000"));
}

}  // namespace
}  // namespace chat::tests
