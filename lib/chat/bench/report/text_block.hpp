#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chat::bench {

constexpr std::size_t kTextColumns = 100;  ///< that a report of lines has

/// Lines with columns below each other, `indent` in front. `align` has a letter for each column:
/// 'l' or 'r'. Cells are one line each.
std::string table_text(const std::vector<std::vector<std::string>>& rows, std::string_view align,
                       std::size_t indent);

/// `text` broken at spaces into lines of at most kTextColumns columns, the first behind `first`,
/// the others behind as many spaces. A longer word has a line of its own.
std::string wrapped_text(std::string_view first, std::string_view text);

}  // namespace chat::bench
