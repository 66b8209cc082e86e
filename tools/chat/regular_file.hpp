#pragma once

#include <cstddef>
#include <string>

namespace chat::tools {

// For files that are read whole: a device never ends, a FIFO may never begin.

/// Empty when the open file is a regular one of at most `most_bytes`, else what it is, in words
/// that go behind its name: "is no regular file".
std::string problem_of_file(int descriptor, std::size_t most_bytes);

/// The same of a file that must be there and be readable; waits for nothing.
std::string problem_of_file(const std::string& path, std::size_t most_bytes);

/// Empty when `path` is empty or a file that certificates can be read from, else what is wrong with
/// --ca-file.
std::string problem_of_ca_file(const std::string& path);

}  // namespace chat::tools
