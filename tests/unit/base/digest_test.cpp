#include "chat/base/digest.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <tuple>

using namespace chat::base;

namespace {

std::string hex(const std::array<std::uint8_t, 32>& digest) {
  return chat::base::hex(digest.data(), digest.size());
}

std::string encoded(std::string_view data) {
  return base64url(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
}

}  // namespace

TEST_CASE("digest: SHA-256 gives the examples of FIPS 180-4", "[base][digest]") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("digest: HMAC-SHA-256 gives the examples of RFC 4231", "[base][digest]") {
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256(std::string(131, '\xaa'),
                        "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("digest: base64url gives the examples of RFC 4648, without padding", "[base][digest]") {
  const auto [data, text] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"f", "Zg"},
      {"fo", "Zm8"},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg"},
      {"fooba", "Zm9vYmE"},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff\xbf", "-_-_"},
  }));
  CHECK(encoded(data) == text);
}

TEST_CASE("digest: tokens have the length asked for, and differ", "[base][digest]") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_token(22));
  CHECK(seen.size() == 100);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  for (const std::string& token : seen) {
    CHECK(token.size() == 22);
    CHECK(std::all_of(token.begin(), token.end(), allowed));
  }
  for (std::size_t length = 0; length < 9; ++length) CHECK(random_token(length).size() == length);
}

TEST_CASE("digest: random bytes fill all that was asked for", "[base][digest]") {
  // Each of 64 bytes is zero in 8 draws running with probability 2^-64.
  std::array<std::uint8_t, 64> seen{};
  for (int draw = 0; draw < 8; ++draw) {
    std::array<std::uint8_t, 64> bytes{};
    secure_random(bytes.data(), bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      seen[i] = static_cast<std::uint8_t>(seen[i] | bytes[i]);
    }
  }
  CHECK(std::count(seen.begin(), seen.end(), std::uint8_t{0}) == 0);
}

TEST_CASE("digest: the stable hash is FNV-1a, on every node", "[base][digest]") {
  CHECK(stable_hash("") == 0xcbf29ce484222325ULL);
  CHECK(stable_hash("a") == 0xaf63dc4c8601ec8cULL);
  CHECK(stable_hash("foobar") == 0x85944171f73967e8ULL);
  CHECK(stable_hash("\xff") != stable_hash("\x7f"));
}
