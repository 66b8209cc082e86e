#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "chat/wire/error.hpp"

namespace chat::rabbitmq {

// JSON values as MessagePack, as Python's json and msgpack would carry them: a number with a point
// or an exponent is a double, any other one an integer; objects keep their order; of a repeated key
// the last value stays, in the place of the first. Pure; values are nested at most
// wire::kMaxNesting - 1 deep, as messages of clients are.

/// Appends one JSON value. Fails with bad_json, and what cannot be carried, when `json` is none (so
/// also with a lone surrogate), is nested too deep, or has an integer outside [-2^63, 2^64) or a
/// number that no double can hold; `out` has then any more bytes.
wire::Result<void> pack_json(std::string& out, std::string_view json);

/// The JSON text, without spaces, of the one value that `bytes` are; of doubles the shortest that
/// is still a double ("1.0", "1e300"). Otherwise why there is none: bytes or extensions in it, keys
/// that are no texts, NaN or an infinity, nested too deep, more than `most` bytes of JSON, or it is
/// not MessagePack. What pack_json made of n bytes of JSON never gives more than 2 n.
tl::expected<std::string, const char*> json_of_msgpack(std::string_view bytes, std::size_t most);

}  // namespace chat::rabbitmq
