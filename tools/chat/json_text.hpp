#pragma once

#include <string>
#include <string_view>

namespace chat::tools {

/// `text` as a JSON string (RFC 8259), quotes included. What base::has_unprintable names (control
/// and format characters, line separators) becomes \uXXXX. Bytes that are no UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

/// The same value as valid `json`, on one line: line breaks between its tokens become spaces, and
/// its strings have \uXXXX for what json_text has it. All else is as it was written.
std::string json_line_of(std::string_view json);

}  // namespace chat::tools
