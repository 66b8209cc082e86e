#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::rabbitmq {

// MessagePack as Python's msgpack writes it (use_bin_type): the shortest form of each value, texts
// as str. Pure.

void pack_nil(std::string& out);
void pack_boolean(std::string& out, bool value);
void pack_natural(std::string& out, std::uint64_t value);
void pack_integer(std::string& out, std::int64_t value);
void pack_double(std::string& out, double value);
/// `text` must be UTF-8, of less than 4 GiB.
void pack_text(std::string& out, std::string_view text);
/// The heads of containers: `count` items, or keys each with its value, follow.
void pack_array(std::string& out, std::uint32_t count);
void pack_map(std::string& out, std::uint32_t count);

/// What a MsgpackReader found.
struct MsgpackItem {
  enum class Kind { nil, boolean, natural, negative, real, text, bytes, extension, array, map };
  Kind kind = Kind::nil;
  bool boolean = false;
  std::uint64_t natural = 0;  ///< of an integer that is not negative, whatever its form
  std::int64_t negative = 0;  ///< below 0
  double real = 0;            ///< NaN and infinities too
  std::string_view text;      ///< UTF-8; of bytes and extension: as they are
  std::uint32_t count = 0;    ///< of an array's items or a map's members, which follow
};

/// Reads values of any form from bytes of a stranger, one head after the other; never looks behind
/// them, allocates nothing. After the first mistake all is nil, and `problem` says what it was.
class MsgpackReader {
 public:
  explicit MsgpackReader(std::string_view bytes) noexcept : left_(bytes) {}

  MsgpackItem next();
  /// Passes over one value with all that is in it, however deep, and gives its bytes.
  std::string_view skip();

  bool good() const noexcept { return problem_ == nullptr; }
  bool at_end() const noexcept { return left_.empty(); }
  const char* problem() const noexcept { return problem_; }
  void fail(const char* problem) noexcept;

 private:
  std::string_view take(std::size_t size);
  std::uint64_t number(std::size_t bytes);
  MsgpackItem integer(std::size_t bytes);
  MsgpackItem real(std::size_t bytes);
  MsgpackItem text(std::size_t size);
  MsgpackItem blob(MsgpackItem::Kind kind, std::size_t size);
  MsgpackItem container(MsgpackItem::Kind kind, std::uint64_t count) const;

  std::string_view left_;
  const char* problem_ = nullptr;
};

}  // namespace chat::rabbitmq
