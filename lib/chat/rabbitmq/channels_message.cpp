#include "chat/rabbitmq/channels_message.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "chat/rabbitmq/channels_topology.hpp"
#include "chat/rabbitmq/signal.hpp"
#include "chat/wire/json_members.hpp"
#include "chat/wire/names.hpp"

namespace chat::rabbitmq {
namespace {

/// Keeps the order of keys; of a repeated one the last value stays, in the place of the first.
using Json = nlohmann::ordered_json;

constexpr const char* kType = "type";
constexpr const char* kMessage = "message";
constexpr const char* kGroup = "__asgi_group__";
constexpr const char* kChannel = "__asgi_channel__";
constexpr const char* kNode = "chat_node";
constexpr const char* kNumber = "chat_number";
constexpr const char* kName = "chat_name";
constexpr const char* kClient = "chat_client";
constexpr const char* kN = "chat_n";

constexpr const char* kChatMessage = "chat_message";
constexpr const char* kChatMessageWithPoint = "chat.message";  // calls the same of a consumer

constexpr std::size_t kMostBesideBody = 4096;  // of a message's bytes

/// Looks at a value before it is made: what it is made of may be a stranger's. Stops at what cannot
/// be carried, and before the library's reader, which calls itself, is called too deep.
class Look final : public nlohmann::json_sax<Json> {
 public:
  /// What is looked at: a client's message, or a map with one in it, whose other members may be
  /// anything. At most `most` values.
  enum class At : std::uint8_t { message, map };
  Look(At at, std::size_t most) : at_(at), most_(most) {}

  /// Empty, or what is wrong.
  const std::string& problem() const noexcept { return problem_; }

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t number, const string_t& written) override {
    if (is_in_message() && !std::isfinite(number)) {
      return stop("it has NaN or an infinity, which JSON has not");
    }
    // An integer that has become a double because nothing else holds it.
    if (!written.empty() && written.find_first_of(".eE") == string_t::npos) {
      return stop(
          "it has an integer outside of -2^63 to 2^64 - 1, which Django Channels cannot "
          "carry");
    }
    return count();
  }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override {
    return is_in_message() ? stop("it has bytes or an extension, which JSON has not") : count();
  }
  bool start_object(std::size_t) override { return deeper(); }
  bool key(string_t& key) override {
    if (depth_ == 1) is_message_next_ = key == kMessage;
    return true;
  }
  bool end_object() override { return higher(); }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override { return higher(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return stop("it is cut off, or no value");
  }

 private:
  bool is_in_message() const noexcept { return at_ == At::message || is_message_next_; }
  bool stop(const char* problem) {
    if (problem_.empty()) problem_ = problem;
    return false;
  }
  bool count() { return ++count_ <= most_ || stop("it is too large"); }
  bool deeper() {
    return ++depth_ <= wire::kMaxNesting ? count()
                                         : stop("its arrays and maps are nested too deep");
  }
  bool higher() {
    --depth_;
    return true;
  }

  const At at_;
  const std::size_t most_;
  int depth_ = 0;
  bool is_message_next_ = false;
  std::size_t count_ = 0;
  std::string problem_;
};

// ---- out

/// A client's JSON as a value; its text has been looked at when it came in, but for integers.
wire::Result<Json> value_of(const std::string& json) {
  Look look(Look::At::message, json.size() + 1);
  Json::sax_parse(json, &look);
  if (!look.problem().empty()) {
    const bool is_integer = look.problem().find("integer") != std::string::npos;
    return wire::fail(wire::Code::bad_json,
                      is_integer ? look.problem() : "it is no JSON value that can be carried");
  }
  return Json::parse(json, nullptr, false);
}

// ---- in

std::string text_in(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t natural_in(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// Takes over what only we write, as far as we would have written it so: others may write here.
void take_own(ChannelsMessage& message, const Json& map) {
  if (auto node = text_in(map, kNode); is_node_id(node)) message.node = std::move(node);
  message.number = natural_in(map, kNumber);
  const auto name = text_in(map, kName);
  if (const auto parsed = wire::parse_member_name(name); parsed && *parsed == name) {
    message.name = name;
  }
  if (auto client = text_in(map, kClient); wire::is_epoch(client)) {
    message.client = base::ClientId(std::move(client));
  }
  if (const auto n = natural_in(map, kN); n < wire::kMaxInteger) message.n = n;
}

/// The JSON of a value of a stranger; nullopt when a text in it is not UTF-8.
std::optional<std::string> json_of(const Json& value) {
  try {
    return value.dump();
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

wire::Result<std::string> encode_channels(const ChannelsMessage& message) {
  if (auto problem = problem_of_shared_room(message.room); !problem.empty()) {
    return wire::fail(wire::Code::bad_room, std::move(problem));
  }
  auto value = value_of(message.body);
  if (!value) return tl::unexpected(value.error());
  Json map;
  map[kType] = kChatMessage;
  map[kMessage] = std::move(*value);
  map[kGroup] = group_of(message.room);
  if (!message.node.empty()) map[kNode] = message.node;
  if (message.number > 0) map[kNumber] = message.number;
  if (!message.name.empty()) map[kName] = message.name;
  if (!message.client.value().empty()) map[kClient] = message.client.value();
  if (message.n > 0) map[kN] = message.n;
  std::string bytes;
  Json::to_msgpack(map, bytes);
  return bytes;
}

tl::expected<ChannelsMessage, std::string> decode_channels(std::string_view bytes,
                                                           const wire::Limits& limits) {
  const auto skipped = [](std::string why) { return tl::unexpected<std::string>(std::move(why)); };
  const std::size_t most = most_channels_body(limits);
  if (bytes.size() > most + kMostBesideBody) return skipped("it is too large");
  Look look(Look::At::map, most);
  Json::sax_parse(bytes, &look, Json::input_format_t::msgpack);
  if (!look.problem().empty()) return skipped(look.problem());
  const Json map = Json::from_msgpack(bytes, true, false);
  if (!map.is_object()) return skipped("it is no map");
  const auto type = text_in(map, kType);
  if (type != kChatMessage && type != kChatMessageWithPoint) {
    return skipped("its type is another one than chat_message");
  }
  const auto group = map.find(kGroup);
  if (group == map.end() || !group->is_string() || map.contains(kChannel)) {
    return skipped("it is for no group");
  }
  auto room = room_of_group(group->get_ref<const std::string&>());
  if (!room) return skipped("its group is no room");
  const auto value = map.find(kMessage);
  if (value == map.end()) return skipped("it has no message");
  auto body = json_of(*value);
  if (!body) return skipped("a text is not UTF-8");
  if (body->size() > most) return skipped("it is too large");
  if (!wire::is_message_value(*body)) return skipped("it is nothing that a client could have sent");
  ChannelsMessage message;
  message.room = std::move(*room);
  message.body = std::move(*body);
  take_own(message, map);
  return message;
}

}  // namespace chat::rabbitmq
