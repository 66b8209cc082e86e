#pragma once

#include <string>
#include <vector>

namespace chat::tools {

/// Lines with columns that stand below each other; the first is the heading.
std::string table_of(const std::vector<std::vector<std::string>>& rows);

}  // namespace chat::tools
