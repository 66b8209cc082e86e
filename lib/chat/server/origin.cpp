#include "chat/server/origin.hpp"

#include <string>
#include <string_view>

namespace chat::server {
namespace {

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() &&
         std::string_view(text).substr(text.size() - end.size()) == end;
}

/// An authority without the port that its scheme implies.
std::string without_default_port(std::string authority, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : "";
  if (ends_with(authority, port)) authority.resize(authority.size() - port.size());
  return authority;
}

/// An origin in its one spelling (RFC 6454 section 6.2).
struct Origin {
  std::string scheme;  // empty: "null", or no origin at all
  std::string authority;

  explicit Origin(std::string_view text) : authority(transport::lower(text)) {
    const auto colon = authority.find("://");
    if (colon == std::string::npos) return;
    scheme = authority.substr(0, colon);
    authority = without_default_port(authority.substr(colon + 3), scheme);
  }
  bool operator==(const Origin& other) const {
    return scheme == other.scheme && authority == other.authority;
  }
};

}  // namespace

bool origin_allowed(const transport::HttpRequest& request,
                    const std::vector<std::string>& allowed) {
  if (!request.has_header("origin")) return true;
  const Origin origin(request.header("origin"));
  for (const auto& one : allowed) {
    if (one == "*" || Origin(one) == origin) return true;
  }
  if (origin.scheme != "http" && origin.scheme != "https") return false;
  const auto host = transport::lower(request.header("host"));
  return !host.empty() && origin.authority == without_default_port(host, origin.scheme);
}

}  // namespace chat::server
