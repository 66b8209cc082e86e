#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::base {

/// SHA-256 of `data` (FIPS 180-4).
std::array<std::uint8_t, 32> sha256(std::string_view data);
/// HMAC of `data` with SHA-256 (RFC 2104).
std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view data);

/// Two digits a byte, small letters.
std::string hex(const std::uint8_t* data, std::size_t size);

/// RFC 4648 section 5 (URL-safe), without padding.
std::string base64url(const std::uint8_t* data, std::size_t size);

/// Fills `bytes` from the system's generator for secrets. Ends the process when there is none.
void secure_random(std::uint8_t* bytes, std::size_t size);

/// `characters` random characters of the base64url alphabet (6 bits each).
std::string random_token(std::size_t characters);

/// A stable 64-bit hash (FNV-1a, public domain, Fowler/Noll/Vo): the same on every node and build.
std::uint64_t stable_hash(std::string_view data) noexcept;

}  // namespace chat::base
