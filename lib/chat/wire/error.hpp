#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "chat/wire/codes.hpp"

namespace chat::wire {

/// An expected failure: which row of the table, and what exactly here. Never holds a secret.
struct Error {
  Code code = Code::internal;
  std::string detail;                  ///< what, where; empty = the table's text says it all
  std::optional<std::uint64_t> n;      ///< the client's counter it answers
  std::optional<std::uint64_t> limit;  ///< the limit that was passed
  std::optional<std::uint64_t> retry_after_ms;

  /// detail, or the table's text where there is none.
  std::string text() const;
};

/// A value or an expected failure. Exceptions stay inside the edge of a third-party call.
template <class T>
using Result = tl::expected<T, Error>;

/// The error of a code, and what exactly here; `fail` is the same as a failed Result.
inline Error error_of(Code code, std::string detail = {}) {
  Error error;
  error.code = code;
  error.detail = std::move(detail);
  return error;
}
inline tl::unexpected<Error> fail(Code code, std::string detail = {}) {
  return tl::unexpected<Error>(error_of(code, std::move(detail)));
}

}  // namespace chat::wire
