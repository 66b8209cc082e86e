#include <rapidcheck/catch.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <nlohmann/json.hpp>

#include "chat/base/text.hpp"
#include "chat/wire/codec.hpp"
#include "chat/wire/json_members.hpp"
#include "chat/wire/json_slice.hpp"
#include "chat/wire/names.hpp"
#include "generators.hpp"

using namespace chat::wire;
namespace base = chat::base;
namespace prop = chat::prop;
using Json = nlohmann::json;

namespace {

const Limits kLimits;

rc::Gen<std::uint64_t> counter() { return rc::gen::inRange<std::uint64_t>(0, kMaxInteger); }

rc::Gen<std::vector<std::string>> texts() {
  return rc::gen::resize(8, rc::gen::container<std::vector<std::string>>(prop::text()));
}

Message any_message() {
  Message message;
  message.seq = base::Seq(*counter());
  message.at = *rc::gen::inRange<std::int64_t>(0, 1LL << 50);
  message.name = *prop::text();
  message.client = base::ClientId(*prop::token(0, 11));
  message.n = *counter();
  message.body = *prop::json_value();
  return message;
}

Error any_error() {
  Error error;
  error.code = static_cast<Code>(*rc::gen::inRange<std::size_t>(0, code_count()));
  error.detail = *prop::text();
  if (*rc::gen::arbitrary<bool>()) error.n = *counter();
  if (*rc::gen::arbitrary<bool>()) error.limit = *counter();
  if (*rc::gen::arbitrary<bool>()) error.retry_after_ms = *counter();
  return error;
}

void check_is(const Json& json, const Message& message) {
  RC_ASSERT(json.at("seq") == message.seq.value());
  RC_ASSERT(json.at("at") == message.at);
  RC_ASSERT(json.at("name") == message.name);
  RC_ASSERT(json.at("message") == Json::parse(message.body));
  const bool has_client = !message.client.value().empty();
  RC_ASSERT(json.contains("client") == has_client);
  RC_ASSERT(json.contains("n") == has_client);
  if (!has_client) return;
  RC_ASSERT(json.at("client") == message.client.value());
  RC_ASSERT(json.at("n") == message.n);
}

/// What the protocol page takes for JSON: no byte order mark, no NUL behind the end.
bool is_json_object(const std::string& text) {
  if (text.find('\0') != std::string::npos || text.substr(0, 3) == "\xEF\xBB\xBF") return false;
  const Json json = Json::parse(text, nullptr, false);
  return json.is_object();
}

}  // namespace

TEST_CASE("law: a message that was sent comes back byte for byte", "[prop][wire]") {
  rc::prop("encode ∘ decode keeps the value", [] {
    const std::string value = *prop::json_value();
    const std::uint64_t n = *counter();
    const auto frame = decode_v1(
        R"({"type":"send","message": )" + value + " ,\"n\":" + std::to_string(n) + "}", kLimits);
    RC_ASSERT(frame.has_value());
    const auto& send = std::get<Send>(*frame);
    RC_ASSERT(send.body == value);
    RC_ASSERT(send.n == n);

    Message message;
    message.body = send.body;
    RC_ASSERT(encode_message(message, Dialect::plain) == "{\"message\":" + value + "}");
    RC_ASSERT(slice_member(encode_message(message, Dialect::v1), "message") == value);
    RC_ASSERT(decode_plain(encode_message(message, Dialect::plain), kLimits) == value);
  });
}

TEST_CASE("law: the decoder takes what is JSON, and nothing else", "[prop][wire]") {
  rc::prop("as another parser", [] {
    const std::string text = *rc::gen::weightedOneOf<std::string>(
        {{6, prop::nearly_json()}, {1, prop::bytes()}, {1, prop::json_value()}});
    const auto body = decode_plain(text, kLimits);
    RC_CLASSIFY(body.has_value(), "taken");
    const bool has_message = is_json_object(text) && Json::parse(text).contains("message");
    RC_ASSERT(body.has_value() == has_message);
    if (body) RC_ASSERT(Json::parse(*body) == Json::parse(text).at("message"));
    if (!body)
      RC_ASSERT((body.error().code == Code::bad_json || body.error().code == Code::bad_frame));
  });
}

