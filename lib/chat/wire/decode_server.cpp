#include <nlohmann/json.hpp>
#include <utility>

#include "chat/wire/json_slice.hpp"
#include "chat/wire/names.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::wire {
namespace {

using Json = nlohmann::json;

/// Reads one JSON object; after the first member that is missing or of another kind `ok` is false.
class Members {
 public:
  Members(const Json& object, std::string_view text) : object_(object), text_(text) {
    ok_ = object.is_object();
  }

  bool ok() const noexcept { return ok_; }

  std::string text(const char* key) { return take(key, &Json::is_string, std::string()); }
  bool flag(const char* key) { return take(key, &Json::is_boolean, false); }
  std::uint64_t natural(const char* key) {
    const auto value = take(key, &Json::is_number_unsigned, std::uint64_t{0});
    ok_ = ok_ && value < kMaxInteger;
    return value;
  }
  double number(const char* key) {
    const auto value = take(key, &Json::is_number, 0.0);
    ok_ = ok_ && value >= 0;
    return value;
  }
  base::Seq seq(const char* key) { return base::Seq(natural(key)); }
  base::Epoch epoch(const char* key) {
    base::Epoch value(text(key));
    ok_ = ok_ && is_epoch(value.value());
    return value;
  }

  bool has(const char* key) const { return ok_ && object_.contains(key); }
  template <class Value>
  std::optional<Value> optional(const char* key, Value (Members::*read)(const char*)) {
    if (!has(key)) return std::nullopt;
    return (this->*read)(key);
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> all;
    for (const Json& item : list(key)) {
      ok_ = ok_ && item.is_string();
      if (ok_) all.push_back(item.get<std::string>());
    }
    return all;
  }

  /// `read(members of the object)` of what is under `key`.
  template <class Read>
  void object(const char* key, Read read) {
    if (const Json* value = find(key)) within(*value, slice(key), read);
  }
  /// The same for each item of a list.
  template <class Read>
  void objects(const char* key, Read read) {
    const Json& items = list(key);
    const auto texts = slice_items(slice(key));
    if (texts.size() != items.size()) ok_ = false;
    for (std::size_t i = 0; ok_ && i < items.size(); ++i) within(items[i], texts[i], read);
  }

  /// What is under `key`, as it was written.
  std::string raw(const char* key) {
    find(key);
    return std::string(slice(key));
  }

 private:
  const Json* find(const char* key) {
    const auto found = ok_ ? object_.find(key) : object_.end();
    ok_ = ok_ && found != object_.end();
    return ok_ ? &*found : nullptr;
  }

  template <class Value>
  Value take(const char* key, bool (Json::*is)() const noexcept, Value otherwise) {
    const Json* value = find(key);
    ok_ = value != nullptr && (value->*is)();
    return ok_ ? value->get<Value>() : otherwise;
  }

  const Json& list(const char* key) {
    static const Json none = Json::array();
    const Json* value = find(key);
    ok_ = value != nullptr && value->is_array();
    return ok_ ? *value : none;
  }

  template <class Read>
  void within(const Json& value, std::string_view text, Read read) {
    Members inner(value, text);
    if (inner.ok()) read(inner);
    ok_ = ok_ && inner.ok();
  }

  std::string_view slice(const char* key) const {
    return slice_member(text_, key).value_or(std::string_view());
  }

