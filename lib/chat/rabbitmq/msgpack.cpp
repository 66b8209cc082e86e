#include "chat/rabbitmq/msgpack.hpp"

#include <cstring>
#include <limits>

#include "chat/base/text.hpp"

namespace chat::rabbitmq {
namespace {

using Kind = MsgpackItem::Kind;

// The format's first bytes, https://github.com/msgpack/msgpack/blob/master/spec.md. Of forms that
// differ in the size of their number the smallest is named; the others follow it.
enum Head : std::uint8_t {
  kFixMap = 0x80,
  kFixArray = 0x90,
  kFixText = 0xA0,
  kNil = 0xC0,
  kFalse = 0xC2,
  kTrue = 0xC3,
  kBytes8 = 0xC4,
  kExtension8 = 0xC7,
  kFloat32 = 0xCA,
  kFloat64 = 0xCB,
  kNatural8 = 0xCC,
  kInteger8 = 0xD0,
  kFixExtension1 = 0xD4,
  kText8 = 0xD9,
  kArray16 = 0xDC,
  kMap16 = 0xDE,
  kNegativeFix = 0xE0,
};
constexpr std::uint64_t kMost8 = 0xFF;
constexpr std::uint64_t kMost16 = 0xFFFF;
constexpr std::uint64_t kMost32 = 0xFFFFFFFF;
constexpr std::int64_t kLeastFix = -32;

void put_byte(std::string& out, unsigned byte) { out += static_cast<char>(byte); }

/// The low `bytes` bytes of `value`, the highest first.
void put_bytes(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t left = bytes; left > 0; --left) {
    put_byte(out, static_cast<unsigned>(value >> (8 * (left - 1))) & 0xFFU);
  }
}

/// `head`, or one of those that follow it, and `value` in 2^(their distance) bytes.
void put_sized(std::string& out, unsigned head, unsigned power, std::uint64_t value) {
  put_byte(out, head + power);
  put_bytes(out, value, std::size_t{1} << power);
}

/// How many bytes a number up to `value` needs, as a power of 2.
unsigned power_for(std::uint64_t value) noexcept {
  if (value <= kMost8) return 0;
  if (value <= kMost16) return 1;
  return value <= kMost32 ? 2 : 3;
}

/// An array's or a map's head: there is none with one byte for the count.
void put_count(std::string& out, unsigned fix, unsigned head16, std::uint32_t count) {
  if (count < 16) return put_byte(out, fix | count);
  const bool is_short = count <= kMost16;
  put_byte(out, is_short ? head16 : head16 + 1);
  put_bytes(out, count, is_short ? 2 : 4);
}

MsgpackItem natural(std::uint64_t value) {
  MsgpackItem item;
  item.kind = Kind::natural;
  item.natural = value;
  return item;
}

MsgpackItem boolean(bool value) {
  MsgpackItem item;
  item.kind = Kind::boolean;
  item.boolean = value;
  return item;
}

/// The number whose last `bytes` bytes, in two's complement, are `value`.
MsgpackItem signed_item(std::uint64_t value, std::size_t bytes) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes);
  const auto number = static_cast<std::int64_t>(value << unused) >> unused;
  if (number >= 0) return natural(static_cast<std::uint64_t>(number));
  MsgpackItem item;
  item.kind = Kind::negative;
  item.negative = number;
  return item;
}

}  // namespace

// ---- out

void pack_nil(std::string& out) { put_byte(out, kNil); }

void pack_boolean(std::string& out, bool value) { put_byte(out, value ? kTrue : kFalse); }

void pack_natural(std::string& out, std::uint64_t value) {
  if (value < kFixMap) return put_byte(out, static_cast<unsigned>(value));
  put_sized(out, kNatural8, power_for(value), value);
}

void pack_integer(std::string& out, std::int64_t value) {
  if (value >= 0) return pack_natural(out, static_cast<std::uint64_t>(value));
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= kLeastFix) return put_byte(out, static_cast<unsigned>(bits & kMost8));
  // One more bit than the magnitude is needed, for the sign.
  put_sized(out, kInteger8, power_for(~bits << 1), bits);
}

void pack_double(std::string& out, double value) {
  static_assert(sizeof(double) == 8 && std::numeric_limits<double>::is_iec559);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  put_byte(out, kFloat64);
  put_bytes(out, bits, sizeof bits);
}