TEST_CASE("law: a hello is read as it was meant", "[prop][wire]") {
  rc::prop("fields", [] {
    Json hello = {{"type", "hello"}};
    const std::string name = *prop::text();
    const std::string epoch = *prop::token(1, 32);
    const std::uint64_t seq = *counter();
    hello["name"] = name;
    hello["token"] = name + epoch;
    hello["since"] = {{"epoch", epoch}, {"seq", seq}};
    hello[*prop::text() + "?"] = *counter();
    const auto frame = decode_v1(hello.dump(-1, ' ', *rc::gen::arbitrary<bool>()), kLimits);
    RC_ASSERT(frame.has_value());
    const auto& read = std::get<Hello>(*frame);
    RC_ASSERT(read.name == name);
    RC_ASSERT(read.token == name + epoch);
    RC_ASSERT((read.since == Cursor{base::Epoch(epoch), base::Seq(seq)}));
  });
}

TEST_CASE("law: every message frame is JSON that says the same", "[prop][wire]") {
  rc::prop("message and history", [] {
    const Message one = any_message();
    const Message two = any_message();
    const Json frame = Json::parse(encode_message(one, Dialect::v1));
    RC_ASSERT(frame.at("type") == "message");
    check_is(frame, one);

    HistoryPage page;
    page.before = base::Seq(*counter());
    page.messages = {std::make_shared<Message>(one), std::make_shared<Message>(two)};
    page.more = *rc::gen::arbitrary<bool>();
    const Json history = Json::parse(encode_history(page));
    check_is(history.at("messages").at(0), one);
    check_is(history.at("messages").at(1), two);
    RC_ASSERT(history.at("before") == page.before->value());
    RC_ASSERT(history.at("more") == page.more);

    ApiMessages api;
    api.room = base::RoomName(*prop::text());
    api.messages = page.messages;
    const Json body = Json::parse(encode_api_messages(api));
    RC_ASSERT(body.at("room") == api.room.value());
    check_is(body.at("messages").at(1), two);
  });
}

TEST_CASE("law: every error is JSON that says the same in each dialect", "[prop][wire]") {
  rc::prop("errors", [] {
    const Error error = any_error();
    const Json v1 = Json::parse(encode_error(error, Dialect::v1));
    RC_ASSERT(v1.at("code") == info(error.code).name);
    RC_ASSERT(v1.at("text") == error.text());
    RC_ASSERT(v1.contains("n") == error.n.has_value());
    RC_ASSERT(v1.contains("limit") == error.limit.has_value());
    RC_ASSERT(v1.contains("retry_after_ms") == error.retry_after_ms.has_value());

    const Json plain = Json::parse(encode_error(error, Dialect::plain));
    RC_ASSERT(plain.at("message") == "[chat] " + error.text());
    RC_ASSERT(plain.at("error").at("code") == info(error.code).name);

    const Json api = Json::parse(encode_api_error(error));
    RC_ASSERT(api.at("error").at("text") == error.text());
  });
}

TEST_CASE("law: names of strangers go through every other frame unharmed", "[prop][wire]") {
  rc::prop("welcome, presence, renamed, typing, members", [] {
    const auto names = *texts();
    const std::string name = *prop::text();

    Welcome welcome;
    welcome.room = base::RoomName(*prop::text());
    welcome.name = name;
    welcome.members = names;
    welcome.count = names.size();
    const Json hello = Json::parse(encode_welcome(welcome));
    RC_ASSERT(hello.at("room") == welcome.room.value());
    RC_ASSERT(hello.at("name") == name);
    RC_ASSERT(hello.at("members") == names);

    Presence presence;
    presence.joined = names;
    presence.left = *texts();
    for (const std::string& from : names) presence.renamed.emplace_back(from, name);
    const Json change = Json::parse(encode_presence(presence));
    RC_ASSERT(change.value("joined", std::vector<std::string>()) == names);
    RC_ASSERT(change.value("left", std::vector<std::string>()) == presence.left);
    for (std::size_t i = 0; i < names.size(); ++i) {
      RC_ASSERT(change.at("renamed").at(i).at("from") == names[i]);
      RC_ASSERT(change.at("renamed").at(i).at("to") == name);
    }

    RC_ASSERT(Json::parse(encode_renamed(name)).at("name") == name);
    RC_ASSERT(Json::parse(encode_typing(name)).at("name") == name);
    const auto members = encode_api_members(welcome.room, names.size(), names);
    RC_ASSERT(Json::parse(members).at("members") == names);
  });
}

