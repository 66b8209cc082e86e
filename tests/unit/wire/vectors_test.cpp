#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chat/wire/codec.hpp"
#include "chat/wire/names.hpp"

// The cases of tests/vectors; tests/web/vectors.test.mjs runs the same ones in the page's code.

using namespace chat::wire;
namespace base = chat::base;

namespace {

using Json = nlohmann::ordered_json;

const Limits kLimits;

/// Runs `check` on every case of a file.
template <class Check>
void each(const std::string& name, Check check) {
  std::ifstream file(CHAT_SOURCE_DIR "/tests/vectors/" + name);
  REQUIRE(file);
  const Json cases = Json::parse(file);
  REQUIRE_FALSE(cases.empty());
  for (const Json& one : cases) {
    const std::string vector = one.dump();
    CAPTURE(vector);
    check(one);
  }
}

std::string text_of(const Json& object, const char* key) {
  return object.value(key, std::string());
}

std::optional<std::uint64_t> number_of(const Json& object, const char* key) {
  if (!object.contains(key)) return std::nullopt;
  return object.at(key).get<std::uint64_t>();
}

std::optional<base::Seq> seq_of(const Json& object, const char* key) {
  const auto number = number_of(object, key);
  if (!number) return std::nullopt;
  return base::Seq(*number);
}

Code code_of(const std::string& name) {
  for (std::size_t i = 0; i < code_count(); ++i) {
    const auto code = static_cast<Code>(i);
    if (info(code).name == name) return code;
  }
  FAIL("no such code: " << name);
  return Code::internal;
}

// ---- frames of a server, from their JSON

Message message_of(const Json& frame) {
  Message message;
  message.seq = *seq_of(frame, "seq");
  message.at = frame.at("at").get<base::WallMs>();
  message.name = text_of(frame, "name");
  message.client = base::ClientId(text_of(frame, "client"));
  message.n = number_of(frame, "n").value_or(0);
  message.body = frame.at("message").dump();
  return message;
}

Limits limits_of(const Json& frame) {
  const Json& told = frame.at("limits");
  Limits limits;
  limits.message_bytes = told.at("message_bytes");
  limits.inflight = told.at("inflight");
  limits.frames_per_second = told.at("frames_per_second");
  limits.history_page = told.at("history_page");
  limits.members = told.at("members");
  limits.resume_within_ms = frame.at("resume_within_ms");
  return limits;
}

Missing missing_of(const Json& told) {
  Missing missing;
  missing.epoch = base::Epoch(text_of(told, "epoch"));
  if (const auto after = seq_of(told, "after")) missing.between = {*after, *seq_of(told, "before")};
  return missing;
}

std::string encoded_welcome(const Json& frame) {
  Welcome welcome;
  welcome.room = base::RoomName(text_of(frame, "room"));
  welcome.name = text_of(frame, "name");
  welcome.client = base::ClientId(text_of(frame, "client"));
  welcome.epoch = base::Epoch(text_of(frame, "epoch"));
  welcome.head = *seq_of(frame, "head");
  if (frame.contains("recovered")) welcome.recovered = frame.at("recovered").get<bool>();
  if (frame.contains("missing")) welcome.missing = missing_of(frame.at("missing"));
  welcome.members = frame.at("members").get<std::vector<std::string>>();
  welcome.count = frame.at("count");
  welcome.limits = limits_of(frame);
  return encode_welcome(welcome);
}

std::string encoded_presence(const Json& frame) {
  Presence presence;
  presence.joined = frame.value("joined", std::vector<std::string>());
  presence.left = frame.value("left", std::vector<std::string>());
  for (const Json& change : frame.value("renamed", Json::array())) {
    presence.renamed.emplace_back(change.at("from"), change.at("to"));
  }
  presence.count = frame.at("count");
  return encode_presence(presence);
}

std::string encoded_history(const Json& frame) {
  HistoryPage page;
  page.before = seq_of(frame, "before");
  page.after = seq_of(frame, "after");
  for (const Json& one : frame.at("messages")) {
    page.messages.push_back(std::make_shared<Message>(message_of(one)));
  }
  page.more = frame.at("more");
  return encode_history(page);
}

std::string encoded_error(const Json& frame) {
  Error error;
  error.code = code_of(text_of(frame, "code"));
  error.detail = text_of(frame, "text");
  error.n = number_of(frame, "n");
  error.limit = number_of(frame, "limit");
  error.retry_after_ms = number_of(frame, "retry_after_ms");
  return encode_error(error, Dialect::v1);
}

std::string encoded(const Json& frame) {
  const std::string type = text_of(frame, "type");
  if (type == "welcome") return encoded_welcome(frame);
  if (type == "message") return encode_message(message_of(frame), Dialect::v1);
  if (type == "ack") {
    return encode_ack({frame.at("n"), *seq_of(frame, "seq"), frame.value("repeat", false)});
  }
  if (type == "presence") return encoded_presence(frame);
  if (type == "renamed") return encode_renamed(text_of(frame, "name"));
  if (type == "typing") return encode_typing(text_of(frame, "name"));
  if (type == "history") return encoded_history(frame);
  if (type == "error") return encoded_error(frame);
  if (type == "ready") return encode_ready();
  if (type == "closing") return encode_closing(frame.at("reconnect_after_ms"));
  FAIL("no such frame: " << type);
  return {};
}

// ---- frames of a client, as JSON

struct ToJson {
  Json operator()(const Hello& hello) const {
    Json frame = {{"type", "hello"}};
    if (!hello.client.empty()) frame["client"] = hello.client;
    if (!hello.name.empty()) frame["name"] = hello.name;
    if (hello.since) {
      frame["since"] = {{"epoch", hello.since->epoch.value()}, {"seq", hello.since->seq.value()}};
    }
    if (!hello.token.empty()) frame["token"] = hello.token;
    return frame;
  }
  Json operator()(const Send& send) const {
    return {{"type", "send"}, {"n", send.n}, {"message", Json::parse(send.body)}};
  }
  Json operator()(const Rename& rename) const {
    return {{"type", "rename"}, {"name", rename.name}};
  }
  Json operator()(const Typing&) const { return {{"type", "typing"}}; }
  Json operator()(const HistoryRequest& request) const {
    Json frame = {{"type", "history"}};
    if (request.before) frame["before"] = request.before->value();
    if (request.after) frame["after"] = request.after->value();
    frame["limit"] = request.limit;
    return frame;
  }
};

/// What is not asked for has a default that the server fills in.
Json with_defaults(Json frame) {
  if (frame.at("type") == "history" && !frame.contains("limit")) {
    frame["limit"] = HistoryRequest().limit;
  }
  return frame;
}

}  // namespace

