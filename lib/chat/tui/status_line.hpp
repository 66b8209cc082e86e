#pragma once

#include <cstddef>

#include "chat/tui/frame.hpp"
#include "chat/tui/render.hpp"

namespace chat::tui {

/// One line of exactly `columns`: rooms, name, members, the connection, who types; at its end,
/// unless `is_at_end`, that there is more below. What there is no room for is shortened, the
/// connection and the room that is shown last of all. Pure.
Line status_line(const Shown& shown, bool is_at_end, std::size_t columns);

}  // namespace chat::tui