TEST_CASE("law: frames have no line breaks of their own", "[prop][wire]") {
  rc::prop("one line", [] {
    Message message = any_message();
    message.body = "0";
    for (const std::string& frame :
         {encode_message(message, Dialect::v1), encode_renamed(*prop::text()),
          encode_error(any_error(), Dialect::plain)}) {
      RC_ASSERT(frame.find_first_of("\r\n") == std::string::npos);
    }
  });
}

TEST_CASE("law: a message's value is what a parser takes for JSON", "[prop][wire]") {
  rc::prop("is_message_value = parse", [] {
    std::string text = *rc::gen::oneOf(prop::bytes(), prop::text(), prop::token(0, 40));
    if (*rc::gen::arbitrary<bool>()) text = '"' + text + '"';
    const bool is_padded =
        !text.empty() && (std::isspace(static_cast<unsigned char>(text.front())) ||
                          std::isspace(static_cast<unsigned char>(text.back())));
    const bool is_marked = text.substr(0, 3) == "\xEF\xBB\xBF";
    const bool is_cut = text.find('\0') != std::string::npos;
    RC_ASSERT(is_message_value(text) ==
              (Json::accept(text) && !is_padded && !is_marked && !is_cut));
  });
}

TEST_CASE("law: a name has one spelling, within its limits", "[prop][names]") {
  rc::prop("parse ∘ parse = parse", [] {
    const std::string asked = *rc::gen::oneOf(prop::bytes(), prop::text());
    const auto name = parse_member_name(asked);
    if (!name) return;
    RC_ASSERT(parse_member_name(*name) == *name);
    RC_ASSERT(name->size() <= kMaxNameBytes);
    RC_ASSERT(base::grapheme_count(*name) <= kMaxNameCharacters);
    RC_ASSERT_FALSE(base::has_unprintable(*name));
    RC_ASSERT(name->find("  ") == std::string::npos);
    RC_ASSERT(base::to_nfc(*name) == *name);
  });
}

TEST_CASE("law: a room has one spelling, and survives a URL", "[prop][names]") {
  rc::prop("parse ∘ parse = parse", [] {
    const std::string asked = *rc::gen::oneOf(prop::text(), prop::token(0, 94));
    const auto room = parse_room_name(asked);
    if (!room) return;
    RC_ASSERT(*parse_room_name(room->value()) == *room);
    const auto url = base::percent_decode(base::percent_encode(room->value()));
    RC_ASSERT(*parse_room_name(*url) == *room);
  });
}

TEST_CASE("law: a client id depends on the secret alone", "[prop][names]") {
  rc::prop("stable and distinct", [] {
    const std::string secret = *prop::token(16, 64);
    const std::string other = *prop::token(16, 64);
    const auto id = derive_client_id(secret);
    RC_ASSERT(id.has_value());
    RC_ASSERT(id->value().size() == 11U);
    RC_ASSERT(*derive_client_id(secret) == *id);
    RC_ASSERT((*derive_client_id(other) == *id) == (other == secret));
  });
}

TEST_CASE("law: a cursor is read as it is written", "[prop][names]") {
  rc::prop("round trip", [] {
    const std::string epoch = *prop::token(1, 32);
    const std::uint64_t seq = *counter();
    const auto cursor = parse_cursor(epoch + ":" + std::to_string(seq));
    RC_ASSERT(cursor.has_value());
    RC_ASSERT(cursor->epoch.value() == epoch);
    RC_ASSERT(cursor->seq.value() == seq);
  });
}
