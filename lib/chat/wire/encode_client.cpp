#include "chat/wire/json_writer.hpp"
#include "chat/wire/server_frame.hpp"

namespace chat::wire {
namespace {

constexpr std::size_t kFrameBytes = 64;

std::string frame_with_name(std::string_view type, std::string_view name) {
  JsonWriter out(name.size() + kFrameBytes);
  out.raw("{\"type\":").string(type).raw(",\"name\":").string(name).raw("}");
  return out.take();
}

}  // namespace

std::string encode_hello(const Hello& hello) {
  JsonWriter out(hello.client.size() + hello.name.size() + hello.token.size() + kFrameBytes);
  out.raw("{\"type\":\"hello\"");
  if (!hello.client.empty()) out.raw(",\"client\":").string(hello.client);
  if (!hello.name.empty()) out.raw(",\"name\":").string(hello.name);
  if (hello.since) {
    out.raw(",\"since\":{\"epoch\":").string(hello.since->epoch.value());
    out.raw(",\"seq\":").number(hello.since->seq.value()).raw("}");
  }
  if (!hello.token.empty()) out.raw(",\"token\":").string(hello.token);
  if (hello.ordered) out.raw(",\"ordered\":true");
  out.raw("}");
  return out.take();
}

std::string encode_send(std::uint64_t n, std::string_view body, bool first) {
  JsonWriter out(body.size() + kFrameBytes);
  out.raw("{\"type\":\"send\",\"n\":").number(n);
  if (first) out.raw(",\"first\":true");
  out.raw(",\"message\":").raw(body).raw("}");
  return out.take();
}

std::string encode_rename(std::string_view name) { return frame_with_name("rename", name); }

std::string encode_typing() { return "{\"type\":\"typing\"}"; }

std::string encode_history_request(const HistoryRequest& request) {
  JsonWriter out(kFrameBytes);
  out.raw("{\"type\":\"history\"");
  if (request.before) out.raw(",\"before\":").number(request.before->value());
  if (request.after) out.raw(",\"after\":").number(request.after->value());
  out.raw(",\"limit\":").number(request.limit).raw("}");
  return out.take();
}

std::string quoted(std::string_view text) {
  JsonWriter out(text.size() + 2);
  out.string(text);
  return out.take();
}

}  // namespace chat::wire
