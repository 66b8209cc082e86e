#include "chat/base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace chat::base {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

[[noreturn]] void die(const char* why) noexcept {
  std::fputs(why, stderr);
  std::abort();
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view data) {
  std::array<std::uint8_t, 32> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr);
  if (done != 1 || size != digest.size()) die("chat: the crypto library has no SHA-256\n");
  return digest;
}

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view data) {
  std::array<std::uint8_t, 32> digest{};
  unsigned int size = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(data.data());
  const void* const done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes,
                                data.size(), digest.data(), &size);
  if (done == nullptr || size != digest.size()) die("chat: the crypto library has no HMAC\n");
  return digest;
}

std::string hex(const std::uint8_t* data, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[data[i] >> 4];
    text += kDigits[data[i] & 0xFU];
  }
  return text;
}

std::string base64url(const std::uint8_t* data, std::size_t size) {
  std::string text;
  text.reserve((size * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; i < size; ++i) {
    bits = (bits << 8) | data[i];
    for (held += 8; held >= 6; held -= 6) text += kAlphabet[(bits >> (held - 6)) & 0x3FU];
  }
  if (held > 0) text += kAlphabet[(bits << (6 - held)) & 0x3FU];
  return text;
}

void secure_random(std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::getrandom(bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) die("chat: the system gives no random bytes\n");
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
}

std::string random_token(std::size_t characters) {
  std::vector<std::uint8_t> bytes((characters * 6 + 7) / 8);
  secure_random(bytes.data(), bytes.size());
  std::string token = base64url(bytes.data(), bytes.size());
  token.resize(characters);
  return token;
}

std::uint64_t stable_hash(std::string_view data) noexcept {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : data) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

}  // namespace chat::base
