#pragma once

#include <string>
#include <tl/expected.hpp>

namespace chat::tools {

/// The first line of a file, or of stdin for "-" (without echo on a terminal). Fails, in words,
/// when it cannot be read, is empty, has more than 1024 bytes or a NUL. No text holds the password.
/// `secret`: what it is, for messages: "password", "token".
tl::expected<std::string, std::string> read_password(const std::string& file,
                                                     const std::string& secret = "password");

/// Makes a file of mode 600 with one line; never writes to one that is there. Fails in words.
tl::expected<void, std::string> write_password(const std::string& file,
                                               const std::string& password);

}  // namespace chat::tools
