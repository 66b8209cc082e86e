#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chat::rabbitmq {

/// Appends `value` as LEB128: seven bits a byte, the low ones first.
inline void put_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}
/// Appends the length of `text` and the text.
inline void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

/// Reads what these wrote, and nothing that they would not have written: a number has one form
/// only, the shortest. After the first thing that does not fit, `ok` is false and all further ones
/// are 0 or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      const auto bits = static_cast<std::uint64_t>(byte & 0x7FU);
      const bool is_too_big = shift == 63 && bits > 1;
      const bool is_padding = shift > 0 && byte == 0;
      if (is_too_big || is_padding) break;
      value |= bits << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }

  std::string_view text(std::size_t most) {
    const auto size = number();
    if (size > most || size > bytes_.size()) {
      fail();
      return {};
    }
    const auto taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  /// All that is left.
  std::string_view rest() const noexcept { return bytes_; }

  void fail() noexcept {
    ok_ = false;
    bytes_ = {};
  }
  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace chat::rabbitmq
