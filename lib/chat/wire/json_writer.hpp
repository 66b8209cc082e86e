#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chat::wire {

/// Writes one JSON text, piece by piece.
class JsonWriter {
 public:
  explicit JsonWriter(std::size_t expected_bytes) { out_.reserve(expected_bytes); }

  std::string take() noexcept { return std::move(out_); }

  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json) {
    out_.append(json);
    return *this;
  }

  JsonWriter& string(std::string_view text) {
    out_ += '"';
    std::size_t written = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (is_plain(text[i])) continue;
      out_.append(text.substr(written, i - written));
      escape(text[i]);
      written = i + 1;
    }
    out_.append(text.substr(written));
    out_ += '"';
    return *this;
  }

  template <class Number>
  JsonWriter& number(Number value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
    return *this;
  }

  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }

  /// `items` with commas between, each written by `write(item)`.
  template <class Items, class Write>
  JsonWriter& list(const Items& items, Write write) {
    out_ += '[';
    bool first = true;
    for (const auto& item : items) {
      if (!std::exchange(first, false)) out_ += ',';
      write(item);
    }
    out_ += ']';
    return *this;
  }

  JsonWriter& strings(const std::vector<std::string>& items) {
    return list(items, [this](const std::string& item) { string(item); });
  }

 private:
  static constexpr bool is_plain(char c) noexcept {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
  }

  void escape(char c) {
    constexpr char kHex[] = "0123456789abcdef";
    switch (c) {
      case '"': raw("\\\""); break;
      case '\\': raw("\\\\"); break;
      case '\b': raw("\\b"); break;
      case '\f': raw("\\f"); break;
      case '\n': raw("\\n"); break;
      case '\r': raw("\\r"); break;
      case '\t': raw("\\t"); break;
      default:
        raw("\\u00");
        out_ += kHex[static_cast<unsigned char>(c) >> 4];
        out_ += kHex[static_cast<unsigned char>(c) & 0xFU];
    }
  }

  std::string out_;
};

}  // namespace chat::wire