TEST_CASE("vectors: server frames are written as the page reads them", "[wire][vectors]") {
  each("server_frames.json", [](const Json& one) {
    if (one.value("canonical", false)) CHECK(encoded(one.at("frame")) == one.at("text"));
  });
}

TEST_CASE("vectors: client frames are read as the page writes them", "[wire][vectors]") {
  each("client_frames.json", [](const Json& one) {
    const auto frame = decode_v1(text_of(one, "text"), kLimits);
    REQUIRE(frame);
    CHECK(std::visit(ToJson(), *frame) == with_defaults(one.at("frame")));
  });
}

TEST_CASE("vectors: any client's text is a frame, or refused with a code", "[wire][vectors]") {
  each("client_texts.json", [](const Json& one) {
    const auto frame = decode_v1(text_of(one, "text"), kLimits);
    REQUIRE(frame.has_value() == one.contains("type"));
    if (frame) {
      CHECK(std::visit(ToJson(), *frame).at("type") == one.at("type"));
      return;
    }
    CHECK(info(frame.error().code).name == text_of(one, "code"));
    CHECK(frame.error().n == number_of(one, "n"));
  });
}

TEST_CASE("vectors: a plain text has a message, or is refused with a code", "[wire][vectors]") {
  each("plain_texts.json", [](const Json& one) {
    const auto message = decode_plain(text_of(one, "text"), kLimits);
    REQUIRE(message.has_value() == one.contains("message"));
    if (message) {
      CHECK(*message == text_of(one, "message"));
    } else {
      CHECK(info(message.error().code).name == text_of(one, "code"));
    }
  });
}

TEST_CASE("vectors: a room has one spelling, or is refused", "[wire][vectors]") {
  each("rooms.json", [](const Json& one) {
    const auto room = parse_room_name(text_of(one, "given"));
    REQUIRE(room.has_value() == one.contains("is"));
    if (room) {
      CHECK(room->value() == text_of(one, "is"));
    } else {
      CHECK(room.error().code == Code::bad_room);
    }
  });
}

TEST_CASE("vectors: a name has one spelling, or is refused", "[wire][vectors]") {
  each("names.json", [](const Json& one) {
    const auto name = parse_member_name(text_of(one, "given"));
    REQUIRE(name.has_value() == one.contains("is"));
    if (name) {
      CHECK(*name == text_of(one, "is"));
    } else {
      CHECK(name.error().code == Code::bad_name);
    }
  });
}

TEST_CASE("vectors: a secret is seen as its client id, or refused", "[wire][vectors]") {
  each("clients.json", [](const Json& one) {
    const auto client = derive_client_id(text_of(one, "secret"));
    REQUIRE(client.has_value() == one.contains("client"));
    if (client) CHECK(client->value() == text_of(one, "client"));
  });
}

TEST_CASE("vectors: a cursor has an epoch and a seq, or is refused", "[wire][vectors]") {
  each("cursors.json", [](const Json& one) {
    const auto cursor = parse_cursor(text_of(one, "text"));
    REQUIRE(cursor.has_value() == one.contains("seq"));
    if (!cursor) return;
    CHECK(cursor->epoch.value() == text_of(one, "epoch"));
    CHECK(cursor->seq.value() == number_of(one, "seq"));
  });
}
