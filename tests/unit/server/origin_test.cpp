#include "chat/server/origin.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using chat::server::origin_allowed;

namespace {

bool allowed(const std::string& host, const std::string& origin,
             const std::vector<std::string>& named = {}) {
  CAPTURE(host, origin);
  chat::transport::HttpRequest request;
  request.headers = {{"host", host}, {"origin", origin}};
  return origin_allowed(request, named);
}

}  // namespace

TEST_CASE("origin: who sends none is no browser", "[server][origin]") {
  chat::transport::HttpRequest request;
  request.headers = {{"host", "chat.test"}};
  CHECK(origin_allowed(request, {}));
  CHECK(origin_allowed(request, {"https://friend.test"}));
}

TEST_CASE("origin: the server's own pages pass", "[server][origin]") {
  const auto [host, origin] = GENERATE(table<std::string, std::string>({
      {"chat.test", "http://chat.test"},
      {"chat.test", "https://chat.test"},
      {"Chat.Test", "HTTP://cHAT.tEST"},
      {"chat.test:80", "http://chat.test"},
      {"chat.test", "http://chat.test:80"},
      {"chat.test:443", "https://chat.test"},
      {"chat.test", "https://chat.test:443"},
      {"chat.test:8000", "http://chat.test:8000"},
      {"[::1]:8000", "http://[::1]:8000"},
      {"[::1]", "http://[::1]:80"},
      {"127.0.0.1:8000", "http://127.0.0.1:8000"},
  }));
  CHECK(allowed(host, origin));
}

TEST_CASE("origin: pages of anywhere else do not", "[server][origin]") {
  const auto [host, origin] = GENERATE(table<std::string, std::string>({
      {"chat.test", "http://evil.test"},
      {"chat.test", "http://chat.test.evil.test"},
      {"chat.test", "http://evil-chat.test"},
      {"chat.test", "http://chat.test@evil.test"},
      {"chat.test", "http://evil.test/chat.test"},
      {"chat.test", "http://chat.test/"},
      {"chat.test", "http://chat.test:8080"},
      {"chat.test", "https://chat.test:80"},
      {"chat.test", "http://chat.test:443"},
      {"chat.test:443", "http://chat.test"},
      {"chat.test:8000", "http://chat.test"},
      {"chat.test", "ftp://chat.test"},
      {"chat.test", "chrome-extension://chat.test"},
      {"chat.test", "file://"},
      {"chat.test", "null"},
      {"chat.test", "chat.test"},
      {"chat.test", "//chat.test"},
      {"chat.test", ""},
      {"", "http://"},
      {"", "http://chat.test"},
  }));
  CHECK_FALSE(allowed(host, origin));
}

TEST_CASE("origin: others can be named, as a whole", "[server][origin]") {
  const std::vector<std::string> named = {"https://friend.test", "http://other.test:81"};
  CHECK(allowed("chat.test", "https://friend.test", named));
  CHECK(allowed("chat.test", "https://FRIEND.test", named));
  CHECK(allowed("chat.test", "http://other.test:81", named));
  CHECK(allowed("chat.test", "http://chat.test", named));
  CHECK_FALSE(allowed("chat.test", "http://friend.test", named));
  CHECK_FALSE(allowed("chat.test", "https://www.friend.test", named));
  CHECK_FALSE(allowed("chat.test", "https://friend.test.evil.test", named));
  CHECK_FALSE(allowed("chat.test", "http://other.test", named));
  CHECK_FALSE(allowed("chat.test", "null", named));
}

TEST_CASE("origin: a named one may have its scheme's default port or not", "[server][origin]") {
  const std::vector<std::string> named = {"https://a.test:443", "http://b.test", "app://c.test:80"};
  CHECK(allowed("chat.test", "https://a.test", named));
  CHECK(allowed("chat.test", "https://a.test:443", named));
  CHECK(allowed("chat.test", "http://b.test:80", named));
  CHECK(allowed("chat.test", "app://c.test:80", named));
  CHECK_FALSE(allowed("chat.test", "https://a.test:80", named));
  CHECK_FALSE(allowed("chat.test", "http://b.test:443", named));
  CHECK_FALSE(allowed("chat.test", "app://c.test", named));
}

TEST_CASE("origin: a star lets everybody in, a named null the sandboxes", "[server][origin]") {
  CHECK(allowed("chat.test", "http://evil.test", {"*"}));
  CHECK(allowed("chat.test", "null", {"*"}));
  CHECK(allowed("chat.test", "null", {"null"}));
  CHECK_FALSE(allowed("chat.test", "http://evil.test", {"null"}));
}
