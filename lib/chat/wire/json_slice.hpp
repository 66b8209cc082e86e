#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace chat::wire {

/// The raw text of the value of top-level member `key` in `object`, the last one when repeated;
/// nullopt when there is none. `object` must be a JSON object already known to be valid; keys
/// written with escapes (`"mess\u0061ge"`) are compared by what they mean.
std::optional<std::string_view> slice_member(std::string_view object, std::string_view key);

/// The raw texts of the items of `array`, which must be a JSON array already known to be valid.
std::vector<std::string_view> slice_items(std::string_view array);

}  // namespace chat::wire
