// Any bytes as a signal: decoding must not fail, and what it takes must be valid and survive.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "chat/rabbitmq/signal.hpp"
#include "chat/wire/names.hpp"

namespace {

namespace rabbitmq = chat::rabbitmq;
namespace wire = chat::wire;

void require(bool law, const char* text) {
  if (law) return;
  std::fprintf(stderr, "broken law: %s\n", text);
  std::abort();
}

void check(const chat::broker::MemberChange& change) {
  require(wire::parse_room_name(change.room.value()) == change.room, "a room is valid");
  require(change.name.empty() || wire::parse_member_name(change.name) == change.name,
          "a name is valid");
  require(change.claimed_at >= 0, "a time is not negative");
}
void check(const chat::broker::MemberTyping& typing) {
  require(wire::parse_room_name(typing.room.value()) == typing.room, "a room is valid");
}

template <class Items>
std::size_t check_all(const Items& items) {
  std::size_t bound = rabbitmq::kSignalHeadBound;
  for (const auto& item : items) {
    check(item);
    bound += rabbitmq::encoded_bound(item);
  }
  return bound;
}

std::size_t bound_of(const rabbitmq::SignalContent& content) {
  if (const auto* changes = std::get_if<rabbitmq::Changes>(&content)) {
    return check_all(changes->changes);
  }
  if (const auto* typings = std::get_if<rabbitmq::Typings>(&content)) {
    return check_all(typings->typings);
  }
  if (const auto* part = std::get_if<rabbitmq::SyncPart>(&content)) {
    return check_all(part->members);
  }
  return 2 * rabbitmq::kSignalHeadBound;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto signal =
      rabbitmq::decode_signal(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!signal) return 0;
  require(rabbitmq::is_node_id(signal->node), "a node's name is valid");
  const auto bytes = encode_signal(*signal);
  require(bytes.size() <= bound_of(signal->content), "no signal is larger than its bound");
  // Longer spellings of numbers are taken; its own spelling is the same ever after.
  const auto again = rabbitmq::decode_signal(bytes);
  require(again && encode_signal(*again) == bytes, "what was taken comes back");
  return 0;
}
