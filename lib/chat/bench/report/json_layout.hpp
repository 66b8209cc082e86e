#pragma once

#include <string>
#include <string_view>

namespace chat::bench {

/// Valid `json` without spaces between its tokens, with line breaks and spaces for people: what is
/// short stands on one line, longer lists of numbers are filled into lines. Ends with a line break.
/// Recurses as deep as the text does: for what the program wrote itself.
std::string json_for_people(std::string_view json);

}  // namespace chat::bench
