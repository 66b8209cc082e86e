// The codec of Channels messages for the tests in Python: one answer for each line.
//   encode HEX   the JSON of a message in the room qq -> its bytes in HEX, or "! " and why not
//   decode HEX   bytes -> "ROOM HEX" of its JSON, or "! " and why not

#include <iostream>
#include <string>
#include <string_view>

#include "chat/rabbitmq/channels_message.hpp"
#include "unit/rabbitmq/msgpack_bytes.hpp"

namespace {

namespace rabbitmq = chat::rabbitmq;
using chat::tests::from_hex;
using chat::tests::to_hex;

std::string encode(const std::string& json) {
  rabbitmq::ChannelsMessage message;
  message.room = chat::base::RoomName("qq");
  message.body = json;
  const auto bytes = rabbitmq::encode_channels(message);
  return bytes ? to_hex(*bytes) : "! " + bytes.error().detail;
}

std::string decode(const std::string& bytes) {
  const auto message = rabbitmq::decode_channels(bytes);
  return message ? message->room.value() + " " + to_hex(message->body) : "! " + message.error();
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto space = line.find(' ');
    const std::string verb = line.substr(0, space);
    const std::string bytes =
        space == std::string::npos ? std::string() : from_hex(std::string_view(line).substr(space));
    if (verb != "encode" && verb != "decode") return 2;
    std::cout << (verb == "encode" ? encode(bytes) : decode(bytes)) << '\n';
  }
  return 0;
}
