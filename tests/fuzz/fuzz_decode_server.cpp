// Any bytes as a frame or an answer of a server: the decoders must not fail, and what they take
// must be within the protocol and come back when it is written again.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "chat/wire/codec.hpp"
#include "chat/wire/names.hpp"
#include "chat/wire/server_frame.hpp"

namespace {

using Json = nlohmann::json;
namespace base = chat::base;
namespace wire = chat::wire;

void require(bool law, const char* text) {
  if (law) return;
  std::fprintf(stderr, "broken law: %s\n", text);
  std::abort();
}

void check_seq(base::Seq seq) { require(seq.value() < wire::kMaxInteger, "a seq is below 2^53"); }

void check_message(const wire::Message& message) {
  check_seq(message.seq);
  require(message.at >= 0, "a time is not negative");
  require(message.n < wire::kMaxInteger, "n is below 2^53");
  require(Json::accept(message.body), "a value is JSON");
  wire::readable(message.body);
  const auto text = wire::encode_message(message, wire::Dialect::v1);
  const auto again = wire::decode_server(text);
  require(again.has_value(), "a message that is written again is read again");
  const auto& read = *std::get<wire::MessagePtr>(*again);
  require(read.body == message.body && read.seq == message.seq && read.name == message.name,
          "a message comes back");
}

void check_frame(const wire::ServerFrame& frame) {
  if (const auto* message = std::get_if<wire::MessagePtr>(&frame)) return check_message(**message);
  if (const auto* welcome = std::get_if<wire::Welcome>(&frame)) {
    require(wire::is_epoch(welcome->epoch.value()), "an epoch is one");
    require(welcome->limits.frames_per_second >= 0, "a rate is not negative");
    check_seq(welcome->head);
    if (!welcome->missing || !welcome->missing->between) return;
    check_seq(welcome->missing->between->first);
    check_seq(welcome->missing->between->second);
  }
  if (const auto* page = std::get_if<wire::HistoryPage>(&frame)) {
    for (const auto& message : page->messages) check_message(*message);
  }
  if (const auto* ack = std::get_if<wire::Ack>(&frame)) {
    require(ack->n < wire::kMaxInteger, "n is below 2^53");
    check_seq(ack->seq);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto frame = wire::decode_server(text)) check_frame(*frame);
  if (const auto rooms = wire::decode_api_rooms(text)) {
    for (const auto& room : *rooms) check_seq(room.head);
  }
  (void)wire::decode_api_members(text);
  (void)wire::decode_api_error(text);
  (void)wire::readable(text);
  return 0;
}
