#include "chat/rabbitmq/channels_topology.hpp"

#include <algorithm>

#include "chat/wire/names.hpp"

namespace chat::rabbitmq {
namespace {

constexpr std::string_view kGroupPrefix = "chat_";
constexpr std::size_t kMostGroupCharacters = 99;
constexpr std::size_t kMostRoomCharacters = kMostGroupCharacters - kGroupPrefix.size();
static_assert(kMostRoomCharacters == wire::kMaxRoomCharacters);

constexpr std::int64_t kMessageTtlMs = 60'000;
constexpr std::int64_t kQueueMessages = 10'000;
constexpr std::int64_t kQueueBytes = 64LL << 20;

bool is_word_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

ExchangeSpec channels_exchange_spec() {
  ExchangeSpec exchange;
  exchange.name = kChannelsExchange;
  return exchange;
}

std::string group_of(const base::RoomName& room) {
  return std::string(kGroupPrefix) + room.value();
}

std::optional<base::RoomName> room_of_group(std::string_view group) {
  if (group.substr(0, kGroupPrefix.size()) != kGroupPrefix) return std::nullopt;
  auto room = wire::parse_room_name(group.substr(kGroupPrefix.size()));
  if (!room || !problem_of_shared_room(*room).empty()) return std::nullopt;
  return std::move(*room);
}

std::string problem_of_shared_room(const base::RoomName& room) {
  const std::string& name = room.value();
  const bool is_shared = !name.empty() && name.size() <= kMostRoomCharacters &&
                         std::all_of(name.begin(), name.end(), is_word_character);
  if (is_shared) return {};
  return "rooms are shared with Django Channels here, so a room's name is 1 to " +
         std::to_string(kMostRoomCharacters) + " characters of A-Z a-z 0-9 _";
}

std::string channels_queue(std::string_view node) { return "chat.channels." + std::string(node); }

QueueSpec channels_queue_spec(std::string_view node) {
  QueueSpec queue;
  queue.name = channels_queue(node);
  queue.exclusive = true;
  queue.arguments.emplace_back("x-message-ttl", kMessageTtlMs);
  queue.arguments.emplace_back("x-max-length", kQueueMessages);
  queue.arguments.emplace_back("x-max-length-bytes", kQueueBytes);
  queue.arguments.emplace_back("x-overflow", std::string("drop-head"));
  return queue;
}

}  // namespace chat::rabbitmq
