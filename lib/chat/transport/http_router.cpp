#include "chat/transport/http_router.hpp"

#include <vector>

#include "chat/base/text.hpp"
#include "chat/wire/names.hpp"

namespace chat::transport {
namespace {

using wire::Code;
using wire::fail;

/// "/a/b/" → {"a", "b", ""}: a last slash shows as an empty last segment.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (;;) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash);
  }
}

wire::Result<base::RoomName> room_in(std::string_view segment) {
  const auto decoded = base::percent_decode(segment);
  if (!decoded) return fail(Code::bad_room, "the room's percent-encoding is broken");
  return wire::parse_room_name(*decoded);
}

wire::Result<Route> with_room(Target target, std::string_view segment) {
  auto room = room_in(segment);
  if (!room) return tl::unexpected(room.error());
  Route found;
  found.target = target;
  found.room = std::move(*room);
  return found;
}

wire::Result<Route> plain(Target target) {
  Route found;
  found.target = target;
  return found;
}

wire::Result<Route> route_api(const std::vector<std::string_view>& segments) {
  if (segments.size() == 2 && segments[1] == "rooms") return plain(Target::api_rooms);
  if (segments.size() == 2 && segments[1] == "openapi.json") return plain(Target::api_openapi);
  if (segments.size() == 4 && segments[1] == "rooms") {
    if (segments[3] == "messages") return with_room(Target::api_messages, segments[2]);
    if (segments[3] == "members") return with_room(Target::api_members, segments[2]);
  }
  return fail(Code::not_found, "no such API path; see /api/openapi.json");
}

wire::Result<Route> route_single(std::string_view name, const HttpRequest& request) {
  if (name.empty()) return plain(Target::home);
  if (name == "healthz") return plain(Target::healthz);
  if (name == "readyz") return plain(Target::readyz);
  if (name == "metrics") return plain(Target::metrics);
  auto found = with_room(Target::room_redirect, name);
  if (!found) return found;
  found->location = request.path + "/";
  if (!request.query.empty()) found->location += "?" + request.query;
  return found;
}

wire::Result<Route> route_path(const HttpRequest& request) {
  const auto segments = segments_of(request.path);
  const bool slashed = segments.size() == 2 && segments[1].empty();
  if (segments.size() == 1) return route_single(segments[0], request);
  if (segments[0] == "api") return route_api(segments);
  if (segments[0] == "assets" && segments.size() == 2 && !slashed) {
    auto found = plain(Target::asset);
    found->file = segments[1];
    return found;
  }
  if (request.path == "/debug/echo") return plain(Target::echo);
  if (segments[0] == "ws" && !segments[1].empty() &&
      (segments.size() == 2 || (segments.size() == 3 && segments[2].empty()))) {
    return with_room(Target::socket, segments[1]);
  }
  if (slashed) return with_room(Target::room_page, segments[0]);
  return fail(Code::not_found);
}

}  // namespace

wire::Result<Route> route(const HttpRequest& request) {
  auto found = route_path(request);
  if (!found) return found;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (found->target == Target::api_messages && request.method == "POST") return found;
  if (reads) return found;
  return fail(Code::method_not_allowed,
              found->target == Target::api_messages ? "GET, HEAD, POST" : "GET, HEAD");
}

bool is_api(std::string_view path) noexcept { return path.substr(0, 5) == "/api/"; }

}  // namespace chat::transport
