#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace chat::bench {

/// All of a file, as those of /proc are read: in one go, whatever size it says it has. Fails with
/// errno.
tl::expected<std::string, int> read_file(const std::string& path);
/// The whole number behind "KEY:" and white space, where KEY begins a line; nullopt when there is
/// none. Pure.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key);

}  // namespace chat::bench
