#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "chat/bench/mark.hpp"

namespace chat::bench {

/// How long the texts of a test are, in bytes, as it is written:
///
///   100            all alike
///   100..1000      any size from the one to the other, each as often
///   exp:200        many short ones and few long ones: exponential behind the mark, 200 on the
///                  average; what would be longer than kMost has kMost
///   100*9,4000*1   nine times 100 for each 4000; `*1` may be left out
///
/// A size is from kLeast to kMost, a weight from 1 to kMaxWeight. Thread: any.
class Payload {
 public:
  static constexpr std::size_t kLeast = kMarkBytes;
  static constexpr std::size_t kMost = 60'000;
  static constexpr std::uint32_t kMaxWeight = 1'000'000;

  /// What is wrong, for people, when it cannot be read.
  static tl::expected<Payload, std::string> parse(std::string_view text);

  /// Of the next text. The same random numbers give the same sizes, on any machine.
  std::size_t size(std::mt19937_64& random) const;
  /// No size is above it.
  std::size_t most() const noexcept { return most_; }
  /// Of all sizes, as often as they are to be expected.
  double mean() const noexcept;
  /// As it was written, in one way of several: without needless zeros, with each weight of a list.
  /// Read again it is the same.
  std::string text() const;

 private:
  enum class Kind : std::uint8_t { uniform, exponential, list };
  struct Part {
    std::size_t size;
    std::uint32_t weight;
  };

  static Payload uniform(std::size_t least, std::size_t most);
  static tl::expected<Payload, std::string> parse_range(std::string_view least,
                                                        std::string_view most);
  static tl::expected<Payload, std::string> parse_exponential(std::string_view mean);
  static tl::expected<Payload, std::string> parse_list(std::string_view text);
  static tl::expected<Part, std::string> parse_part(std::string_view text);
  std::size_t of_list(std::uint64_t turn) const noexcept;

  Kind kind_ = Kind::uniform;
  std::size_t least_ = kLeast;
  std::size_t most_ = kLeast;
  std::size_t behind_ = 0;     // exponential: the mean of what is behind the mark
  std::vector<Part> parts_;    // list
  std::uint64_t weights_ = 0;  // list: their sum
};

}  // namespace chat::bench
