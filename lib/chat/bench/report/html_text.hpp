#pragma once

#include <string>
#include <string_view>

namespace chat::bench {

/// `text` as the text of an element or of a quoted attribute: no markup comes of it, and control
/// characters and bidirectional controls are visible.
std::string html_text(std::string_view text);

/// The same, kept apart from the direction of what stands around it.
std::string html_name(std::string_view text);

}  // namespace chat::bench
