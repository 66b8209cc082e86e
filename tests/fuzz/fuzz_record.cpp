// Whatever bytes are in a stream: they are no record, or one that encodes to the same bytes and
// whose entries could have come from a client.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "chat/rabbitmq/record.hpp"
#include "chat/wire/codec.hpp"
#include "chat/wire/limits.hpp"
#include "chat/wire/names.hpp"

namespace {

namespace rabbitmq = chat::rabbitmq;
namespace wire = chat::wire;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken law: %s\n", what);
  std::abort();
}

void check(const rabbitmq::Entry& entry) {
  const auto room = wire::parse_room_name(entry.room.value());
  require(room && *room == entry.room, "the room is a room");
  if (!entry.name.empty()) {
    const auto name = wire::parse_member_name(entry.name);
    require(name && *name == entry.name, "the name is a name");
  }
  require(entry.n < wire::kMaxInteger, "n is below 2^53");
  wire::Limits limits;
  limits.message_bytes = entry.body.size();
  const auto body = wire::decode_plain("{\"message\":" + entry.body + "}", limits);
  require(body && *body == entry.body, "the body is a message");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto record = rabbitmq::decode_record(bytes);
  if (!record) return 0;
  require(record->number > 0 && !record->node.empty(), "a node and a number");
  require(record->entries.size() <= rabbitmq::kMostEntries, "as many entries as there are seqs");
  require(record->is_hello() != record->proposal.value().empty(), "a hello has a proposal");
  require(record->is_hello() || wire::is_epoch(record->epoch.value()), "a batch has an epoch");
  for (const auto& entry : record->entries) check(entry);
  require(rabbitmq::encode_record(*record) == bytes, "one encoding");
  return 0;
}
