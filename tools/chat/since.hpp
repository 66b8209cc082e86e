#pragma once

#include <optional>
#include <string>

#include "chat/client/backlog.hpp"

namespace chat::tools {

/// Where to begin to read, as the command line says it: "EPOCH:SEQ", "all", a time ago ("10m",
/// "2h", "7d") or a moment in ISO 8601 ("2026-11-25", "2026-11-25T10:00", with seconds, and with Z
/// or +HH:MM; without one it is local time). nullopt when it is none of these.
std::optional<client::ReadFrom> parse_since(const std::string& text, base::WallMs now);

}  // namespace chat::tools
