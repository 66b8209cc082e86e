#pragma once

#include <string>
#include <string_view>

namespace chat::tools {

/// `text` as a JSON string (RFC 8259), quotes included. Bytes that are no UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

}  // namespace chat::tools
