#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chat/wire/codec.hpp"
#include "chat/wire/names.hpp"
#include "chat/wire/server_frame.hpp"

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

// ---- frames of a server, as JSON

Json json_of(const Message& message) {
  Json json = {{"seq", message.seq.value()}, {"at", message.at}, {"name", message.name}};
  if (!message.client.value().empty()) json["client"] = message.client.value();
  if (message.n != 0) json["n"] = message.n;
  json["message"] = Json::parse(message.body);
  return json;
}

template <class Value>
void put(Json& json, const char* key, const std::optional<Value>& value) {
  if (value) json[key] = *value;
}
void put(Json& json, const char* key, const std::optional<base::Seq>& seq) {
  if (seq) json[key] = seq->value();
}

struct ServerToJson {
  Json operator()(const Welcome& welcome) const {
    Json frame = {{"type", "welcome"}, {"room", welcome.room.value()}, {"name", welcome.name}};
    if (!welcome.client.value().empty()) frame["client"] = welcome.client.value();
    frame["epoch"] = welcome.epoch.value();
    frame["head"] = welcome.head.value();
    put(frame, "recovered", welcome.recovered);
    if (welcome.missing) {
      Json& missing = frame["missing"];
      if (!welcome.missing->epoch.value().empty())
        missing["epoch"] = welcome.missing->epoch.value();
      if (welcome.missing->between) {
        missing["after"] = welcome.missing->between->first.value();
        missing["before"] = welcome.missing->between->second.value();
      }
    }
    const Limits& limits = welcome.limits;
    frame["members"] = welcome.members;
    frame["count"] = welcome.count;
    frame["limits"] = {{"message_bytes", limits.message_bytes},
                       {"inflight", limits.inflight},
                       {"frames_per_second", limits.frames_per_second},
                       {"history_page", limits.history_page},
                       {"members", limits.members}};
    frame["resume_within_ms"] = limits.resume_within_ms;
    return frame;
  }
  Json operator()(const MessagePtr& message) const {
    Json frame = {{"type", "message"}};
    frame.update(json_of(*message));
    return frame;
  }
  Json operator()(const Ack& ack) const {
    Json frame = {{"type", "ack"}, {"n", ack.n}, {"seq", ack.seq.value()}};
    if (ack.repeat) frame["repeat"] = true;
    return frame;
  }
  Json operator()(const Presence& presence) const {
    Json frame = {{"type", "presence"}};
    if (!presence.joined.empty()) frame["joined"] = presence.joined;
    if (!presence.left.empty()) frame["left"] = presence.left;
    for (const auto& [from, to] : presence.renamed) {
      frame["renamed"].push_back({{"from", from}, {"to", to}});
    }
    frame["count"] = presence.count;
    return frame;
  }
  Json operator()(const Renamed& renamed) const {
    return {{"type", "renamed"}, {"name", renamed.name}};
  }
  Json operator()(const TypingBy& typing) const {
    return {{"type", "typing"}, {"name", typing.name}};
  }
  Json operator()(const HistoryPage& page) const {
    Json frame = {{"type", "history"}};
    put(frame, "before", page.before);
    put(frame, "after", page.after);
    frame["messages"] = Json::array();
    for (const auto& message : page.messages) frame["messages"].push_back(json_of(*message));
    frame["more"] = page.more;
    return frame;
  }
  Json operator()(const ErrorFrame& error) const {
    Json frame = {{"type", "error"}, {"code", error.code}, {"text", error.text}};
    put(frame, "n", error.n);
    put(frame, "limit", error.limit);
    put(frame, "retry_after_ms", error.retry_after_ms);
    return frame;
  }
  Json operator()(const Ready&) const { return {{"type", "ready"}}; }
  Json operator()(const Closing& closing) const {
    return {{"type", "closing"}, {"reconnect_after_ms", closing.reconnect_after_ms}};
  }
};

/// As a client writes it.
std::string written(const Json& frame) {
  const std::string type = text_of(frame, "type");
  if (type == "send") {
    return encode_send(frame.at("n"), frame.at("message").dump(), frame.value("first", false));
  }
  if (type == "rename") return encode_rename(text_of(frame, "name"));
  if (type == "typing") return encode_typing();
  if (type == "history") {
    HistoryRequest request;
    request.before = seq_of(frame, "before");
    request.after = seq_of(frame, "after");
    request.limit = frame.value("limit", request.limit);
    return encode_history_request(request);
  }
  Hello hello;
  hello.client = text_of(frame, "client");
  hello.name = text_of(frame, "name");
  hello.token = text_of(frame, "token");
  hello.ordered = frame.value("ordered", false);
  if (frame.contains("since")) {
    hello.since = {base::Epoch(text_of(frame.at("since"), "epoch")),
                   *seq_of(frame.at("since"), "seq")};
  }
  return encode_hello(hello);
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
    if (hello.ordered) frame["ordered"] = true;
    return frame;
  }
  Json operator()(const Send& send) const {
    Json frame = {{"type", "send"}, {"n", send.n}};
    if (send.first) frame["first"] = true;
    frame["message"] = Json::parse(send.body);
    return frame;
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

TEST_CASE("vectors: server frames are read, anything else is refused", "[wire][vectors]") {
  each("server_frames.json", [](const Json& one) {
    const auto frame = decode_server(text_of(one, "text"));
    REQUIRE(frame.has_value() == one.contains("frame"));
    if (frame) {
      CHECK(nlohmann::json(std::visit(ServerToJson(), *frame)) == nlohmann::json(one.at("frame")));
    } else {
      CHECK(info(frame.error().code).name == text_of(one, "error"));
    }
  });
}

TEST_CASE("vectors: client frames are written as the page writes them", "[wire][vectors]") {
  each("client_frames.json", [](const Json& one) {
    const std::string text = written(one.at("frame"));
    CHECK(Json::parse(text) == with_defaults(one.at("frame")));
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
