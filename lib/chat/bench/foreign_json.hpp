#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace chat::bench {

/// One JSON text of somebody else's server, read without expectations: what is missing, of another
/// kind than asked for, or nested deeper than 30, is empty; a text that is no JSON has nothing.
/// Thread: any; cheap to copy.
class ForeignJson {
 public:
  /// Member names, and indexes of arrays in digits: {"data", "0"}.
  using Path = std::initializer_list<std::string_view>;

  explicit ForeignJson(std::string_view text);

  bool is_object(Path path = {}) const;
  bool is_array(Path path = {}) const;
  /// True for `{}`.
  bool is_empty_object() const;
  /// A string.
  std::string text(Path path) const;
  /// An integer that is not negative; 0 otherwise.
  std::uint64_t natural(Path path) const;
  /// For people: a string as it is, anything else as JSON, nothing where there is nothing.
  std::string shown(Path path) const;
  /// The value at `path`; when that is a string, the JSON that is written in it.
  ForeignJson within(Path path) const;

 private:
  struct Value;
  explicit ForeignJson(std::shared_ptr<const Value> value);

  std::shared_ptr<const Value> value_;  // never null
};

}  // namespace chat::bench
