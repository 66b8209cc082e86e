// Any bytes as a frame, a name and a cursor: the decoders must not fail, and what they take must be
// what another parser reads.

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "chat/base/text.hpp"
#include "chat/wire/codec.hpp"
#include "chat/wire/json_slice.hpp"
#include "chat/wire/names.hpp"

namespace {

using Json = nlohmann::json;
namespace base = chat::base;
namespace wire = chat::wire;

void require(bool law, const char* text) {
  if (law) return;
  std::fprintf(stderr, "broken law: %s\n", text);
  std::abort();
}

wire::Limits small_limits() {
  wire::Limits limits;
  limits.message_bytes = 16;
  return limits;
}

void check_error(const wire::Error& error) {
  require(!error.n || *error.n < wire::kMaxInteger, "n is below 2^53");
  require(Json::accept(encode_error(error, wire::Dialect::v1)), "an error is JSON");
  require(Json::accept(encode_error(error, wire::Dialect::plain)), "a plain error is JSON");
}

void check_body(std::string_view text, const std::string& body, const wire::Limits& limits) {
  require(body.size() <= limits.message_bytes, "a body is within its limit");
  require(Json::parse(body) == Json::parse(text).at("message"), "the body is the message's value");
  wire::Message message;
  message.body = body;
  require(wire::decode_plain(encode_message(message, wire::Dialect::plain), limits) == body,
          "what was taken comes back");
}

void check_plain(std::string_view text, const wire::Limits& limits) {
  const auto body = wire::decode_plain(text, limits);
  if (body) {
    check_body(text, *body, limits);
  } else {
    check_error(body.error());
  }
}

void check_v1(std::string_view text, const wire::Limits& limits) {
  const auto frame = wire::decode_v1(text, limits);
  if (!frame) return check_error(frame.error());
  if (const auto* send = std::get_if<wire::Send>(&*frame)) {
    require(send->n < wire::kMaxInteger, "n is below 2^53");
    check_body(text, send->body, limits);
  }
  if (const auto* hello = std::get_if<wire::Hello>(&*frame)) {
    require(!hello->since || wire::is_epoch(hello->since->epoch.value()), "an epoch is one");
  }
  if (const auto* history = std::get_if<wire::HistoryRequest>(&*frame)) {
    require(!(history->before && history->after), "a page has one end");
    require(history->limit >= 1, "a page has messages");
  }
}

void check_post(std::string_view text, const wire::Limits& limits) {
  const auto post = wire::decode_post(text, limits);
  if (!post) return check_error(post.error());
  require(post->client.empty() != post->n.has_value(), "client and n go together");
  check_body(text, post->body, limits);
}

void check_names(std::string_view text) {
  if (const auto room = wire::parse_room_name(text)) {
    require(wire::parse_room_name(room->value()) == *room, "a room has one spelling");
  }
  if (const auto name = wire::parse_member_name(text)) {
    require(wire::parse_member_name(*name) == *name, "a name has one spelling");
  }
  if (const auto cursor = wire::parse_cursor(text)) {
    require(cursor->seq.value() < wire::kMaxInteger, "a seq is below 2^53");
  }
  require(base::percent_decode(base::percent_encode(text)) == text, "percent escapes undo");
  base::percent_decode(text);
  require(!base::has_unprintable(base::escape_for_log(text)), "a log line is printable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const wire::Limits& limits : {wire::Limits(), small_limits()}) {
    check_plain(text, limits);
    check_v1(text, limits);
    check_post(text, limits);
  }
  wire::slice_member(text, "message");
  check_names(text);
  return 0;
}
