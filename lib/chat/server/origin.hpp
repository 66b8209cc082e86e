#pragma once

#include <string>
#include <vector>

#include "chat/transport/http_message.hpp"

namespace chat::server {

/// True when a browser of this origin may use the server: no Origin header (not a browser), the
/// origin's authority is the request's Host, or it is in `allowed` ("*" = every one). Without
/// regard to case, a scheme's default port may be left out (RFC 6454). Pure.
bool origin_allowed(const transport::HttpRequest& request, const std::vector<std::string>& allowed);

}  // namespace chat::server
