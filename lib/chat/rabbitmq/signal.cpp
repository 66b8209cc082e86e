#include "chat/rabbitmq/signal.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "chat/wire/limits.hpp"
#include "chat/wire/names.hpp"

namespace chat::rabbitmq {
namespace {

constexpr std::string_view kMagic = "CS";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxVarint = 10;
constexpr std::size_t kMaxNodeBytes = 64;
constexpr std::size_t kMaxRoomBytes = 1024;  // more than 94 characters have

enum class Kind : std::uint8_t { beat, bye, changes, typings, sync_request, sync_part };
enum Flag : std::uint8_t { kFirst = 1, kLast = 2 };

// ---- bytes out

class Writer {
 public:
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) byte(static_cast<std::uint8_t>(value | 0x80U));
    byte(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {
    number(value.size());
    out_ += value;
  }
  void raw(std::string_view value) { out_ += value; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Writes runs of items of one room as (room, how many, each).
template <class Item, class Write>
void write_by_rooms(Writer& out, const std::vector<Item>& items, Write write) {
  for (auto first = items.begin(); first != items.end();) {
    const auto end = std::find_if(first, items.end(),
                                  [&](const Item& item) { return item.room != first->room; });
    out.text(first->room.value());
    out.number(static_cast<std::uint64_t>(end - first));
    for (; first != end; ++first) write(*first);
  }
}

void write_changes(Writer& out, const std::vector<broker::MemberChange>& changes) {
  write_by_rooms(out, changes, [&out](const broker::MemberChange& change) {
    out.number(change.key.value());
    out.text(change.name);
    if (!change.name.empty()) out.number(static_cast<std::uint64_t>(change.claimed_at));
  });
}

void write(Writer&, const Beat&) {}
void write(Writer&, const Bye&) {}
void write(Writer& out, const Changes& changes) { write_changes(out, changes.changes); }
void write(Writer& out, const Typings& typings) {
  write_by_rooms(out, typings.typings, [&out](const auto& one) { out.number(one.key.value()); });
}
void write(Writer& out, const SyncRequest& request) { out.text(request.node); }
void write(Writer& out, const SyncPart& part) {
  out.byte(static_cast<std::uint8_t>((part.first ? kFirst : 0) | (part.last ? kLast : 0)));
  write_changes(out, part.members);
}

// ---- bytes in

/// Reads what a Writer wrote. After the first mistake everything is empty, and `problem` says what
/// it was.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool good() const noexcept { return problem_ == nullptr; }
  bool at_end() const noexcept { return left_.empty() || !good(); }
  const char* problem() const noexcept { return problem_; }
  void fail(const char* problem) noexcept {
    if (problem_ == nullptr) problem_ = problem;
  }

  std::uint8_t byte() {
    const auto one = take(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && good(); shift += 7) {
      const auto part = byte();
      const std::uint64_t bits = part & 0x7FU;
      if ((bits << shift) >> shift != bits) break;
      value |= bits << shift;
      if ((part & 0x80U) == 0) return value;
    }
    fail("a number is too large");
    return 0;
  }
  std::string_view text(std::size_t most) {
    const auto size = number();
    if (size > most) fail("a text is too long");
    return take(good() ? static_cast<std::size_t>(size) : 0);
  }
  std::string_view take(std::size_t size) {
    if (size > left_.size()) fail("it is cut off");
    if (!good()) return {};
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view left_;
  const char* problem_ = nullptr;
};

std::string read_node(Reader& in) {
  const auto node = in.text(kMaxNodeBytes);
  if (!is_node_id(node)) in.fail("the node's name is invalid");
  return std::string(node);
}

base::RoomName read_room(Reader& in) {
  const auto text = in.text(kMaxRoomBytes);
  auto room = wire::parse_room_name(text);
  if (room && room->value() == text) return std::move(*room);
  in.fail("a room's name is invalid");
  return {};
}

/// A member's name, or nothing where it has left.
std::string read_name(Reader& in) {
  const auto text = in.text(wire::kMaxNameBytes);
  if (text.empty()) return {};
  auto name = wire::parse_member_name(text);
  if (name && *name == text) return std::move(*name);
  in.fail("a member's name is invalid");
  return {};
}

base::WallMs read_time(Reader& in) {
  const auto time = in.number();
  if (time >= wire::kMaxInteger) in.fail("a time is out of range");
  return in.good() ? static_cast<base::WallMs>(time) : 0;
}

template <class Read>
void read_by_rooms(Reader& in, Read read) {
  while (!in.at_end()) {
    const auto room = read_room(in);
    const auto count = in.number();
    if (count == 0) in.fail("a room has nothing");
    for (std::uint64_t i = 0; i < count && in.good(); ++i) read(room);
  }
}

std::vector<broker::MemberChange> read_changes(Reader& in) {
  std::vector<broker::MemberChange> changes;
  read_by_rooms(in, [&](const base::RoomName& room) {
    broker::MemberChange change;
    change.room = room;
    change.key = base::MemberKey(in.number());
    change.name = read_name(in);
    if (!change.name.empty()) change.claimed_at = read_time(in);
    changes.push_back(std::move(change));
  });
  return changes;
}

Typings read_typings(Reader& in) {
  Typings typings;
  read_by_rooms(in, [&](const base::RoomName& room) {
    typings.typings.push_back({room, base::MemberKey(in.number())});
  });
  return typings;
}

SyncRequest read_sync_request(Reader& in) {
  const auto node = in.text(kMaxNodeBytes);
  if (!node.empty() && !is_node_id(node)) in.fail("the node's name is invalid");
  return {std::string(node)};
}

SyncPart read_sync_part(Reader& in) {
  SyncPart part;
  const auto flags = in.byte();
  if (flags > (kFirst | kLast)) in.fail("a flag is unknown");
  part.first = (flags & kFirst) != 0;
  part.last = (flags & kLast) != 0;
  part.members = read_changes(in);
  for (const auto& member : part.members) {
    if (member.name.empty()) in.fail("a member has no name");
  }
  return part;
}

SignalContent read_content(Reader& in) {
  switch (Kind(in.byte())) {
    case Kind::beat: return Beat{};
    case Kind::bye: return Bye{};
    case Kind::changes: return Changes{read_changes(in)};
    case Kind::typings: return read_typings(in);
    case Kind::sync_request: return read_sync_request(in);
    case Kind::sync_part: return read_sync_part(in);
  }
  in.fail("its kind is unknown");
  return Beat{};
}

}  // namespace

bool is_node_id(std::string_view text) noexcept {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxNodeBytes &&
         std::all_of(text.begin(), text.end(), fits);
}

std::string encode_signal(const Signal& signal) {
  Writer out;
  out.raw(kMagic);
  out.byte(kVersion);
  out.text(signal.node);
  out.number(signal.incarnation);
  out.number(signal.counter);
  out.byte(static_cast<std::uint8_t>(signal.content.index()));
  std::visit([&out](const auto& content) { write(out, content); }, signal.content);
  return out.take();
}

wire::Result<Signal> decode_signal(std::string_view bytes) {
  Reader in(bytes);
  Signal signal;
  if (bytes.size() > kMaxSignalBytes) in.fail("it is too long");
  if (in.take(kMagic.size()) != kMagic) in.fail("it is no signal");
  if (in.byte() != kVersion) in.fail("its version is another one");
  signal.node = read_node(in);
  signal.incarnation = in.number();
  signal.counter = in.number();
  if (in.good()) signal.content = read_content(in);
  if (in.good() && !in.at_end()) in.fail("something follows its end");
  if (!in.good()) return wire::fail(wire::Code::bad_frame, in.problem());
  return signal;
}

std::size_t encoded_bound(const broker::MemberChange& change) noexcept {
  return change.room.value().size() + change.name.size() + 5 * kMaxVarint;
}

std::size_t encoded_bound(const broker::MemberTyping& typing) noexcept {
  return typing.room.value().size() + 3 * kMaxVarint;
}

}  // namespace chat::rabbitmq
