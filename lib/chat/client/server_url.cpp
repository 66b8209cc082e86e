#include "chat/client/server_url.hpp"

#include <charconv>
#include <optional>

#include "chat/base/text.hpp"

namespace chat::client {
namespace {

struct Scheme {
  std::string_view name;
  bool tls;
};
constexpr Scheme kSchemes[] = {{"ws", false}, {"wss", true}, {"http", false}, {"https", true}};

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc() || stopped != end || port == 0) return std::nullopt;
  return port;
}

/// `url` is shown up to where a secret could begin.
tl::unexpected<wire::Error> wrong(std::string_view url, const std::string& what) {
  const bool may_have_password = url.find('@') != std::string_view::npos;
  const auto shown =
      may_have_password ? std::string_view() : url.substr(0, url.find_first_of("?#"));
  return wire::fail(wire::Code::bad_request,
                    "the server's URL " +
                        (shown.empty() ? "" : "\"" + base::escape_for_log(shown, 200) + "\" ") +
                        what + "; write ws://HOST:PORT or wss://HOST");
}

bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_host(std::string_view host, bool is_v6) noexcept {
  for (const char c : host) {
    if (!is_host_character(c) && !(is_v6 && (c == ':' || c == '%'))) return false;
  }
  return !host.empty();
}

}  // namespace

std::string ServerUrl::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  const bool is_usual = port == (tls ? 443 : 80);
  return (is_v6 ? "[" + host + "]" : host) + (is_usual ? "" : ":" + std::to_string(port));
}

std::string ServerUrl::text() const { return (tls ? "wss://" : "ws://") + authority() + prefix; }

std::string ServerUrl::socket_path(const base::RoomName& room) const {
  return prefix + "/ws/" + base::percent_encode(room.value()) + "/";
}

wire::Result<ServerUrl> parse_server_url(std::string_view text) {
  ServerUrl url;
  std::string_view rest = text;
  if (const auto colon = text.find("://"); colon != std::string_view::npos) {
    const auto name = text.substr(0, colon);
    const Scheme* found = nullptr;
    for (const auto& scheme : kSchemes) {
      if (scheme.name == name) found = &scheme;
    }
    if (found == nullptr) return wrong(text, "has an unknown scheme");
    url.tls = found->tls;
    rest = text.substr(colon + 3);
  }
  const auto slash = rest.find_first_of("/?#");
  auto authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) {
    return wire::fail(wire::Code::bad_request,
                      "the server's URL has a user in it; chat knows none, leave it out");
  }
  if (slash != std::string_view::npos) {
    auto path = rest.substr(slash);
    if (path.find_first_of("?#") != std::string_view::npos) return wrong(text, "has a query");
    while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    for (const char c : path) {
      if (c <= ' ' || c > '~')
        return wrong(text, "has characters in its path that must be escaped");
    }
    url.prefix = path;
  }
  const bool is_v6 = !authority.empty() && authority.front() == '[';
  std::string_view port;
  bool has_port = false;
  if (is_v6) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return wrong(text, "has no ] behind its address");
    has_port = authority.size() > end + 1;
    if (has_port && authority[end + 1] != ':') return wrong(text, "has no : behind its address");
    if (has_port) port = authority.substr(end + 2);
    url.host = authority.substr(1, end - 1);
  } else {
    const auto colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = authority.substr(colon + 1);
    url.host = authority.substr(0, colon);
  }
  if (!is_host(url.host, is_v6)) return wrong(text, "has no host");
  url.port = url.tls ? 443 : 80;
  if (has_port) {
    const auto parsed = port_of(port);
    if (!parsed) return wrong(text, "has a port that is none (1 to 65535)");
    url.port = *parsed;
  }
  return url;
}

}  // namespace chat::client
