#pragma once

#include <string>
#include <string_view>

#include "chat/base/ids.hpp"
#include "chat/transport/http_message.hpp"
#include "chat/wire/error.hpp"

namespace chat::transport {

/// What a request is about.
enum class Target {
  home,           ///< /
  room_page,      ///< /<room>/
  room_redirect,  ///< /<room>
  socket,         ///< /ws/<room>/ and /ws/<room>
  echo,           ///< /debug/echo (refused unless switched on)
  asset,          ///< /assets/<file>
  api_rooms,
  api_messages,
  api_members,
  api_openapi,
  healthz,
  readyz,
  metrics,
};

/// A target with the room or file that it names.
struct Route {
  Target target = Target::home;
  base::RoomName room;
  std::string file;      ///< asset: the path behind /assets/
  std::string location;  ///< room_redirect
};

/// Which target a request has. Pure. Fails with not_found, bad_room, or method_not_allowed with the
/// allowed methods as detail ("GET, HEAD").
wire::Result<Route> route(const HttpRequest& request);
/// True for paths whose errors are told as JSON.
bool is_api(std::string_view path) noexcept;

}  // namespace chat::transport
