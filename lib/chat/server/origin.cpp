#include "chat/server/origin.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace chat::server {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return out;
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() &&
         std::string_view(text).substr(text.size() - end.size()) == end;
}

/// An authority without the port that its scheme implies.
std::string without_default_port(std::string authority, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (ends_with(authority, port)) authority.resize(authority.size() - port.size());
  return authority;
}

}  // namespace

bool origin_allowed(const transport::HttpRequest& request,
                    const std::vector<std::string>& allowed) {
  if (!request.has_header("origin")) return true;
  const auto origin = lower(request.header("origin"));
  for (const auto& one : allowed) {
    if (one == "*" || lower(one) == origin) return true;
  }
  const auto colon = origin.find("://");
  if (colon == std::string::npos) return false;  // "null": a sandbox or a file
  const auto scheme = origin.substr(0, colon);
  if (scheme != "http" && scheme != "https") return false;
  const auto host = lower(request.header("host"));
  return !host.empty() && without_default_port(origin.substr(colon + 3), scheme) ==
                              without_default_port(host, scheme);
}

}  // namespace chat::server
