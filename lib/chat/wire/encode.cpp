#include <cmath>
#include <utility>

#include "chat/wire/codec.hpp"
#include "chat/wire/json_writer.hpp"

namespace chat::wire {
namespace {

/// Room for the fixed parts and numbers of one object.
constexpr std::size_t kFrameBytes = 128;

std::size_t bytes_of(const Message& message) noexcept {
  return message.body.size() + message.name.size() + kFrameBytes;
}

std::size_t bytes_of(const std::vector<MessagePtr>& messages) noexcept {
  std::size_t bytes = kFrameBytes;
  for (const MessagePtr& message : messages) bytes += bytes_of(*message);
  return bytes;
}

std::size_t bytes_of(const std::vector<std::string>& texts) noexcept {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size() + 3;
  return bytes;
}

/// From `seq` to the end of the object.
void write_message(JsonWriter& out, const Message& message) {
  out.raw("\"seq\":").number(message.seq.value());
  out.raw(",\"at\":").number(message.at);
  out.raw(",\"name\":").string(message.name);
  if (!message.client.value().empty()) {
    out.raw(",\"client\":").string(message.client.value());
    out.raw(",\"n\":").number(message.n);
  }
  out.raw(",\"message\":").raw(message.body).raw("}");
}

void write_messages(JsonWriter& out, const std::vector<MessagePtr>& messages) {
  out.list(messages, [&out](const MessagePtr& message) {
    out.raw("{");
    write_message(out, *message);
  });
}

void write_limits(JsonWriter& out, const Limits& limits) {
  const double rate = std::isfinite(limits.frames_per_second) ? limits.frames_per_second : 0;
  out.raw("{\"message_bytes\":").number(limits.message_bytes);
  out.raw(",\"inflight\":").number(limits.inflight);
  out.raw(",\"frames_per_second\":").number(rate);
  out.raw(",\"history_page\":").number(limits.history_page);
  out.raw(",\"members\":").number(limits.members).raw("}");
}

void write_missing(JsonWriter& out, const Missing& missing) {
  if (missing.between) {
    out.raw("{\"after\":").number(missing.between->first.value());
    out.raw(",\"before\":").number(missing.between->second.value()).raw("}");
    return;
  }
  out.raw("{\"epoch\":").string(missing.epoch.value()).raw("}");
}

void write_optional(JsonWriter& out, std::string_view key,
                    const std::optional<std::uint64_t>& value) {
  if (value) out.raw(key).number(*value);
}

void write_seq(JsonWriter& out, std::string_view key, const std::optional<base::Seq>& seq) {
  if (seq) out.raw(key).number(seq->value());
}

void write_names(JsonWriter& out, std::string_view key, const std::vector<std::string>& names) {
  if (!names.empty()) out.raw(key).strings(names);
}

std::string encode_plain_error(const Error& error) {
  const std::string text = error.text();
  JsonWriter out(text.size() + kFrameBytes);
  out.raw("{\"message\":").string("[chat] " + text);
  out.raw(",\"error\":{\"code\":").string(info(error.code).name);
  write_optional(out, ",\"limit\":", error.limit);
  write_optional(out, ",\"retry_after_ms\":", error.retry_after_ms);
  return out.raw("}}").take();
}

/// `code` to `retry_after_ms`, without braces.
void write_error(JsonWriter& out, const Error& error) {
  out.raw("\"code\":").string(info(error.code).name);
  out.raw(",\"text\":").string(error.text());
  write_optional(out, ",\"n\":", error.n);
  write_optional(out, ",\"limit\":", error.limit);
  write_optional(out, ",\"retry_after_ms\":", error.retry_after_ms);
}

}  // namespace

std::string encode_message(const Message& message, Dialect dialect) {
  JsonWriter out(bytes_of(message));
  if (dialect == Dialect::plain) return out.raw("{\"message\":").raw(message.body).raw("}").take();
  out.raw("{\"type\":\"message\",");
  write_message(out, message);
  return out.take();
}

std::string encode_error(const Error& error, Dialect dialect) {
  if (dialect == Dialect::plain) return encode_plain_error(error);
  JsonWriter out(error.detail.size() + 2 * kFrameBytes);
  out.raw("{\"type\":\"error\",");
  write_error(out, error);
  return out.raw("}").take();
}

std::string encode_welcome(const Welcome& welcome) {
  JsonWriter out(bytes_of(welcome.members) + 4 * kFrameBytes);
  out.raw("{\"type\":\"welcome\",\"room\":").string(welcome.room.value());
  out.raw(",\"name\":").string(welcome.name);
  if (!welcome.client.value().empty()) out.raw(",\"client\":").string(welcome.client.value());
  out.raw(",\"epoch\":").string(welcome.epoch.value());
  out.raw(",\"head\":").number(welcome.head.value());
  if (welcome.recovered) out.raw(",\"recovered\":").boolean(*welcome.recovered);
  if (welcome.missing) write_missing(out.raw(",\"missing\":"), *welcome.missing);
  out.raw(",\"members\":").strings(welcome.members);
  out.raw(",\"count\":").number(welcome.count);
  if (!welcome.guarantee.empty()) out.raw(",\"guarantee\":").string(welcome.guarantee);
  write_limits(out.raw(",\"limits\":"), welcome.limits);
  return out.raw(",\"resume_within_ms\":").number(welcome.limits.resume_within_ms).raw("}").take();
}

std::string encode_ack(const Ack& ack) {
  JsonWriter out(kFrameBytes);
  out.raw("{\"type\":\"ack\",\"n\":").number(ack.n).raw(",\"seq\":").number(ack.seq.value());
  if (ack.repeat) out.raw(",\"repeat\":true");
  return out.raw("}").take();
}

std::string encode_presence(const Presence& presence) {
  JsonWriter out(bytes_of(presence.joined) + bytes_of(presence.left) + kFrameBytes);
  out.raw("{\"type\":\"presence\"");
  write_names(out, ",\"joined\":", presence.joined);
  write_names(out, ",\"left\":", presence.left);
  if (!presence.renamed.empty()) {
    out.raw(",\"renamed\":").list(presence.renamed, [&out](const auto& change) {
      out.raw("{\"from\":").string(change.first).raw(",\"to\":").string(change.second).raw("}");
    });
  }
  return out.raw(",\"count\":").number(presence.count).raw("}").take();
}

std::string encode_renamed(std::string_view name) {
  JsonWriter out(kFrameBytes + name.size());
  return out.raw("{\"type\":\"renamed\",\"name\":").string(name).raw("}").take();
}

std::string encode_typing(std::string_view name) {
  JsonWriter out(kFrameBytes + name.size());
  return out.raw("{\"type\":\"typing\",\"name\":").string(name).raw("}").take();
}

std::string encode_history(const HistoryPage& page) {
  JsonWriter out(bytes_of(page.messages));
  out.raw("{\"type\":\"history\"");
  write_seq(out, ",\"before\":", page.before);
  write_seq(out, ",\"after\":", page.after);
  write_messages(out.raw(",\"messages\":"), page.messages);
  return out.raw(",\"more\":").boolean(page.more).raw("}").take();
}

std::string encode_ready() { return "{\"type\":\"ready\"}"; }

std::string encode_closing(std::uint64_t reconnect_after_ms) {
  JsonWriter out(kFrameBytes);
  out.raw("{\"type\":\"closing\",\"reconnect_after_ms\":").number(reconnect_after_ms);
  return out.raw("}").take();
}

std::string encode_api_rooms(const std::vector<RoomSummary>& rooms) {
  JsonWriter out(rooms.size() * kFrameBytes + kFrameBytes);
  out.raw("{\"rooms\":").list(rooms, [&out](const RoomSummary& room) {
    out.raw("{\"room\":").string(room.room.value());
    out.raw(",\"epoch\":").string(room.epoch.value());
    out.raw(",\"head\":").number(room.head.value());
    out.raw(",\"members\":").number(room.members).raw("}");
  });
  return out.raw("}").take();
}

std::string encode_api_messages(const ApiMessages& page) {
  JsonWriter out(bytes_of(page.messages));
  out.raw("{\"room\":").string(page.room.value());
  out.raw(",\"epoch\":").string(page.epoch.value());
  out.raw(",\"head\":").number(page.head.value());
  if (page.recovered) out.raw(",\"recovered\":").boolean(*page.recovered);
  write_messages(out.raw(",\"messages\":"), page.messages);
  return out.raw(",\"more\":").boolean(page.more).raw("}").take();
}

std::string encode_api_posted(const base::RoomName& room, const base::Epoch& epoch, base::Seq seq,
                              bool repeat) {
  JsonWriter out(kFrameBytes + room.value().size());
  out.raw("{\"room\":").string(room.value()).raw(",\"epoch\":").string(epoch.value());
  out.raw(",\"seq\":").number(seq.value());
  return out.raw(",\"repeat\":").boolean(repeat).raw("}").take();
}

std::string encode_api_members(const base::RoomName& room, std::size_t count,
                               const std::vector<std::string>& members) {
  JsonWriter out(bytes_of(members) + 2 * kFrameBytes);
  out.raw("{\"room\":").string(room.value()).raw(",\"count\":").number(count);
  return out.raw(",\"members\":").strings(members).raw("}").take();
}

std::string encode_api_error(const Error& error) {
  JsonWriter out(error.detail.size() + 2 * kFrameBytes);
  out.raw("{\"error\":{");
  write_error(out, error);
  return out.raw("}}").take();
}

}  // namespace chat::wire
