#include "chat/rabbitmq/record.hpp"

#include "chat/base/text.hpp"
#include "chat/rabbitmq/bytes.hpp"
#include "chat/rabbitmq/topology.hpp"
#include "chat/wire/json_members.hpp"
#include "chat/wire/limits.hpp"
#include "chat/wire/names.hpp"

namespace chat::rabbitmq {
namespace {

constexpr unsigned kIndexBits = 10;
static_assert(std::size_t{1} << kIndexBits == kMostEntries);
constexpr std::size_t kMostNodeBytes = 64;
constexpr std::size_t kMostEpochBytes = 32;
constexpr std::size_t kMostClientBytes = 64;
constexpr std::size_t kMostRoomBytes = 1024;
constexpr std::size_t kMostBodyBytes = 64U << 20;

bool is_epoch_or_none(std::string_view text) { return text.empty() || wire::is_epoch(text); }

/// What the node that wrote it has checked is checked again: others may write here too.
std::optional<Entry> read_entry(ByteReader& in) {
  Entry entry;
  const std::string_view room = in.text(kMostRoomBytes);
  entry.name = in.text(wire::kMaxNameBytes);
  entry.client = base::ClientId(std::string(in.text(kMostClientBytes)));
  entry.n = in.number();
  entry.at = static_cast<base::WallMs>(in.number());
  entry.body = in.text(kMostBodyBytes);
  if (!in.ok() || entry.n >= wire::kMaxInteger || !wire::is_message_value(entry.body)) {
    return std::nullopt;
  }
  if (entry.at < 0 || static_cast<std::uint64_t>(entry.at) >= wire::kMaxInteger)
    return std::nullopt;
  auto parsed_room = wire::parse_room_name(room);
  if (!parsed_room || parsed_room->value() != room) return std::nullopt;
  entry.room = std::move(*parsed_room);
  if (!entry.name.empty()) {
    const auto name = wire::parse_member_name(entry.name);
    if (!name || *name != entry.name) return std::nullopt;
  }
  if (!entry.client.value().empty() && !wire::is_epoch(entry.client.value())) return std::nullopt;
  return entry;
}

}  // namespace

base::Seq seq_of(std::int64_t offset, std::size_t index) noexcept {
  // Behind the record at 0 comes 1: nothing has seq 0.
  return base::Seq(((static_cast<std::uint64_t>(offset) + 1) << kIndexBits) | index);
}

std::string encode_record(const Record& record) {
  std::string out;
  put_number(out, kFormat);
  put_text(out, record.node);
  put_number(out, record.number);
  put_number(out, record.attempt);
  put_text(out, record.epoch.value());
  put_text(out, record.proposal.value());
  put_number(out, record.entries.size());
  for (const auto& entry : record.entries) {
    put_text(out, entry.room.value());
    put_text(out, entry.name);
    put_text(out, entry.client.value());
    put_number(out, entry.n);
    put_number(out, static_cast<std::uint64_t>(entry.at));
    put_text(out, entry.body);
  }
  return out;
}

std::optional<Record> decode_record(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.number() != kFormat) return std::nullopt;
  Record record;
  record.node = std::string(in.text(kMostNodeBytes));
  record.number = in.number();
  record.attempt = in.number();
  record.epoch = base::Epoch(std::string(in.text(kMostEpochBytes)));
  record.proposal = base::Epoch(std::string(in.text(kMostEpochBytes)));
  const auto count = in.number();
  if (!in.ok() || record.node.empty() || record.number == 0 || record.attempt == 0 ||
      count > kMostEntries || !is_epoch_or_none(record.epoch.value()) ||
      !is_epoch_or_none(record.proposal.value())) {
    return std::nullopt;
  }
  const bool is_hello = count == 0;
  if (is_hello == record.proposal.value().empty()) return std::nullopt;
  if (!is_hello && record.epoch.value().empty()) return std::nullopt;
  record.entries.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto entry = read_entry(in);
    if (!entry) return std::nullopt;
    record.entries.push_back(std::move(*entry));
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return record;
}

}  // namespace chat::rabbitmq