void pack_text(std::string& out, std::string_view text) {
  if (text.size() < 32) {
    put_byte(out, kFixText | static_cast<unsigned>(text.size()));
  } else {
    put_sized(out, kText8, power_for(text.size()), text.size());
  }
  out += text;
}

void pack_array(std::string& out, std::uint32_t count) {
  put_count(out, kFixArray, kArray16, count);
}

void pack_map(std::string& out, std::uint32_t count) { put_count(out, kFixMap, kMap16, count); }

// ---- in

void MsgpackReader::fail(const char* problem) noexcept {
  if (problem_ == nullptr) problem_ = problem;
  left_ = {};
}

MsgpackItem MsgpackReader::next() {
  const auto first = take(1);
  if (first.empty()) return {};
  const auto head = static_cast<unsigned char>(first.front());
  const auto size_of = [](unsigned power) { return std::size_t{1} << power; };
  if (head < kFixMap) return natural(head);
  if (head < kFixArray) return container(Kind::map, head & 0x0FU);
  if (head < kFixText) return container(Kind::array, head & 0x0FU);
  if (head < kNil) return text(head & 0x1FU);
  if (head >= kNegativeFix) return signed_item(head, 1);
  if (head >= kMap16) return container(Kind::map, number(head == kMap16 ? 2 : 4));
  if (head >= kArray16) return container(Kind::array, number(head == kArray16 ? 2 : 4));
  if (head >= kText8) return text(static_cast<std::size_t>(number(size_of(head - kText8))));
  if (head >= kFixExtension1) return blob(Kind::extension, 1 + size_of(head - kFixExtension1));
  if (head >= kInteger8) return integer(size_of(head - kInteger8));
  if (head >= kNatural8) return natural(number(size_of(head - kNatural8)));
  if (head >= kFloat32) return real(head == kFloat32 ? 4 : 8);
  if (head >= kExtension8) {
    return blob(Kind::extension, 1 + static_cast<std::size_t>(number(size_of(head - kExtension8))));
  }
  if (head >= kBytes8) {
    return blob(Kind::bytes, static_cast<std::size_t>(number(size_of(head - kBytes8))));
  }
  if (head >= kFalse) return boolean(head == kTrue);
  if (head != kNil) fail("a byte begins no value");
  return {};
}

std::string_view MsgpackReader::skip() {
  const auto from = left_;
  for (std::uint64_t values = 1; values > 0 && good(); --values) {
    const auto item = next();
    // Each of the values takes a byte at least: no sum of theirs overflows before they end.
    values += item.kind == Kind::map ? std::uint64_t{2} * item.count : item.count;
  }
  return good() ? from.substr(0, from.size() - left_.size()) : std::string_view();
}

std::string_view MsgpackReader::take(std::size_t size) {
  if (size > left_.size()) fail("it is cut off");
  if (!good()) return {};
  const auto taken = left_.substr(0, size);
  left_.remove_prefix(size);
  return taken;
}

std::uint64_t MsgpackReader::number(std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char byte : take(bytes)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

MsgpackItem MsgpackReader::integer(std::size_t bytes) { return signed_item(number(bytes), bytes); }

MsgpackItem MsgpackReader::real(std::size_t bytes) {
  MsgpackItem item;
  item.kind = Kind::real;
  const std::uint64_t bits = number(bytes);
  if (bytes == sizeof(float)) {
    const auto short_bits = static_cast<std::uint32_t>(bits);
    float value = 0;
    std::memcpy(&value, &short_bits, sizeof value);
    item.real = static_cast<double>(value);
  } else {
    std::memcpy(&item.real, &bits, sizeof item.real);
  }
  return item;
}

MsgpackItem MsgpackReader::text(std::size_t size) {
  auto item = blob(Kind::text, size);
  if (!base::is_utf8(item.text)) fail("a text is not UTF-8");
  return good() ? item : MsgpackItem();
}

MsgpackItem MsgpackReader::blob(Kind kind, std::size_t size) {
  MsgpackItem item;
  item.kind = kind;
  item.text = take(size);
  return good() ? item : MsgpackItem();
}

MsgpackItem MsgpackReader::container(Kind kind, std::uint64_t count) const {
  MsgpackItem item;
  item.kind = kind;
  item.count = static_cast<std::uint32_t>(count);
  return good() ? item : MsgpackItem();
}

}  // namespace chat::rabbitmq