  const Json& object_;
  std::string_view text_;
  bool ok_ = true;
};

MessagePtr read_message(Members& in) {
  auto message = std::make_shared<Message>();
  message->seq = in.seq("seq");
  message->at = static_cast<base::WallMs>(in.natural("at"));
  message->name = in.text("name");
  if (in.has("client")) message->client = base::ClientId(in.text("client"));
  if (in.has("n")) message->n = in.natural("n");
  message->body = in.raw("message");
  return message;
}

Missing read_missing(Members& in) {
  Missing missing;
  if (in.has("epoch")) missing.epoch = in.epoch("epoch");
  if (in.has("after")) missing.between = {in.seq("after"), in.seq("before")};
  return missing;
}

Welcome read_welcome(Members& in) {
  Welcome welcome;
  welcome.room = base::RoomName(in.text("room"));
  welcome.name = in.text("name");
  if (in.has("client")) welcome.client = base::ClientId(in.text("client"));
  welcome.epoch = in.epoch("epoch");
  welcome.head = in.seq("head");
  welcome.recovered = in.optional("recovered", &Members::flag);
  if (in.has("missing")) {
    in.object("missing", [&](Members& inner) { welcome.missing = read_missing(inner); });
  }
  welcome.members = in.texts("members");
  welcome.count = in.natural("count");
  if (in.has("guarantee")) welcome.guarantee = in.text("guarantee");
  in.object("limits", [&](Members& inner) {
    welcome.limits.message_bytes = inner.natural("message_bytes");
    welcome.limits.inflight = inner.natural("inflight");
    welcome.limits.frames_per_second = inner.number("frames_per_second");
    welcome.limits.history_page = inner.natural("history_page");
    welcome.limits.members = inner.natural("members");
  });
  welcome.limits.resume_within_ms = in.natural("resume_within_ms");
  return welcome;
}

Ack read_ack(Members& in) {
  Ack ack;
  ack.n = in.natural("n");
  ack.seq = in.seq("seq");
  ack.repeat = in.has("repeat") && in.flag("repeat");
  return ack;
}

Presence read_presence(Members& in) {
  Presence presence;
  if (in.has("joined")) presence.joined = in.texts("joined");
  if (in.has("left")) presence.left = in.texts("left");
  if (in.has("renamed")) {
    in.objects("renamed", [&](Members& inner) {
      auto from = inner.text("from");
      presence.renamed.emplace_back(std::move(from), inner.text("to"));
    });
  }
  presence.count = in.natural("count");
  return presence;
}

HistoryPage read_history(Members& in) {
  HistoryPage page;
  page.before = in.optional("before", &Members::seq);
  page.after = in.optional("after", &Members::seq);
  in.objects("messages", [&](Members& inner) { page.messages.push_back(read_message(inner)); });
  page.more = in.flag("more");
  return page;
}

ErrorFrame read_error(Members& in) {
  ErrorFrame error;
  error.code = in.text("code");
  error.text = in.text("text");
  error.n = in.optional("n", &Members::natural);
  error.limit = in.optional("limit", &Members::natural);
  error.retry_after_ms = in.optional("retry_after_ms", &Members::natural);
  return error;
}

std::optional<ServerFrame> read_frame(const std::string& type, Members& in) {
  if (type == "welcome") return read_welcome(in);
  if (type == "message") return read_message(in);
  if (type == "ack") return read_ack(in);
  if (type == "presence") return read_presence(in);
  if (type == "renamed") return Renamed{in.text("name")};
  if (type == "typing") return TypingBy{in.text("name")};
  if (type == "history") return read_history(in);
  if (type == "error") return read_error(in);
  if (type == "ready") return Ready{};
  if (type == "closing") return Closing{in.natural("reconnect_after_ms")};
  return std::nullopt;
}

}  // namespace

Result<ServerFrame> decode_server(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(Code::bad_json, "the server sent no JSON");
  Members in(json, text);
  const std::string type = in.text("type");
  if (!in.ok()) return fail(Code::bad_frame, "the server sent a frame without a type");
  auto frame = read_frame(type, in);
  if (!frame) return fail(Code::unknown_type, "the server sent a frame of an unknown type");
  if (!in.ok())
    return fail(Code::bad_frame, "the server sent a " + type + " frame that has not what it must");
  return std::move(*frame);
}

namespace {

/// `read(members)` of a JSON object, if it has what is read.
template <class Read>
Result<void> read_answer(std::string_view text, Read read) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(Code::bad_json, "the server's answer is no JSON");
  Members in(json, text);
  if (in.ok()) read(in);
  if (!in.ok()) return fail(Code::bad_frame, "the server's answer has not what it must");
  return {};
}

}  // namespace

Result<std::vector<RoomSummary>> decode_api_rooms(std::string_view text) {
  std::vector<RoomSummary> rooms;
  const auto outcome = read_answer(text, [&rooms](Members& in) {
    in.objects("rooms", [&rooms](Members& room) {
      RoomSummary summary;
      summary.room = base::RoomName(room.text("room"));
      summary.epoch = base::Epoch(room.text("epoch"));
      summary.head = room.seq("head");
      summary.members = room.natural("members");
      rooms.push_back(std::move(summary));
    });
  });
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  return rooms;
}

Result<ApiMembers> decode_api_members(std::string_view text) {
  ApiMembers answer;
  const auto outcome = read_answer(text, [&answer](Members& in) {
    answer.count = in.natural("count");
    answer.members = in.texts("members");
  });
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  return answer;
}

std::optional<ErrorFrame> decode_api_error(std::string_view text) {
  ErrorFrame error;
  const auto outcome = read_answer(text, [&error](Members& in) {
    in.object("error", [&](Members& told) { error = read_error(told); });
  });
  if (!outcome) return std::nullopt;
  return error;
}

std::string readable(std::string_view body) {
  if (body.empty() || body.front() != '"') return std::string(body);
  const Json json = Json::parse(body, nullptr, false);
  return json.is_string() ? json.get<std::string>() : std::string(body);
}

}  // namespace chat::wire
