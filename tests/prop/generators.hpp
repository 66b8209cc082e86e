#pragma once

#include <rapidcheck.h>
#include <cstdint>
#include <string>
#include <vector>

namespace chat::prop {

/// Any bytes.
rc::Gen<std::string> bytes();
/// Any text in UTF-8, with what is troublesome (controls, marks, quotes, emoji) more often.
rc::Gen<std::string> text();
/// Characters of [A-Za-z0-9_-].
rc::Gen<std::string> token(std::size_t least, std::size_t most);
/// One JSON value as somebody might write it: any spacing, escapes, numbers and repeated keys;
/// nested at most `depth` deep.
rc::Gen<std::string> json_value(int depth = 4);
/// A frame with a message, in half of the cases with one byte changed, put in or taken out, or cut.
rc::Gen<std::string> nearly_json();

}  // namespace chat::prop
