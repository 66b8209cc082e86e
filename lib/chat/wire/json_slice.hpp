#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace chat::wire {

/// The raw text of the value of top-level member `key` in `object`, the last one when repeated;
/// nullopt when there is none. `object` must be a JSON object already known to be valid; keys
/// written with escapes (`"mess\u0061ge"`) are compared by what they mean.
std::optional<std::string_view> slice_member(std::string_view object, std::string_view key);

}  // namespace chat::wire
