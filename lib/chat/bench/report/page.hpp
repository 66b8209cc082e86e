#pragma once

#include <string>
#include <string_view>

namespace chat::bench {

/// A whole HTML page around `body`: no script, nothing from outside, and a policy that forbids
/// both. `title` is a text, `body` HTML.
std::string html_page(std::string_view title, std::string_view body);

/// The styles of such a page, as CSS.
extern const std::string_view kPageStyle;

}  // namespace chat::bench
